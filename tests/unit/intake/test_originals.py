"""Reading the register's row of a transcript anew from the bytes that were accepted."""

from base64 import encodebytes
from hashlib import sha256
from typing import Any

import pytest

from app.intake.originals import Contradiction, records_of
from app.keys import RegisterKeys, load_register_keys
from app.sandbox.repository_keys import make_repository_keys
from app.transcripts.codes import transcript_code
from tests.scenarios import TODAY, scenario_of
from tests.scenarios import keys as scenario_keys

STUDENTS = 3
PACKAGE_ID = "0e9d7a52-3c41-4f0b-9a6e-5b1f8c2d7e10"
TRANSCRIPT = scenario_of(STUDENTS).transcripts[0]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> RegisterKeys:
    folder = tmp_path_factory.mktemp("keys")
    make_repository_keys(folder, today=TODAY, keys=scenario_keys())
    return load_register_keys(folder)


def decided(package: bytes, original: bytes, keys: RegisterKeys, **changes: Any) -> dict[str, Any]:
    """What the journal says of a package with one transcript, from its first byte on."""
    told = {
        "code": transcript_code(keys.codes, sha256(original).digest()),
        "school_year": scenario_of(STUDENTS).spec.start_year,
        "version": 2,
        "previous_code": "TRUOC",
        "original_sha256": sha256(original).hexdigest(),
        "byte_offset": 0,
        "byte_length": len(package),
        "accepted_at": "2026-07-01T08:00:00.000001+00:00",
        "report": '{"profile_id": "hoc-ba-1/03"}',
        "provisional_under": None,
    } | changes
    return {
        "package_id": PACKAGE_ID,
        "digest": sha256(package).hexdigest(),
        "school_code": scenario_of(STUDENTS).school.code,
        "items": [{"transcript_code": told["code"], "student_code": TRANSCRIPT.student_code}],
        "transcripts": [told],
    }


def test_the_row_is_what_the_signed_content_says(keys: RegisterKeys) -> None:
    package = encodebytes(TRANSCRIPT.xml)
    [new] = records_of(package, decided(package, TRANSCRIPT.xml, keys), keys=keys)
    assert new.record.student_code == TRANSCRIPT.student_code
    assert (new.record.version, new.record.previous_code) == (2, "TRUOC")
    assert new.record.accepted_at.isoformat() == "2026-07-01T08:00:00.000001+00:00"
    assert new.record.package_digest == sha256(package).hexdigest()
    assert new.record.personal_number_hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"DU_LIEU_HOC_BA", b"DU_LIEU_HOC_BO"),
        (b"<CAP_HOC_ID>03<", b"<CAP_HOC_ID>04<"),
        (b"</HOC_BA>", b""),
    ],
)
def test_other_content_than_was_accepted_is_refused(
    keys: RegisterKeys, old: bytes, new: bytes
) -> None:
    assert old in TRANSCRIPT.xml
    original = TRANSCRIPT.xml.replace(old, new)
    package = encodebytes(original)
    with pytest.raises(Contradiction) as refused:
        records_of(package, decided(package, original, keys), keys=keys)
    assert refused.value.reason == "content"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"byte_length": 3}, "range"),
        ({"byte_length": 4}, "digest"),
        ({"code": "KHAC"}, "code"),
        ({"school_year": 1999}, "place"),
    ],
)
def test_whatever_does_not_fit_is_named(
    keys: RegisterKeys, changes: dict[str, Any], reason: str
) -> None:
    package = encodebytes(TRANSCRIPT.xml)
    with pytest.raises(Contradiction) as refused:
        records_of(package, decided(package, TRANSCRIPT.xml, keys, **changes), keys=keys)
    assert refused.value.reason == reason
