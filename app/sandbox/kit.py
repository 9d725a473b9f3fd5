"""The vendor's folder: keys and certificates, the conformance set, ready requests for every route.

```
README.md                            what to do with it
keys/SCHOOL/NAME.key.pem, .crt.pem   everybody who signs; trust/ holds the authorities
package.xml, package.sha256          a good package to try the requests with
new-seal.json                        a certificate to register
curl/NN-NAME.sh                      requests as scripts that run, in this order
http/NN-NAME.http                    the same for editors
conformance/set.json, NAME.xml       packages with their expected verdicts
```
"""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.sandbox.conformance.case import Case, case_from_json, case_to_json
from app.sandbox.conformance.making import coverage_of
from app.sandbox.conformance.workshop import Workshop
from app.sandbox.kit_requests import ENVIRONMENT, ReadyRequest, http_file_of, script_of
from app.sandbox.kit_routes import ready_requests
from app.sandbox.pki import Branch, KeyKind, Request, issue, write_trust_bundle
from app.sandbox.school import SyntheticSchool
from app.signatures.writing import Signer

PACKAGE_NUMBER = 900
"""Of the kit's own package in the series: no case has it."""

STUDENTS = 3
"""In the kit's own package: enough to see several results at once."""

_SET = "set.json"

_GUIDE = """\
# Bộ công cụ cho nhà cung cấp phần mềm (kho thử)

Mọi trường, người và khóa ở đây đều là mẫu; không kho chính thức nào tin các chứng thư này.

- `keys/`, `trust/`: khóa và chứng thư của người ký; các cơ quan chứng thực thử.
- `curl/`: yêu cầu cho mọi đường dẫn, chạy lần lượt theo số, mỗi bộ một lần:
  `for s in curl/*.sh; do sh "$s"; done` (`HOCBA_URL` nếu kho ở nơi khác).
- `http/`: các yêu cầu đó cho trình soạn thảo (đặt biến `url`, `truong_token`, `bo_token`).
- `conformance/`: gói tin đúng và gói tin sai một điểm, đặt tên theo lỗi; `set.json` nói kết quả
  phải có: `errors` đúng các mã đó, `notes` ít nhất các mã đó. Gói có `file` là null (thu hồi) được
  ký khi đã biết mã tra cứu. Chạy cả bộ và so sánh:
  `set -a; . ./client.env; python -m app conformance .`

Thử lúc gặp sự cố (chỉ kho thử): tiêu đề `Sandbox-Fault` với `lost-answer` (đã lưu nhưng mất trả
lời: hỏi lại bằng `GET /v1/packages/by-digest/{sha256}`), `unavailable` (503 có `Retry-After`),
`slow` (trả lời chậm 5 giây), `stuck` (gói tin chờ 15 giây mới được xử lý).
"""
"""What a vendor reads first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSet:
    """A conformance set as a folder keeps it.

    Attributes:
        today: for which day it was made.
    """

    series: str
    today: date
    cases: tuple[Case, ...]


def write_kit(folder: Path, workshop: Workshop, kept: KeptSet) -> None:
    """Write everything but the accounts.

    Files of the same names are written again with the same octets.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for school in workshop.schools.values():
        _write_keys(folder / "keys" / school.code, school)
    write_trust_bundle(folder / "trust", workshop.pki)
    school = workshop.schools["03"]
    first = PACKAGE_NUMBER * 10
    package = workshop.pack(
        PACKAGE_NUMBER, *(workshop.transcript(first + each) for each in range(STUDENTS))
    )
    (folder / "package.xml").write_bytes(package)
    _write_text(folder / "package.sha256", f"{hashlib.sha256(package).hexdigest()}  package.xml\n")
    _write_new_seal(folder, workshop, school)
    write_set(folder / "conformance", kept)
    requests = ready_requests(
        school.code, f"doi-tac-{workshop.series}", f"khoa-{workshop.series}", _public_key(workshop)
    )
    _write_requests(folder, requests)
    _write_text(folder / "README.md", _GUIDE)


