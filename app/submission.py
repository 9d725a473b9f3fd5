"""The `submit` command: send packages of one's own and show what became of them."""

from collections.abc import Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape

from app.console import show_accepted, show_package, show_refused
from app.sandbox.client import Client, Refused

RESULT_SECONDS = 120.0
"""Patience for one package; a longer queue is followed by sending the same file again."""


def submit_files(files: Sequence[Path], client: Client, console: Console) -> bool:
    """Send each file, wait for its reply, and say whether every transcript was accepted.

    Sending a file again is always safe: the same bytes get the same answer.
    """
    accepted = [_submit(file, client, console) for file in files]
    return all(accepted)


def _submit(file: Path, client: Client, console: Console) -> bool:
    console.rule(escape(str(file)))
    try:
        received = client.submit(file.read_bytes())
        answer = client.await_reply(received["package_id"], seconds=RESULT_SECONDS)
    except OSError as error:
        console.print(f"[red]Không đọc được tệp:[/] {escape(str(error.strerror))}")
    except Refused as refused:
        problem = refused.problem
        console.print(f"[red]Bị từ chối ({refused.status}):[/] {escape(problem.get('title', ''))}")
        console.print(f"  {escape(problem.get('detail', ''))}", style="dim")
    except httpx.HTTPError as error:
        console.print(f"[red]Không nhận được trả lời:[/] {escape(str(error))}")
        console.print("  Kiểm tra kết nối rồi gửi lại đúng tệp này.", style="dim")
    else:
        show_package(console, answer)
        show_refused(console, answer)
        show_accepted(console, answer)
        return bool(answer["total"]) and answer["accepted"] == answer["total"]
    return False
