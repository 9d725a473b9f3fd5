"""The JDK's engine: one JVM that stays warm between the rounds."""

import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bench.documents import Problem

SOURCE = Path(__file__).with_name("VerifyWithJdk.java")

WARM_UP = 1_500
"""Documents before the first round of all. A JIT compiler that still works in the background makes
the JDK slow and takes the second core from everybody else."""

RENEWAL = 100
"""Documents before the first round of each further document."""

NANOSECONDS = 1e-9


class Jvm:
    """A running Java program that answers how long its verifications took."""

    def __init__(self, folder: Path) -> None:
        """Compile and start it.

        Raises:
            CalledProcessError: the source does not compile.
        """
        self._folder = folder
        subprocess.run(["javac", "-d", str(folder), str(SOURCE)], check=True)  # noqa: S603, S607 -- reason: our own source
        self._process = subprocess.Popen(  # noqa: S603 -- reason: our own program
            ["java", "-cp", str(folder), SOURCE.stem],  # noqa: S607 -- reason: whichever JDK is on the path
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def warm_up(self, problem: Problem) -> None:
        """Let the JIT compiler see everything, so that no round is run beside it."""
        self.ask(self._file(problem), WARM_UP)

    def prepare(self, problem: Problem) -> "JdkEngine":
        """Make it ready for a document."""
        file = self._file(problem)
        self.ask(file, RENEWAL)
        return JdkEngine(self, file)

    def _file(self, problem: Problem) -> Path:
        file = self._folder / f"{problem.name.replace(' ', '-')}.xml"
        file.write_bytes(problem.xml)
        return file

    def ask(self, file: Path, times: int) -> float:
        """Verify a file so many times; seconds.

        Raises:
            RuntimeError: it found a signature invalid; its own message is on stderr.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{file} {times}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the JDK's program ended")
        return int(answer) * NANOSECONDS


class JdkEngine:
    """The JDK on one document."""

    def __init__(self, jvm: Jvm, file: Path) -> None:
        self._jvm = jvm
        self._file = file

    def seconds(self, times: int) -> float:
        return self._jvm.ask(self._file, times)


def is_installed() -> bool:
    """Say whether a JDK is on the path."""
    return shutil.which("javac") is not None and shutil.which("java") is not None