def write_account(file: Path, values: Sequence[tuple[str, str]]) -> None:
    """Write an account's id and secret for a shell, readable by the owner alone."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.writelines(f"{name}={value}\n" for name, value in values)


def write_set(folder: Path, kept: KeptSet) -> None:
    """Write the packages, and what must become of them as JSON."""
    shutil.rmtree(folder, ignore_errors=True)  # another version's packages would be no part of it
    folder.mkdir(parents=True)
    for case in kept.cases:
        if case.package is not None:
            (folder / f"{case.name}.xml").write_bytes(case.package)
    covered, missing = coverage_of(kept.cases)
    described: dict[str, Any] = {
        "series": kept.series,
        "today": kept.today.isoformat(),
        "codes": covered,
        "codes_left_out": missing,
        "cases": [case_to_json(case) for case in kept.cases],
    }
    text = json.dumps(described, ensure_ascii=False, indent=1)
    _write_text(folder / _SET, f"{text}\n")


def read_set(folder: Path) -> KeptSet:
    """Read a set back.

    Raises:
        OSError: a file is missing.
        KeyError, ValueError: it is no set of ours.
    """
    described = json.loads((folder / _SET).read_text(encoding="utf-8"))
    return KeptSet(
        series=described["series"],
        today=date.fromisoformat(described["today"]),
        cases=tuple(
            case_from_json(
                case, None if case["file"] is None else (folder / case["file"]).read_bytes()
            )
            for case in described["cases"]
        ),
    )


def _write_keys(folder: Path, school: SyntheticSchool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    holders = {"hieu-truong": school.principal.signer, "phat-hanh": school.seal}
    holders |= {f"giao-vien-{one.id}": one.signer for one in school.teachers}
    for name, signer in holders.items():
        certificate = x509.load_der_x509_certificate(signer.certificate_der)
        (folder / f"{name}.crt.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key.pem").write_bytes(key)


def _write_new_seal(folder: Path, workshop: Workshop, school: SyntheticSchool) -> None:
    """Write a certificate that the school has not registered yet, as the request that does."""
    certificate = x509.load_der_x509_certificate(_new_seal(workshop, school).certificate_der)
    body = {
        "school": school.code,
        "role": "KY_PHAT_HANH",
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
    _write_text(folder / "new-seal.json", f"{json.dumps(body)}\n")
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    _write_text(folder / "new-seal.sha256", f"{digest}  new-seal\n")


def _new_seal(workshop: Workshop, school: SyntheticSchool) -> Signer:
    request = Request(
        slug=f"kit-phat-hanh-{workshop.series}",
        subject=x509.load_der_x509_certificate(school.seal.certificate_der).subject,
        branch=Branch.G2,
        issued_year=school.issued_year,
    )
    return issue(workshop.pki, replace(request, key_kind=KeyKind.P256))


def _public_key(workshop: Workshop) -> str:
    """Write the public key of the account that the requests make (RFC 7517)."""
    numbers = workshop.pki.keys.p256(f"kit-{workshop.series}").public_key().public_numbers()
    x, y = (
        base64.urlsafe_b64encode(one.to_bytes(32)).rstrip(b"=").decode()
        for one in (numbers.x, numbers.y)
    )
    key = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256"}
    return json.dumps({**key, "kid": f"khoa-{workshop.series}"})


def _write_requests(folder: Path, requests: Sequence[ReadyRequest]) -> None:
    for place in ("curl", "http"):
        shutil.rmtree(folder / place, ignore_errors=True)
        (folder / place).mkdir()
    _write_text(folder / "curl" / "environment", ENVIRONMENT)
    for number, one in enumerate(requests, start=1):
        script = folder / "curl" / f"{number:02d}-{one.name}.sh"
        _write_text(script, script_of(one))
        script.chmod(0o755)
        _write_text(folder / "http" / f"{number:02d}-{one.name}.http", http_file_of(one))


def _write_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
