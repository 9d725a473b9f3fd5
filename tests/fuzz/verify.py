"""Mutated documents against the verifier, guided by coverage; anything but a refusal is a find.

`python -m tests.fuzz.verify [libFuzzer options]`, for instance `-max_total_time=60` or the path of
one kept document. Finds: an input accepted that is not canonically equal to a document that was
signed, two engines that differ, an unforeseen error (SIG-999), ten seconds, 400 MiB. They are kept
in `.cache/fuzz`.
"""

import shutil
import sys
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["app.signatures", "app.transcripts"]):
    from app.intake.checks import report_to_json
    from app.signatures.report import Report
    from app.transcripts.finding import DocumentRefused
    from tests.attacks.content import XADES
    from tests.attacks.families import FAMILIES, attacks_of
    from tests.attacks.make import file_of
    from tests.attacks.meaning import same_meaning
    from tests.attacks.structure import CHANGES, WORDS, restructured
    from tests.attacks.victims import (
        package,
        transcript_of,
        verify_small_package,
        verify_small_transcript,
    )
    from tests.engines import by_both

HOME = Path(__file__).parent.parent.parent / ".cache" / "fuzz"

SECONDS, MEBIBYTES = 10, 400
"""What one hostile document may cost a verification process."""

LARGEST = 24_000
"""Bytes of an input: a little more than the documents that it grows from."""

SMALL, EVERY = 5_000, 8
"""Of the attacks all packages and one transcript in eight start a run: to read them takes time."""

STRUCTURAL = 0.5
"""Share of the mutations that change elements instead of octets."""

TOKENS = (
    "<",
    "</",
    "/>",
    "<!--x-->",
    "<?x?>",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE a>",
    "&#13;",
    "&amp;",
    ' Id="data"',
    ' Id="noidung"',
    ' xmlns=""',
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
    ' URI="#data"',
    ' URI=""',
    "<ds:Object>",
    "<ds:Signature>",
    "<GVBM>",
    "<DIEM_CA_NAM>10</DIEM_CA_NAM>",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "AAAA",
    "+07:00",
    "\ufeff",
)


class Find(Exception):
    """The verifier did what it must never do."""


SIGNED = (transcript_of(), transcript_of(style=XADES), package())


def judge(data: bytes) -> None:
    """Verify one input.

    Raises:
        Find: it crashed, was accepted although nobody signed it, or not by both engines alike.
    """
    verify = verify_small_package if b"<BAN_TIN" in data[:200] else verify_small_transcript
    (quick, read), (report, value) = by_both(lambda: verify(data))
    _refuse_crash(report)
    if (report_to_json(quick), read) != (report_to_json(report), value):
        raise Find("the engines differ")
    if value is not None and not any(same_meaning(signed, data) for signed in SIGNED):
        raise Find("accepted what nobody signed")


def _refuse_crash(report: Report) -> None:
    if any(finding.code == "SIG-999" for finding in report.findings):
        raise Find(report.fault)


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Move and change elements where the input still is a document, else change its octets."""
    random = Random(seed)  # noqa: S311 -- reason: libFuzzer's own seed, for repeatable mutations
    if random.random() < STRUCTURAL:
        change, word = random.choice(CHANGES), random.choice(WORDS)
        try:
            changed = restructured(
                data, [(change, random.randrange(1000), random.randrange(1000), word)]
            )
        except DocumentRefused:
            changed = b""
        if 0 < len(changed) <= max_size:
            return changed
    return bytes(atheris.Mutate(data, max_size))


def write_corpus(folder: Path) -> None:
    """Start from what was signed and from what was tried before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, xml in enumerate(SIGNED):
        (folder / f"signed-{number}.xml").write_bytes(xml)
    for family in FAMILIES:
        for number, attack in enumerate(attacks_of(family)):
            size = len(attack.hostile)
            if size < SMALL or (number % EVERY == 0 and size < LARGEST):
                (folder / file_of(family, attack)).write_bytes(attack.hostile)


def write_tokens(file: Path) -> None:
    """Write the words of the language in libFuzzer's dictionary format."""
    lines = ("".join(f"\\x{octet:02x}" for octet in token.encode()) for token in TOKENS)
    file.write_text("".join(f'"{line}"\n' for line in lines), encoding="ascii")


if __name__ == "__main__":
    options = sys.argv[1:]
    if all(option.startswith("-") for option in options):
        write_corpus(HOME / "corpus")
        write_tokens(HOME / "tokens.dict")
        limits = (f"-timeout={SECONDS}", f"-rss_limit_mb={MEBIBYTES}", f"-max_len={LARGEST}")
        files = (f"-dict={HOME / 'tokens.dict'}", f"-artifact_prefix={HOME}/", str(HOME / "corpus"))
        options = [*limits, *files, *options]
    atheris.Setup([sys.argv[0], *options], judge, custom_mutator=mutate)
    atheris.Fuzz()
