"""What an examination came to, as a report that the repository's reply key signs.

A signed report is a JWS in the flattened JSON form (RFC 7515 section 7.2.2), RS256, with the
certificate of the reply key in `x5c`.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from app.fsck.findings import WORDS, Code, Finding
from app.fsck.progress import Options, Progress, is_error
from app.keys import WorkerKeys

ALGORITHM = "RS256"
"""Pinned: a report's own header never chooses how it is checked (RFC 8725 section 3.1)."""

_TYPE = "hocba-fsck+jws"


class _Registry(jws.JWSRegistry):
    """Room for a chain of certificates in the header and for `MAX_FINDINGS` in the payload."""

    max_header_length = 16_384
    max_payload_length = 4_194_304


_REGISTRY = _Registry(algorithms=[ALGORITHM])

NOT_READ = "nội dung từng đối tượng (chế độ nhanh: chỉ hỏi kho lưu)"
NOT_FAR_BACK = "sổ ghi của trước những ngày đã chọn"
NOT_VERIFIED = "chữ ký của những học bạ ngoài mẫu kiểm tra lại"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an examination came to.

    Attributes:
        counts: what was looked at.
        found: how often each code was found.
        findings: the first ones (`MAX_FINDINGS`), errors first.
        not_checked: what the options left out.
        trust_snapshot_sha256: under which trust signatures were verified; None when none were.
    """

    environment: str
    started_at: datetime
    finished_at: datetime
    options: Options
    counts: Mapping[str, int]
    found: Mapping[Code, int]
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    trust_snapshot_sha256: str | None = field(default=None)

    @property
    def clean(self) -> bool:
        """Whether nothing asks somebody to act; notes may be there."""
        return not any(is_error(code) for code in self.found)

    @property
    def errors(self) -> int:
        """How many findings ask somebody to act."""
        return sum(times for code, times in self.found.items() if is_error(code))


class ReportRefused(Exception):
    """A file is no report that this repository signed; the reason is one sentence."""


def make_report(
    progress: Progress, *, options: Options, environment: str, trust: str | None, now: datetime
) -> Report:
    """Close an account.

    Args:
        progress: after its last stage.
        options: of the examination.
        environment: "sandbox" or "production".
        trust: digest of the trust snapshot under which signatures were verified.
        now: the end.
    """
    left_out = (
        *(() if options.reading else (NOT_READ,)),
        *(() if options.journal_days is None else (NOT_FAR_BACK,)),
        *(() if options.verify == 1 else (NOT_VERIFIED,)),
    )
    return Report(
        environment=environment,
        started_at=progress.started_at,
        finished_at=now,
        options=options,
        counts=dict(progress.counts),
        found=dict(progress.found),
        findings=tuple(sorted(progress.findings, key=lambda one: one.severity)),
        not_checked=left_out,
        trust_snapshot_sha256=trust if options.verify else None,
    )


def report_to_json(report: Report) -> dict[str, Any]:
    """Write a report for people and machines; it names packages, codes and digests, no person."""
    return {
        "environment": report.environment,
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "clean": report.clean,
        "checked": {
            "reading": report.options.reading,
            "verify": report.options.verify,
            "settled": report.options.settled,
            "journal_days": report.options.journal_days,
        },
        "not_checked": list(report.not_checked),
        "counts": dict(report.counts),
        "found": {
            code.value: {"times": times, "severity": WORDS[code].severity, "what": WORDS[code].what}
            for code, times in report.found.items()
        },
        "findings": [
            {"code": one.code.value, "object": one.object, "detail": one.detail}
            for one in report.findings
        ],
        "trust_snapshot_sha256": report.trust_snapshot_sha256,
    }


def sign_report(report: Report, keys: WorkerKeys) -> str:
    """Write a report as signed JSON text."""
    payload = json.dumps(report_to_json(report), ensure_ascii=False, indent=1).encode()
    certificate = b64encode(keys.reply_certificate.public_bytes(Encoding.DER)).decode()
    member: jws.HeaderDict = {
        "protected": {"alg": ALGORITHM, "typ": _TYPE, "x5c": [certificate]},
    }
    signed = jws.serialize_json(member, payload, RSAKey.import_key(keys.reply), registry=_REGISTRY)
    return json.dumps(signed, indent=1) + "\n"


def read_signed_report(text: str, keys: WorkerKeys) -> dict[str, Any]:
    """Prove that a report was signed with the reply key, and give what it says.

    Raises:
        ReportRefused: it was not, or was changed since.
    """
    named = b64encode(keys.reply_certificate.public_bytes(Encoding.DER)).decode()
    try:
        read = jws.deserialize_json(
            json.loads(text), RSAKey.import_key(keys.reply.public_key()), registry=_REGISTRY
        )
        (header,) = (member.headers() for member in read.members)
        said = json.loads(read.payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReportRefused("chữ ký của báo cáo không đúng, hoặc báo cáo đã bị sửa") from error
    if header.get("typ") != _TYPE or header.get("x5c") != [named]:
        raise ReportRefused("báo cáo do chứng thư khác ký")
    checked: dict[str, Any] = said
    return checked
