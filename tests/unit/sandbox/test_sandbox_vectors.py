"""What the sandbox makes of one seed is kept, so that no change alters it unnoticed.

Run this file to write the vectors anew: `python -m tests.unit.sandbox.test_sandbox_vectors`.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from app.sandbox.certificates import revocation_list
from tests.scenarios import SEED, TODAY, scenario_of

FOLDER = Path(__file__).parents[2] / "vectors" / "sandbox"
STUDENTS = 3


def made() -> dict[str, bytes]:
    scenario = scenario_of(STUDENTS)
    school = scenario.school
    files = {
        "package": scenario.package,
        "principal": school.principal.signer.certificate_der,
        "seal": school.seal.certificate_der,
    }
    for transcript in scenario.transcripts:
        files[f"transcript {transcript.student_code}"] = transcript.xml
    for teacher in school.teachers:
        files[f"teacher {teacher.id}"] = teacher.signer.certificate_der
    for authority in (*scenario.pki.anchors, *scenario.pki.issuers.values()):
        slug = authority.issuer.slug
        files[f"authority {slug}"] = authority.certificate.public_bytes(Encoding.DER)
        revoked = revocation_list(authority.issuer, at=datetime(2026, 7, 1, tzinfo=UTC))
        files[f"revocation list {slug}"] = revoked.public_bytes(Encoding.DER)
    return files


def digests_text() -> str:
    head = {"seed": SEED, "today": TODAY.isoformat(), "students": STUDENTS}
    digests = {name: sha256(content).hexdigest() for name, content in made().items()}
    return json.dumps({**head, "sha256": digests}, indent=2) + "\n"


def write() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "digests.json").write_text(digests_text(), encoding="utf-8")
    (FOLDER / "transcript.xml").write_bytes(scenario_of(STUDENTS).transcripts[0].xml)


def test_the_digests_of_a_small_class_are_the_kept_ones() -> None:
    assert (FOLDER / "digests.json").read_text(encoding="utf-8") == digests_text()


def test_a_signed_transcript_is_the_kept_one() -> None:
    assert (FOLDER / "transcript.xml").read_bytes() == scenario_of(STUDENTS).transcripts[0].xml


if __name__ == "__main__":
    write()
