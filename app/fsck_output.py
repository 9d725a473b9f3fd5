"""What `fsck` prints: tables, a bar, and never a person."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.fsck.findings import WORDS, Code, Finding
from app.fsck.nightly import NightlyRun
from app.fsck.progress import Progress as Account
from app.fsck.progress import Stage, is_error
from app.fsck.report import Report
from app.vault.vault import Attempt, Proof

MAX_SHOWN = 100
"""Findings printed: a screen or three; a report file has more."""

ATTEMPTS = {
    Attempt.OVERWRITE: "ghi đè nội dung",
    Attempt.HIDE: "che khuất (dấu xóa, đổi tên)",
    Attempt.DELETE: "xóa phiên bản",
    Attempt.DELETE_BYPASSING: "xóa phiên bản bằng quyền bỏ qua khóa",
    Attempt.SHORTEN: "rút ngắn thời hạn khóa",
    Attempt.WEAKEN: "hạ chế độ khóa",
}

STAGES = {
    Stage.PACKAGES: "Gói tin, bản gốc, bản tin trả lời",
    Stage.REGISTER: "Sổ đăng ký học bạ",
    Stage.CODES: "Mã tra cứu",
    Stage.RECORDS: "Nhật ký kiểm toán",
    Stage.VAULT: "Đối tượng trong kho lưu",
    Stage.JOURNAL: "Sổ ghi trong kho lưu",
}

COUNTS = {
    "packages": "gói tin",
    "items": "mục của gói tin",
    "replies": "bản tin trả lời",
    "bytes_read": "byte đã đọc và băm lại",
    "transcripts": "học bạ trong sổ đăng ký",
    "verified": "học bạ được kiểm tra lại chữ ký",
    "codes": "mã tra cứu",
    "records": "gói tin trong nhật ký kiểm toán",
    "objects": "đối tượng trong kho lưu",
    "entries": "mục của sổ ghi",
}


def show_proofs(console: Console, proofs: tuple[Proof, ...]) -> None:
    """Print what was tried on a lock, what it came to and what the store said."""
    table = Table("Thử", "Kết quả", "Kho lưu trả lời")
    for proof in proofs:
        result = "vật thử vẫn nguyên vẹn" if proof.withstood else "ĐÃ PHÁ ĐƯỢC"
        table.add_row(ATTEMPTS[proof.attempt], result, proof.answer or "(chấp nhận)")
    console.print(table)


@contextmanager
def show_progress(console: Console, packages: int) -> Generator[Callable[[Account], None]]:
    """Show a bar for the packages and a count for every other stage; gives what moves them."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        counted = {
            Stage.PACKAGES: "packages",
            Stage.REGISTER: "transcripts",
            Stage.CODES: "codes",
            Stage.RECORDS: "records",
            Stage.VAULT: "objects",
            Stage.JOURNAL: "entries",
        }
        tasks = {
            stage: progress.add_task(
                STAGES[stage], total=packages if stage is Stage.PACKAGES else None
            )
            for stage in Stage
        }

        def show(account: Account) -> None:
            for stage, task in tasks.items():
                done = account.counts[counted[stage]]
                progress.update(task, completed=done)
                if account.is_past(stage):
                    progress.update(task, total=done)

        yield show


def show_report(console: Console, report: Report) -> None:
    """Print what was looked at, what was found and what to do about it."""
    _show_counts(console, report.counts)
    _show_found(console, report.found)
    _show_findings(console, report.findings)
    for left_out in report.not_checked:
        console.print(f"Chưa kiểm tra: {left_out}")
    console.print("Kho nguyên vẹn." if report.clean else f"CÓ {report.errors} LỖI.")


def show_signed(console: Console, said: Mapping[str, Any]) -> None:
    """Print what a report whose signature is good says."""
    console.print(
        f"Chữ ký đúng. Môi trường {said['environment']}, từ {said['started_at']} đến"
        f" {said['finished_at']}."
    )
    _show_counts(console, said["counts"])
    for code, found in said["found"].items():
        console.print(f"{code} ({found['severity']}): {found['times']} – {escape(found['what'])}")
    for left_out in said["not_checked"]:
        console.print(f"Chưa kiểm tra: {escape(left_out)}")
    console.print("Kho nguyên vẹn." if said["clean"] else "CÓ LỖI.")


def show_last(console: Console, run: NightlyRun | None) -> None:
    """Print what the last nightly examination came to."""
    if run is None:
        console.print("Chưa có lượt kiểm tra đêm nào kết thúc.")
        return
    console.print(f"Đêm {run.night:%d/%m/%Y}: kết thúc lúc {run.finished_at.isoformat()}.")
    _show_counts(console, run.report["counts"])
    for finding in run.report["findings"][:MAX_SHOWN]:
        console.print(f"{finding['code']} {finding['object']} {escape(finding['detail'])}".rstrip())
    console.print("Kho nguyên vẹn." if not run.errors else f"CÓ {run.errors} LỖI.")


def _show_counts(console: Console, counts: Mapping[str, int]) -> None:
    table = Table("Đã kiểm tra", "Số lượng")
    for name, words in COUNTS.items():
        table.add_row(words, str(counts.get(name, 0)))
    console.print(table)


def _show_found(console: Console, found: Mapping[Code, int]) -> None:
    if not found:
        return
    table = Table("Mã", "Số lần", "Sai gì", "Cần làm gì")
    for code, times in sorted(found.items(), key=lambda one: not is_error(one[0])):
        table.add_row(code.value, str(times), WORDS[code].what, WORDS[code].fix)
    console.print(table)


def _show_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    for finding in findings[:MAX_SHOWN]:
        detail = escape(finding.detail)
        console.print(f"{finding.code.value} {finding.object} {detail}".rstrip(), highlight=False)
    if len(findings) > MAX_SHOWN:
        console.print(f"… (chỉ liệt kê {MAX_SHOWN} mục đầu; báo cáo ghi thêm)")
