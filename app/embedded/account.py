"""Whom the server runs as, and a folder that this account can enter."""

import os
import pwd
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import StartRefused

ELSEWHERE = Path("/var/lib/hocba")
"""Where root keeps a cluster whose home folder the server's account cannot enter: durable, unlike a
temporary folder, and every account may pass through it."""

ACCOUNTS = ("postgres", "nobody")
"""Accounts that run the server for root: PostgreSQL's own, else the one that exists everywhere."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""All that a child sees: the owner's variables hold secrets and locales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom the server runs as when the owner is root."""

    uid: int
    gid: int


def account_for(data: Path) -> Account | None:
    """Choose whom the server runs as: the cluster's owner, else the first of `ACCOUNTS`."""
    if os.geteuid() != 0:
        return None
    if data.exists():
        owner = data.stat()
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise StartRefused("root không chạy được PostgreSQL và không có tài khoản postgres hay nobody")


def as_account(account: Account | None) -> dict[str, Any]:
    """The arguments of `subprocess` that make a child run as the account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def run(account: Account | None, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end as the account; the exit code is the caller's to read."""
    return subprocess.run(  # noqa: S603 -- reason: our own programs and paths, and no shell reads them
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
        **as_account(account),
    )


def _may_enter(folder: Path, account: Account | None) -> bool:
    return run(account, "/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)).returncode == 0


def place_for(home: Path, account: Account | None) -> Path:
    """Make or find the folder of the cluster, `postgres` in the home folder, maybe a link.

    The link's name is random, so a deleted home folder never finds an older cluster again.
    """
    place = home / "postgres"
    if not place.is_symlink() and not place.exists():
        place.mkdir()
        place.chmod(0o755)
        if not _may_enter(place, account):
            place.rmdir()
            target = ELSEWHERE / secrets.token_hex(8)
            target.mkdir(parents=True)
            target.chmod(0o755)
            ELSEWHERE.chmod(0o755)
            place.symlink_to(target)
    if not _may_enter(place.resolve(), account):
        raise StartRefused(
            f"tài khoản của cơ sở dữ liệu không vào được {place}, hoặc thư mục đã mất"
        )
    return place.resolve()
