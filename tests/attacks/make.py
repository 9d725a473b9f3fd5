"""Write every hostile document into a folder, named after its flaw, or the list of them.

`python -m tests.attacks.make FOLDER` writes the documents; without a folder the manifest beside
this file, which tests hold to what is made: a document that changes by itself tests nothing.
"""

import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tests.attacks.attack import Attack
from tests.attacks.families import FAMILIES, attacks_of

MANIFEST = Path(__file__).parent / "manifest.txt"


def line_of(family: str, attack: Attack) -> str:
    """What the manifest says of an attack: its file, its digest and the codes that it must get."""
    digest = sha256(attack.hostile).hexdigest()[:32]
    return f"{file_of(family, attack)} {digest} {' '.join(attack.codes)}"


def file_of(family: str, attack: Attack) -> str:
    """The file name of an attack."""
    return f"{family}-{attack.name}.xml"


def listed(family: str) -> list[str]:
    """The manifest's lines of a family."""
    lines = MANIFEST.read_text("utf-8").splitlines()
    return [line for line in lines if line.startswith(f"{family}-")]


def _all() -> Iterator[tuple[str, Attack]]:
    return ((family, attack) for family in FAMILIES for attack in attacks_of(family))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        for family, attack in _all():
            (folder / file_of(family, attack)).write_bytes(attack.hostile)
    else:
        lines = "".join(f"{line_of(family, attack)}\n" for family, attack in _all())
        MANIFEST.write_text(lines, encoding="utf-8")
