"""What the addresses of packages share: their parts, what they wait for, how they answer."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from app.clients.accounts import Caller
from app.db import Database
from app.intake.answer import PackageAnswer, package_answer
from app.intake.limits import WAIT_LIMIT_SECONDS
from app.intake.package import Package
from app.intake.reading import Reader, Shown
from app.intake.validate import DryRuns
from app.intake.waiting import Decisions
from app.journal import Journal
from app.locale import Language, preferred_language
from app.tracing import trace_id_of
from app.vault import Vault

RETRY_SECONDS = 2
"""When to ask again for a result: a class takes about a second once its turn has come."""

PREFER = f"`wait=N`: đợi kết quả tối đa N giây (không quá {WAIT_LIMIT_SECONDS})"
"""What the header does, for the description."""

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,4})\"?(?=$|[,;\s])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageParts:
    """What the routes of packages work with.

    Attributes:
        authenticate: names the caller of a request or raises NotAuthenticated.
        clock: the time, read once per request.
        decisions: lets requests wait.
        dry_runs: judge packages that are not kept.
    """

    database: Database
    vault: Vault
    journal: Journal
    authenticate: Callable[[Request], Awaitable[Caller]]
    clock: Callable[[], datetime]
    decisions: Decisions
    dry_runs: DryRuns

    async def reader(self, request: Request) -> Reader:
        """Tell who reads, when and in which trace."""
        return Reader(
            caller=await self.authenticate(request),
            now=self.clock(),
            trace_id=trace_id_of(request),
        )

    async def wait_for(self, package: Package, prefer: str | None) -> bool:
        """Wait for a package's decision as long as the client would; false when it need not."""
        seconds = wait_seconds(prefer)
        if not seconds or package.decided:
            return False
        await self.decisions.wait(package.package_id, seconds=seconds)
        return True


def wait_seconds(prefer: str | None) -> int | None:
    """Read how long the client would wait from a Prefer header (RFC 7240 section 4.3)."""
    found = _WAIT.search(prefer or "")
    return None if found is None else min(int(found.group(1)), WAIT_LIMIT_SECONDS)


def present(
    shown: Shown, request: Request, response: Response, *, prefer: str | None = None
) -> PackageAnswer:
    """Write a package's answer in the reader's language, with when to ask again."""
    language = answer_language(request, response)
    seconds = wait_seconds(prefer)
    if not shown.package.decided:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    elif seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return package_answer(shown.package, shown.items, language)


def answer_language(request: Request, response: Response) -> Language:
    """Choose the language of an answer and say so in its headers."""
    language = preferred_language(request.headers.get("accept-language"))
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return language


def text_header(description: str) -> dict[str, Any]:
    """Describe a header of an answer (OpenAPI)."""
    return {"description": description, "schema": {"type": "string"}}
