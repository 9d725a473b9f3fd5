"""What a package's answers look like in a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.sandbox.client import Answer

MAX_FINDINGS_SHOWN = 4
"""Findings shown for one item: the first ones name the cause, the rest follows from them."""

_COVERED = {
    "DIEM_TONG_KET": "môn",
    "THONG_TIN_HOC_BA": "toàn bộ nội dung",
    "DU_LIEU_HOC_BA": "nội dung và chữ ký giáo viên",
}
_OUTCOMES = {
    "PASSED": "[green]✔ đạt[/]",
    "INDETERMINATE": "[yellow]? chưa xác định[/]",
    "FAILED": "[red]✘ không đạt[/]",
    "passed": "[green]✔ đạt[/]",
    "failed": "[red]✘ không đạt[/]",
    "not_checked": "[yellow]– chưa kiểm tra[/]",
}


def show_package(console: Console, answer: Answer) -> None:
    """Print a package's state and counts, then what concerns the whole package."""
    total = "–" if answer["total"] is None else answer["total"]
    console.print(
        f"Gói tin [bold]{answer['package_id']}[/]: {answer['state']} {answer['state_name']} – "
        f"tổng số {total}, [green]duyệt {answer['accepted']}[/], "
        f"[red]từ chối {answer['rejected']}[/]"
    )
    for finding in answer["errors"]:
        show_finding(console, finding)


def show_refused(console: Console, answer: Answer) -> None:
    """Print the refused items with their reasons and what to do."""
    for item in answer["items"]:
        if item["result"] != "02":
            continue
        errors = [finding for finding in item["errors"] if finding["severity"] == "error"]
        console.print(f"[red]✘[/] học bạ thứ {item['ordinal']}, mã học sinh {item['student_code']}")
        for finding in errors[:MAX_FINDINGS_SHOWN]:
            show_finding(console, finding)
        if len(errors) > MAX_FINDINGS_SHOWN:
            console.print(f"    … và {len(errors) - MAX_FINDINGS_SHOWN} lỗi khác")


def show_accepted(console: Console, answer: Answer) -> None:
    """Print the accepted items with their codes and what there is to say of them."""
    for item in answer["items"]:
        if item["result"] == "01":
            notes = " ".join(escape(note["message"]) for note in item["errors"])
            console.print(f"[green]✔[/] {item['student_code']}: {item['transcript_code']}", end=" ")
            console.print(notes, style="dim")


def show_finding(console: Console, finding: Answer) -> None:
    """Print one finding: code, place, what is wrong, what to do."""
    place = " ".join(filter(None, (finding["slot"], _line(finding))))
    console.print(f"    [bold]{finding['code']}[/] {escape(place)}: {escape(finding['message'])}")
    console.print(f"      → {escape(finding['fix'])}", style="dim")


def show_slots(console: Console, report: Answer) -> None:
    """Print a report's verdict on every signature slot."""
    table = Table("Vị trí ký", "Người ký", "Kết quả", "Chứng thư do", "Phạm vi", box=None)
    for slot in report["slots"]:
        signer = slot["signer"]
        table.add_row(
            escape(slot["slot"]),
            escape(signer["name"]) if signer else "–",
            _OUTCOMES[slot["indication"]],
            escape(_common_name(signer["issuer"])) if signer else "–",
            ", ".join(_covered(path) for path in slot["covers"]),
        )
    console.print(table)


def show_verification(console: Console, answer: Answer) -> None:
    """Print what the public learns about a code."""
    console.print(
        f"[bold]{answer['code']}[/] {escape(answer['student_name_masked'])} – "
        f"{escape(answer['school_name'])}, năm học {answer['school_year']}, "
        f"{escape(answer['level_name'])}"
    )
    for check in answer["checks"]:
        console.print(f"    {_OUTCOMES[check['outcome']]}  {escape(check['message'])}")


def _covered(path: str) -> str:
    """Name a covered element as a school would."""
    name, _, position = path.rsplit("/", 1)[-1].partition("[")
    return f"{_COVERED.get(name, name)} {position.rstrip(']')}".strip()


def _line(finding: Answer) -> str | None:
    return None if finding["line"] is None else f"(dòng {finding['line']})"


def _common_name(issuer: str) -> str:
    names = [part[3:] for part in issuer.split(",") if part.startswith("CN=")]
    return names[0] if names else issuer
