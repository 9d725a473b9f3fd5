"""`python -m app.engine.build`: compile the C sources, or say why Python alone will do the work."""

import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from app.engine import SOURCES, engine_name, forget, library, native, unwanted

SECONDS = 120
"""It takes three seconds; a compiler that hangs must not stop a start for ever."""

_OPTIONS = ("-O2", "-fPIC", "-shared", "-fwrapv", "-fvisibility=hidden", "-fstack-protector-strong")


def main() -> None:
    """Compile what is not compiled yet and tell in one line which engine verifies."""
    hindered = None if unwanted() or native() is not None else build()
    forget()
    print(f"engine: {engine_name()}{'' if hindered is None else f' ({hindered})'}")  # noqa: T201 -- reason: what this command is for


def build() -> str | None:
    """Compile the sources beside themselves; say what hinders, None when nothing does."""
    missing = hindrance()
    if missing is not None:
        return missing
    try:
        with tempfile.TemporaryDirectory(dir=library().parent) as folder:
            made = _compile(Path(folder))
            for old in library().parent.glob("*.so"):
                old.unlink()
            made.replace(library())
    except (OSError, subprocess.SubprocessError) as error:
        return f"not compiled: {type(error).__name__}"
    return None


def hindrance() -> str | None:
    """Say what a compilation lacks here; None when nothing."""
    if _compiler() is None:
        return "no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "no headers of Python"
    return None


def _compiler() -> str | None:
    configured = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    found = (shutil.which(name) for name in (*configured, "cc", "gcc", "clang"))
    return next((path for path in found if path is not None), None)


def _compile(folder: Path) -> Path:
    made = folder / library().name
    sources = [str(source) for source in SOURCES if source.suffix == ".c"]
    headers = sysconfig.get_path("include")
    subprocess.run(  # noqa: S603 -- reason: no shell, and no argument comes from outside
        [_compiler() or "cc", *_OPTIONS, f"-I{headers}", *sources, "-o", str(made)],
        check=True,
        capture_output=True,
        timeout=SECONDS,
    )
    return made


if __name__ == "__main__":
    main()
    sys.exit()
