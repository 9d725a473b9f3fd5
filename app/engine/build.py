"""`python -m app.engine.build`: compile the C sources, or say why Python alone will do the work."""

import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import lxml

from app.engine import SOURCES, engine_name, forget, library_of, native, unwanted

SECONDS = 120
"""For one source: it takes one second; a compiler that hangs must not stop a start for ever."""

_LXML = Path(lxml.__file__).parent
"""Its wheel brings the headers of its interface and of the libxml2 that it holds."""

_OPTIONS = ("-O2", "-fPIC", "-shared", "-fwrapv", "-fstack-protector-strong", "-w")


def main() -> None:
    """Compile what is not compiled yet and tell in one line which engine verifies."""
    hindered = None if unwanted() or native() is not None else build()
    forget()
    print(f"engine: {engine_name()}{'' if hindered is None else f' ({hindered})'}")  # noqa: T201 -- reason: what this command is for


def build() -> str | None:
    """Compile all sources beside themselves; say what hinders, None when nothing does."""
    missing = hindrance()
    if missing is not None:
        return missing
    try:
        with tempfile.TemporaryDirectory(dir=SOURCES[0].parent) as folder:
            made = [_compile(source, Path(folder)) for source in SOURCES]
            for old in SOURCES[0].parent.glob("*.so"):
                old.unlink()
            for library in made:
                library.replace(SOURCES[0].with_name(library.name))
    except (OSError, subprocess.SubprocessError) as error:
        return f"not compiled: {type(error).__name__}"
    return None


def hindrance() -> str | None:
    """Say what a compilation lacks here; None when nothing."""
    if _compiler() is None:
        return "no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "no headers of Python"
    if not (_LXML / "includes" / "libxml" / "tree.h").exists():
        return "no headers of lxml"
    return None


def _compiler() -> str | None:
    configured = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    found = (shutil.which(name) for name in (*configured, "cc", "gcc", "clang"))
    return next((path for path in found if path is not None), None)


def _compile(source: Path, folder: Path) -> Path:
    library = folder / library_of(source).name
    headers = (sysconfig.get_path("include"), _LXML, _LXML / "includes")
    subprocess.run(  # noqa: S603 -- reason: no shell, and no argument comes from outside
        [
            _compiler() or "cc",
            *_OPTIONS,
            *(f"-I{place}" for place in headers),
            str(source),
            "-o",
            str(library),
        ],
        check=True,
        capture_output=True,
        timeout=SECONDS,
    )
    return library


if __name__ == "__main__":
    main()
    sys.exit()
