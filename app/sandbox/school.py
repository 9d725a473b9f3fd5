"""A school of any level with its teachers, its principal and everybody's certificates."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.x509 import Name

from app.sandbox.holders import official_name, public_name
from app.sandbox.people import choose_gender, full_name, personal_number
from app.sandbox.pki import Branch, KeyKind, Pki, Request, issue
from app.sandbox.results import taught_at
from app.sandbox.signing import Signers
from app.sandbox.stream import Stream
from app.signatures.writing import Signer
from app.transcripts.curriculum import GDTX, PRIMARY, THCS, THPT
from app.transcripts.profile import Role

PROVINCE_CODE = "79"
PROVINCE_NAME = "Thành phố Hồ Chí Minh"
DEPARTMENT = ("Ủy ban nhân dân Thành phố Hồ Chí Minh", "Sở Giáo dục và Đào tạo")
"""The organisation and the unit above every school of the province."""

SHARED_SUBJECTS = (("15", "32"), ("26", "91"), ("97", "99"))
"""Pairs that one teacher of THCS often takes; a school joins the first few of them, so that 9 to 12
teachers sign."""

_GROUPS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        PRIMARY.level: (
            ("02", "01", "03", "04", "05", "13", "91"),
            ("11",),
            ("12", "87"),
            ("88",),
            ("89",),
            ("90",),
        ),
        THPT.level: (
            ("19",),
            ("15", "38"),
            ("69",),
            ("40", "41"),
            ("88",),
            ("47",),
            ("91", "99"),
            ("100",),
            ("35", "46"),
            ("36", "37"),
            ("29", "30"),
        ),
        GDTX.level: (
            ("19",),
            ("15", "38"),
            ("26", "100"),
            ("05", "40", "41"),
            ("66", "36", "37"),
            ("35", "46"),
            ("91", "99"),
        ),
    }
)
"""Who teaches what at the other levels: in primary school one teacher has most subjects."""

_IDENTITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        PRIMARY.level: ("79000401", "Trường Tiểu học Mẫu Số Một"),
        THCS.level: ("79000701", "Trường THCS Mẫu Số Một"),
        THPT.level: ("79000801", "Trường THPT Mẫu Số Một"),
        GDTX.level: ("79000901", "Trung tâm GDTX Mẫu Số Một"),
    }
)
"""Code and name of the sandbox's school of each level, where nothing else is said."""

_TEACHER_KINDS = (
    (Branch.G1, KeyKind.RSA_2048),
    (Branch.G2, KeyKind.RSA_2048),
    (Branch.PUBLIC, KeyKind.RSA_2048),
    (Branch.G1, KeyKind.RSA_2048),
    (Branch.REMOTE, KeyKind.P256),
)
"""Most teachers have the government's certificates, some a public one, few an ECDSA key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A teacher of the school.

    Attributes:
        id: the Id that joins a subject line to its signature slot.
        subjects: codes of the subjects that this teacher teaches.
    """

    id: str
    full_name: str
    subjects: tuple[str, ...]
    signer: Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who signs for the school's management."""

    full_name: str
    position: str
    signer: Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolCertificate:
    """A certificate that the school has to register before it sends.

    Attributes:
        role: `Role.PRINCIPAL` or `Role.SCHOOL`.
    """

    der: bytes
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSchool:
    """A school of the sandbox in one school year.

    Attributes:
        level: CAP_HOC_ID of all its classes.
        seal: signs transcripts and packages for the school.
        issued_year: the year in which its certificates were issued.
    """

    code: str
    name: str
    level: str = THCS.level
    province_code: str = PROVINCE_CODE
    province_name: str = PROVINCE_NAME
    principal: Principal
    seal: Signer
    teachers: tuple[Teacher, ...]
    issued_year: int

    @property
    def certificates(self) -> tuple[SchoolCertificate, ...]:
        """What the school registers."""
        return (
            SchoolCertificate(der=self.principal.signer.certificate_der, role=Role.PRINCIPAL),
            SchoolCertificate(der=self.seal.certificate_der, role=Role.SCHOOL),
        )

    def teacher_of(self, subject_code: str) -> Teacher:
        """Find who teaches a subject."""
        return next(one for one in self.teachers if subject_code in one.subjects)


