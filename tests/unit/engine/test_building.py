"""Which engine is in use: the compiled one wherever it can be, and never of other sources."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import engine
from app.engine import build
from tests.engines import only_python


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources in a folder of their own, with nothing compiled beside them."""
    copies = tuple(Path(shutil.copy(source, tmp_path)) for source in engine.SOURCES)
    monkeypatch.setattr(engine, "SOURCES", copies)
    monkeypatch.setattr(build, "SOURCES", copies)
    engine.forget()
    return tmp_path


def test_what_can_be_compiled_here_is_in_use() -> None:
    with only_python(wanted=False):
        assert (engine.native() is None) == (build.hindrance() is not None)


def test_python_alone_does_the_work_where_it_is_asked_to() -> None:
    with only_python():
        assert engine.native() is None
        assert engine.engine_name() == "pure"


def test_the_command_compiles_once_and_says_which_engine_verifies(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_python(wanted=False):
        build.main()
        made = {file: file.stat().st_mtime_ns for file in elsewhere.glob("*.so")}
        build.main()
        assert {file: file.stat().st_mtime_ns for file in elsewhere.glob("*.so")} == made
        hindered = build.hindrance()
        name = "native" if hindered is None else f"pure ({hindered})"
        assert capsys.readouterr().out == f"engine: {name}\n" * 2
        assert len(made) == (hindered is None)


def test_a_library_of_other_sources_is_not_used_and_is_replaced(elsewhere: Path) -> None:
    with only_python(wanted=False):
        before = build.build()
        old = set(elsewhere.glob("*.so"))
        with engine.SOURCES[0].open("a") as source:
            source.write("/* another */\n")
        engine.forget()
        assert engine.native() is None
        assert build.build() == before
        assert old.isdisjoint(elsewhere.glob("*.so"))


@pytest.mark.usefixtures("elsewhere")
def test_a_library_that_cannot_be_loaded_is_done_without() -> None:
    engine.library().write_bytes(b"no library")
    with only_python(wanted=False):
        assert engine.native() is None


def test_without_a_compiler_or_with_broken_sources_the_command_says_so(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_python(wanted=False):
        engine.SOURCES[0].write_text("this is no C")
        assert build.build() in {build.hindrance(), "not compiled: CalledProcessError"}
        monkeypatch.setenv("PATH", str(elsewhere))
        build.main()
        assert capsys.readouterr().out == "engine: pure (no C compiler)\n"


def test_without_headers_the_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: path.name != "Python.h" and exists(path))
    monkeypatch.setattr(build, "_compiler", lambda: "cc")
    assert build.hindrance() == "no headers of Python"


def test_the_engine_is_chosen_by_the_environment_of_the_process() -> None:
    command = [sys.executable, "-m", "app.engine.build"]
    environment = {**os.environ, "HOCBA_PURE": "1"}
    said = subprocess.run(  # noqa: S603 -- reason: our own command
        command, env=environment, check=True, capture_output=True, text=True
    )
    assert said.stdout == "engine: pure\n"
