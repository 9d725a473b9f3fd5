"""The examples of `openapi/examples`, made by a real exchange with a real repository.

`python -m tests.examples` writes them; a test makes them again and compares. The class, its keys
and the clock are the same each time, so all values are, but for what is drawn at random: package
ids, access tokens and traces. Those stand in the files as placeholders of the same form.
"""

import shutil
import tempfile
from pathlib import Path

from app.db import migrate
from app.embedded import EmbeddedPostgres
from app.intake.processes import VerificationProcesses
from app.sandbox.pki import write_trust_bundle
from tests.exchange import Exchange
from tests.scenarios import scenario_of
from tests.story import tell
from tests.working import STUDENTS, LoopThread, running_repository

FOLDER = Path(__file__).parent.parent / "openapi" / "examples"


def make_examples(database_url: str, folder: Path) -> dict[str, bytes]:
    """Play the whole exchange with a repository of its own; gives each file's content by its name.

    Args:
        database_url: a migrated, empty database.
        folder: an empty folder for the vault and the keys.
    """
    thread = LoopThread()
    trust = scenario_of(STUDENTS).pki.trust
    try:
        with (
            VerificationProcesses(processes=1, trust=trust) as processes,
            running_repository(database_url, folder, thread, processes) as repository,
        ):
            write_trust_bundle(folder / "trust", repository.scenario.pki)
            exchange = Exchange(repository)
            tell(exchange)
            return exchange.finished()
    finally:
        thread.close()


def write_examples() -> None:
    """Write the files anew, with a PostgreSQL of this run's own."""
    with (
        tempfile.TemporaryDirectory(prefix="hocba-examples-") as name,
        EmbeddedPostgres({"fsync": "off"}) as server,
    ):
        home = Path(name)
        home.chmod(0o755)  # root's server runs as another account
        url = server.start(home)
        migrate(url)
        files = make_examples(url, home)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for file, content in files.items():
        (FOLDER / file).write_bytes(content)


if __name__ == "__main__":
    write_examples()
