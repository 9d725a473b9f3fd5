"""Outcomes that a caller can act on, as exceptions that carry data and no prose.

The family knows no HTTP: `app.problems` alone turns a member into an answer.
"""

from typing import ClassVar, Literal


class RepositoryError(Exception):
    """The base of every refusal that this program raises on purpose.

    Attributes:
        code: the stable slug that clients match on.
    """

    code: ClassVar[str] = "internal"


class NotAuthenticated(RepositoryError):
    """The caller did not prove who they are, or the proof has run out."""

    code = "not-authenticated"


class InvalidClient(RepositoryError):
    """The client id and its secret do not belong together (RFC 6749 section 5.2)."""

    code = "invalid-client"


class NotAllowed(RepositoryError):
    """The caller is known but has no right to this action."""

    code = "not-allowed"

    def __init__(self, *, scope: str | None = None) -> None:
        super().__init__(scope)
        self.scope = scope


class NotFound(RepositoryError):
    """The thing does not exist, or the caller must not learn that it does."""

    code = "not-found"


class Conflict(RepositoryError):
    """The request contradicts the present state of the record."""

    code = "conflict"


class TooLarge(RepositoryError):
    """The body exceeds the limit.

    Attributes:
        limit: the largest size taken, in bytes.
    """

    code = "too-large"

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class WrongMediaType(RepositoryError):
    """The body is of a type that this route does not take.

    Attributes:
        expected: the media type that it takes.
    """

    code = "wrong-media-type"

    def __init__(self, *, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class WrongEncoding(RepositoryError):
    """The body is coded in a way that this route does not decode.

    Attributes:
        accepted: the codings that it takes, as Accept-Encoding writes them.
    """

    code = "wrong-encoding"

    def __init__(self, *, accepted: str) -> None:
        super().__init__(accepted)
        self.accepted = accepted


class DigestMismatch(RepositoryError):
    """The body is not what its sender hashed: it was damaged on the way, or another file was sent.

    Attributes:
        field: the header that declares the digest.
        declared: the SHA-256 that it declares, in hexadecimal.
        actual: the SHA-256 of what arrived.
    """

    code = "digest-mismatch"

    def __init__(self, *, field: str, declared: str, actual: str) -> None:
        super().__init__(field, declared, actual)
        self.field = field
        self.declared = declared
        self.actual = actual


class DuplicateMessage(RepositoryError):
    """The school has used this message id for other bytes.

    Attributes:
        message_id: BAN_TIN_ID.
        digest: the SHA-256 of what was sent now.
        known_digest: the SHA-256 of the package that has the id.
    """

    code = "duplicate-message"

    def __init__(self, *, message_id: str, digest: str, known_digest: str) -> None:
        super().__init__(message_id, digest, known_digest)
        self.message_id = message_id
        self.digest = digest
        self.known_digest = known_digest


class InvalidRequest(RepositoryError):
    """A parameter or the body has the wrong shape.

    Attributes:
        parameter: the name of the parameter at fault.
        reason: a slug that says what is wrong with it.
    """

    code = "invalid-request"

    def __init__(self, *, parameter: str, reason: str) -> None:
        super().__init__(parameter, reason)
        self.parameter = parameter
        self.reason = reason


class InvalidCode(RepositoryError):
    """A transcript code with a typing error, found without any look-up.

    Attributes:
        reason: "length", "character" (one that no code contains) or "check" (the check character
            does not fit: a character is wrong or two are swapped).
    """

    code = "invalid-code"

    def __init__(self, *, reason: Literal["length", "character", "check"]) -> None:
        super().__init__(reason)
        self.reason: Literal["length", "character", "check"] = reason


class TooManyRequests(RepositoryError):
    """The caller asked more often than the limit allows.

    Attributes:
        retry_after: seconds until the next request may succeed.
    """

    code = "too-many-requests"

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class Unavailable(RepositoryError):
    """A part that the answer needs cannot be reached now; asking again is safe.

    Attributes:
        part: the name of the part ("database", "vault").
        retry_after: seconds to wait before asking again.
    """

    code = "unavailable"

    def __init__(self, *, part: str, retry_after: int = 5) -> None:
        super().__init__(part)
        self.part = part
        self.retry_after = retry_after


class IntegrityFailure(RepositoryError):
    """Kept bytes do not hash to their digest: an incident, never an answer.

    Attributes:
        digest: the SHA-256 that the bytes should have, in hexadecimal.
    """

    code = "integrity-failure"

    def __init__(self, *, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class CertificateRefused(RepositoryError):
    """A certificate that cannot be registered.

    Attributes:
        finding: the catalogue code that says why.
    """

    code = "certificate-refused"

    def __init__(self, finding: str) -> None:
        super().__init__(finding)
        self.finding = finding


class FileRefused(RepositoryError):
    """A file of an operator that cannot be loaded; nothing of it was taken.

    Attributes:
        faults: line (from 1), column and a slug that says what is wrong, for every fault.
    """

    code = "file-refused"

    def __init__(self, *faults: tuple[int, str, str]) -> None:
        super().__init__(*faults)
        self.faults = faults


class StartRefused(RepositoryError):
    """The process must not start: a setting, key, schema or clock is in doubt.

    Attributes:
        reason: one sentence for the operator.
    """

    code = "start-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
