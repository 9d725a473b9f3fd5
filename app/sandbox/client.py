"""A school-software client of the data connection service: log in, submit, wait, read, withdraw.

It shows a vendor the whole exchange, and the demonstration and the `submit` command use it. Every
call is safe to repeat: the same package bytes always get the same answer.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from app.errors import RepositoryError
from app.sandbox.packaging import MessageHead, build_withdrawal
from app.sandbox.school import SyntheticSchool

TIMEOUT_SECONDS = 60.0
"""Longer than the longest `Prefer: wait`, so that a slow answer is told from a lost one."""

POLL_SECONDS = 0.3
"""Pause between two looks at a package that is being processed."""

ATTEMPTS = 4
"""Tries of a call whose answer was lost or put off: a service that fails more often is down."""

LONGEST_PAUSE = 30.0
"""The longest `Retry-After` (seconds) that is waited for; a longer one is the caller's matter."""

_LATER = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})

_FINAL_STATES = frozenset({"02", "03", "04"})
_REPLIED_STATES = frozenset({"03", "04"})

Answer = dict[str, Any]


class Refused(RepositoryError):
    """The service answered with a problem document (RFC 9457).

    Attributes:
        status: the HTTP status.
        problem: the document; empty when the body was none.
    """

    code = "refused"

    def __init__(self, status: int, problem: Answer) -> None:
        super().__init__(status, problem.get("code"))
        self.status = status
        self.problem = problem


class Client:
    """One client account at one service; logs in when it must. Not for several threads at once."""

    def __init__(self, base_url: str, client_id: str, client_secret: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS)
        self._account = (client_id, client_secret)
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def submit(
        self, package: bytes, *, wait: int = 0, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send a package; with `wait` the service may answer with the result at once.

        Args:
            package: the signed message, compressed if the headers say so.
            wait: seconds that the service may take.
            headers: further headers, such as Content-Encoding.

        Raises:
            Refused: the service did not take it.
            httpx.HTTPError: no answer came; sending the same bytes again is safe.
        """
        sent = {"Content-Type": "application/xml", **(headers or {})}
        if wait:
            sent["Prefer"] = f"wait={wait}"
        return self._json("POST", "/v1/packages", content=package, headers=sent)

    def deliver(self, package: bytes, *, headers: dict[str, str] | None = None) -> Answer:
        """Send a package and find out what became of it even when answers are lost.

        After a lost answer the service is asked for these bytes; they are sent again only when it
        does not know them.

        Args:
            package: the signed message, uncompressed.
            headers: further headers of the first try alone, such as Sandbox-Fault.

        Raises:
            Refused: the service did not take it.
            httpx.TransportError: no answer came, `ATTEMPTS` times.
        """
        try:
            return self.submit(package, headers=headers)
        except httpx.TransportError:
            return self._resume(package, ATTEMPTS - 1)

    def withdraw(
        self, reasons: Sequence[tuple[str, str]], *, school: SyntheticSchool, head: MessageHead
    ) -> Answer:
        """Withdraw transcripts of a school by a message of purpose 03 that it seals.

        Repeat it with the same head after a lost answer: the same bytes get the same answer.

        Args:
            reasons: each code with why it is withdrawn.
            school: who issued them.
            head: what the message says about itself; its id is new for new reasons.

        Raises:
            Refused, httpx.TransportError: as `deliver`.
        """
        return self.deliver(build_withdrawal(reasons, school=school, head=head))

    def _resume(self, package: bytes, attempts: int) -> Answer:
        try:
            return self.by_digest(hashlib.sha256(package).hexdigest())
        except Refused as refused:
            if refused.status != httpx.codes.NOT_FOUND:
                raise
        except httpx.TransportError:
            if attempts == 1:
                raise
            time.sleep(POLL_SECONDS)
            return self._resume(package, attempts - 1)
        return self.submit(package)

    def by_digest(self, sha256: str) -> Answer:
        """Find the package of these bytes (SHA-256 of the uncompressed package, in hex)."""
        return self._json("GET", f"/v1/packages/by-digest/{sha256}")

    def package(self, package_id: str) -> Answer:
        """Fetch a package's state and the results of its items."""
        return self._json("GET", f"/v1/packages/{package_id}")

    def await_reply(
        self, package_id: str, *, seconds: float, watch: Callable[[Answer], None] | None = None
    ) -> Answer:
        """Look at a package until its reply is there or the time is up; give its last answer.

        Args:
            package_id: which package.
            seconds: how long to look.
            watch: called with each answer.
        """
        end = time.monotonic() + seconds
        while True:
            answer = self.package(package_id)
            if watch is not None:
                watch(answer)
            if answer["state"] in _REPLIED_STATES or time.monotonic() > end:
                return answer
            time.sleep(POLL_SECONDS)

    def original(self, package_id: str) -> bytes:
        """Fetch the package's own bytes."""
        return self._send("GET", f"/v1/packages/{package_id}/original").content

    def reply(self, package_id: str) -> bytes:
        """Fetch the signed reply (bản tin trả lời)."""
        return self._send("GET", f"/v1/packages/{package_id}/reply").content

    def acknowledge_reply(self, package_id: str) -> None:
        """Tell the service that the reply was read; the package moves to state 04."""
        self._send("POST", f"/v1/packages/{package_id}/reply/read")

    def transcript(self, code: str) -> Answer:
        """Fetch what the repository knows of a transcript."""
        return self._json("GET", f"/v1/transcripts/{code}")

    def transcript_original(self, code: str) -> bytes:
        """Fetch the school's own file."""
        return self._send("GET", f"/v1/transcripts/{code}/original").content

    def report(self, code: str) -> Answer:
        """Fetch the verification report with every slot."""
        return self._json("GET", f"/v1/transcripts/{code}/report")

    def verification(self, code: str) -> Answer:
        """Check a code as the public does, without a token."""
        answer = self._http.get(f"/v1/verifications/{code}")
        return _checked(answer).json()  # type: ignore[no-any-return]  # reason: httpx types JSON as Any

    def _json(self, method: str, path: str, **options: Any) -> Answer:
        return self._send(method, path, **options).json()  # type: ignore[no-any-return]  # reason: as above

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send with a token; one that ran out is replaced once, and "later" is waited for."""
        answer = self._send_once(method, path, **options)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._token = None
            answer = self._send_once(method, path, **options)
        for _ in range(ATTEMPTS - 1):
            pause = _pause_before_next(answer)
            if pause is None:
                break
            time.sleep(pause)
            answer = self._send_once(method, path, **options)
        return _checked(answer)

    def _send_once(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        if self._token is None:
            self._token = self._log_in()
        sent = {**(headers or {}), "Authorization": f"Bearer {self._token}"}
        return self._http.request(method, path, headers=sent, **options)

    def _log_in(self) -> str:
        client_id, secret = self._account
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        answer = _checked(self._http.post("/v1/oauth/token", data=form))
        return str(answer.json()["access_token"])


def _pause_before_next(answer: httpx.Response) -> float | None:
    """Tell how long to wait before asking again; None when that is of no use."""
    told = answer.headers.get("Retry-After", "")
    if answer.status_code not in _LATER or not told.isdecimal():
        return None
    return float(told) if float(told) <= LONGEST_PAUSE else None


def is_final(answer: Answer) -> bool:
    """Say whether every item of a package has its result."""
    return answer["state"] in _FINAL_STATES


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    raise Refused(answer.status_code, problem if isinstance(problem, dict) else {})
