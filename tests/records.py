"""Rows of the register for tests: synthetic students of synthetic schools."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.intake.checks import report_to_json
from app.register.record import NewRecord, PublicRecord, SlotCheck, TranscriptRecord
from app.signatures.report import (
    Check,
    Coverage,
    Indication,
    Outcome,
    Report,
    Signer,
    SlotReport,
)
from app.transcripts.finding import Finding
from app.transcripts.profile import Role

ACCEPTED_AT = datetime(2026, 6, 12, 2, 30, tzinfo=UTC)

CHECKS = (
    "shape",
    "certificate",
    "properties",
    "references",
    "signing_time",
    "signature_value",
    "path",
    "authority",
)
"""Every check that a passed slot of a report shows, but for revocation."""

PUBLIC_RECORD = PublicRecord(
    transcript_code="HHB8WGCUCGKZZA4SVQ",
    school_year=2025,
    level="03",
    school_name="Trường THCS Mẫu Số Một",
    province_name="Thành phố Hồ Chí Minh",
    student_name_masked="N*** T*** M*** Á***",
    accepted_at=ACCEPTED_AT,
    withdrawn_at=None,
    original_sha256="ab" * 32,
    package_digest="cd" * 32,
    byte_offset=0,
    byte_length=1,
    indication="PASSED",
    coverage_complete=True,
    checks=(
        *(SlotCheck(name=name, outcome="passed") for name in CHECKS),
        SlotCheck(name="revocation", outcome="not_checked"),
    )
    * 2,
)


def _slot(role: Role) -> SlotReport:
    warning = Finding(code="SIG-341", slot=role.value, line=7, value="Nguyễn Thị Mẫu Ánh")
    return SlotReport(
        role=role,
        slot=role.value,
        xpath=f"/HOC_BA//{role.value}",
        holder="Lê Văn Mẫu",
        indication=Indication.PASSED,
        sub_indication=None,
        code=None,
        signer=Signer(
            name="Lê Văn Mẫu",
            organisation=None,
            personal_number_known=False,
            certificate_sha256="ef" * 32,
            issuer="CN=CA Mẫu",
            serial="1",
        ),
        judged_at=ACCEPTED_AT,
        judged_by="day_of_issue",
        covers=("/HOC_BA/DU_LIEU_HOC_BA",),
        checks=(
            *(Check(name=name, outcome=Outcome.PASSED) for name in CHECKS),
            Check(name="revocation", outcome=Outcome.NOT_CHECKED, code="SIG-419"),
        ),
        warnings=(warning,),
    )


REPORT = Report(
    indication=Indication.PASSED,
    sub_indication=None,
    document_sha256="ab" * 32,
    slots=tuple(_slot(role) for role in (Role.HOMEROOM_TEACHER, Role.PRINCIPAL, Role.SCHOOL)),
    coverage=Coverage(complete=True, nodes=(), uncovered=()),
    findings=(Finding(code="SIG-341", slot="GVCN", line=7, value="Nguyễn Thị Mẫu Ánh"),),
    profile_id="hoc-ba-1/03",
    profile_sha256="12" * 32,
    engine_name="hocba-core",
    engine_version="1",
    at=ACCEPTED_AT,
    trust_snapshot_sha256="34" * 32,
    not_checked=("SIG-419",),
)


def new_record(student: str, original: str, **changes: Any) -> NewRecord:
    """A record of `student` whose original is told apart by the text `original`.

    The code is only unique and stable here; real ones come from `app.transcripts.codes`.
    """
    digest = sha256(original.encode()).hexdigest()
    record = TranscriptRecord(
        school_year=2025,
        transcript_code=f"CODE{digest[:14]}".upper(),
        original_sha256=digest,
        level="03",
        grade="06",
        class_id="79000701-6A1-2025",
        class_name="6A1",
        school_code="79000701",
        school_name="Trường THCS Mẫu Số Một",
        province_code="79",
        province_name="Thành phố Hồ Chí Minh",
        student_code=student,
        student_name="Nguyễn Thị Mẫu Ánh",
        student_name_masked="N*** T*** M*** Á***",
        personal_number_hash=None,
        issued_on=date(2026, 5, 30),
        package_id=UUID(int=1),
        package_digest="ab" * 32,
        byte_offset=100,
        byte_length=2000,
        accepted_at=ACCEPTED_AT,
    )
    return NewRecord(record=replace(record, **changes), report=report_to_json(REPORT))