def make_school(
    pki: Pki,
    *,
    issued_year: int,
    level: str = THCS.level,
    code: str | None = None,
    name: str | None = None,
    seal_branch: Branch = Branch.G2,
) -> SyntheticSchool:
    """Make a school, its people and their certificates, valid from August of `issued_year`."""
    code, name = code or _IDENTITIES[level][0], name or _IDENTITIES[level][1]
    stream = Stream(pki.keys.seed, "school", code)
    office = _Office(pki=pki, code=code, name=name, issued_year=issued_year)
    groups = _GROUPS.get(level) or _subject_groups(stream)
    *teachers, principal = _people(stream, len(groups) + 1)
    return SyntheticSchool(
        code=code,
        name=name,
        level=level,
        principal=Principal(
            full_name=principal.full_name,
            position="Giám đốc" if level == GDTX.level else "Hiệu trưởng",
            signer=office.person("hieu-truong", principal, Branch.G1),
        ),
        seal=office.seal(seal_branch),
        teachers=tuple(
            Teacher(
                id=f"91{code[-4:]}{1000 + 17 * place}",
                full_name=teacher.full_name,
                subjects=subjects,
                signer=office.person(
                    f"giao-vien-{place}", teacher, *_TEACHER_KINDS[place % len(_TEACHER_KINDS)]
                ),
            )
            for place, (teacher, subjects) in enumerate(zip(teachers, groups, strict=True))
        ),
        issued_year=issued_year,
    )


def signers_of(school: SyntheticSchool, pki: Pki) -> Signers:
    """Find the signer of every slot; teachers that the school does not know get a certificate.

    So ready files can be signed, whoever their teachers are.
    """
    known = {teacher.id: teacher.signer for teacher in school.teachers}
    office = _Office(pki=pki, code=school.code, name=school.name, issued_year=school.issued_year)

    def teacher(teacher_id: str, name: str) -> Signer:
        person = _Person(full_name=name, personal_number=None)
        return known.get(teacher_id) or office.person(teacher_id, person, Branch.G1, KeyKind.P256)

    return Signers(teacher=teacher, principal=school.principal.signer, school=school.seal)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    full_name: str
    personal_number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    """The school's desk that orders certificates."""

    pki: Pki
    code: str
    name: str
    issued_year: int

    def person(
        self, slug: str, person: _Person, branch: Branch, key_kind: KeyKind = KeyKind.RSA_2048
    ) -> Signer:
        """Order a certificate for somebody at the school."""
        if branch in {Branch.PUBLIC, Branch.REMOTE}:
            uids = (f"CCCD:{person.personal_number}", self._tax_code)
            subject = public_name(person.full_name, uids=uids, units=(self.name,))
        else:
            subject = self._official(slug, person.full_name, (*DEPARTMENT, self.name))
        return self._issue(slug, subject, branch, key_kind)

    def seal(self, branch: Branch) -> Signer:
        """Order the certificate of the school itself."""
        slug = "phat-hanh"
        if branch in {Branch.PUBLIC, Branch.REMOTE}:
            subject = public_name(self.name, uids=(self._tax_code,))
        else:
            subject = self._official(slug, self.name, DEPARTMENT)
        return self._issue(slug, subject, branch, KeyKind.RSA_2048)

    @property
    def _tax_code(self) -> str:
        return f"MST:03{self.code}"

    def _official(self, slug: str, name: str, units: tuple[str, ...]) -> Name:
        email = f"{slug}@{self.code}.localhost"
        return official_name(name, units=units, province=PROVINCE_NAME, email=email)

    def _issue(self, slug: str, subject: Name, branch: Branch, key_kind: KeyKind) -> Signer:
        request = Request(
            slug=f"{self.code}-{slug}",
            subject=subject,
            branch=branch,
            issued_year=self.issued_year,
            key_kind=key_kind,
        )
        return issue(self.pki, request)


def _subject_groups(stream: Stream) -> list[tuple[str, ...]]:
    """Divide the subjects of THCS among teachers, in the order of the transcript."""
    shared = dict(SHARED_SUBJECTS[: stream.below(len(SHARED_SUBJECTS) + 1)])
    taken = set(shared.values())
    return [
        (subject.code, shared[subject.code]) if subject.code in shared else (subject.code,)
        for subject in taught_at(THCS.level)
        if subject.code not in taken
    ]


def _people(stream: Stream, count: int) -> list[_Person]:
    """Make up grown-ups whose names all differ."""
    people: dict[str, _Person] = {}
    while len(people) < count:
        gender = choose_gender(stream)
        name = full_name(stream, gender)
        number = personal_number(
            gender=gender, birth_year=1970 + stream.below(30), number=len(people) + 1
        )
        people.setdefault(name, _Person(full_name=name, personal_number=number))
    return list(people.values())
