"""The documents for vendors: every command in them runs, and what they show is what comes back."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.transcripts.xml import load_schema, read_canonical
from tests.journeys.test_commands import ROOT, environment, home, service

__all__ = ["home", "service"]  # fixtures

DOCUMENTS = ROOT / "openapi"
PAIRS = {
    "bat-dau-nhanh.md": "quick-start.md",
    "quy-uoc.md": "conventions.md",
    "dinh-dang.md": "message-format.md",
}
PATIENCE = 120
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END_OF_OUTPUT = "---- end of a block ----"

pytestmark = pytest.mark.xdist_group("commands")


@dataclass(frozen=True, kw_only=True)
class Block:
    language: str
    text: str


def blocks_of(name: str) -> list[Block]:
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    return [Block(language=found[1], text=found[2]) for found in BLOCK.finditer(text)]


@pytest.fixture(scope="module")
def desk(
    home: Path, service: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder like the repository's for somebody who reads the documents in their order."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("app", "migrations", "alembic.ini", "openapi"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    variables = environment(home, HOCBA_URL=service)
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables['PATH']}"
    yield folder, variables
    shutil.rmtree(folder)


def outputs_of(blocks: list[Block], folder: Path, variables: dict[str, str]) -> list[str]:
    """Run the blocks in one shell, as a reader would; gives what each wrote."""
    marked = "".join(f"{block.text}\nprintf '%s\\n' '{END_OF_OUTPUT}'\n" for block in blocks)
    done = subprocess.run(  # noqa: S603 -- reason: the blocks of our own documents
        ["bash", "-c", "set -eu\n" + marked],  # noqa: S607 -- reason: what a reader types
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    outputs = done.stdout.split(f"{END_OF_OUTPUT}\n")
    assert done.returncode == 0, f"{done.stderr}\nafter {outputs}"
    return outputs


def shows(shown: Any, answer: Any) -> bool:
    """Whether an answer is as shown: `…` stands for anything, and answers may hold more names."""
    match shown:
        case dict():
            return isinstance(answer, dict) and all(
                name in answer and shows(value, answer[name]) for name, value in shown.items()
            )
        case [*first, "…"]:
            return len(answer) >= len(first) and shows(first, answer[: len(first)])
        case list():
            return len(shown) == len(answer) and all(map(shows, shown, answer))
        case str() if shown.endswith("…"):
            return isinstance(answer, str) and answer.startswith(shown[:-1])
        case _:
            return bool(shown == answer)


def test_the_documents_work_as_they_are_written(desk: tuple[Path, dict[str, str]]) -> None:
    blocks = [block for name in PAIRS for block in blocks_of(name)]
    outputs = iter(outputs_of([block for block in blocks if block.language == "sh"], *desk))
    output = ""
    for block in blocks:
        if block.language == "sh":
            output = next(outputs)
        elif block.language == "json":
            assert shows(json.loads(block.text), json.loads(output)), (block.text, output)


def test_every_message_that_is_shown_fits_its_schema() -> None:
    shown = [block.text for block in blocks_of("dinh-dang.md") if block.language == "xml"]
    package, withdrawal, transcript, slot = shown
    signed = package.replace("<KY_PHAT_HANH_GOI_TIN/>", slot)
    assert signed != package
    for message in (package, withdrawal, signed):
        load_schema("ban-tin-1.xsd").assertValid(read_canonical(message.encode()))
    load_schema("hoc-ba-1-thcs.xsd").assertValid(read_canonical(transcript.encode()))


@pytest.mark.parametrize("vietnamese", PAIRS)
def test_both_languages_show_the_same_commands_and_answers(vietnamese: str) -> None:
    assert blocks_of(vietnamese) == blocks_of(PAIRS[vietnamese])


@pytest.mark.parametrize("name", [*PAIRS, *PAIRS.values()])
def test_every_link_of_a_document_leads_somewhere(name: str) -> None:
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    for file, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", text):
        target = DOCUMENTS / (file or name)
        assert target.exists(), file
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {
                re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings
            }
