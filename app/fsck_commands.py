"""The command `fsck`: look at the stores as an outsider would."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from app.vault import open_configured_vault
from app.vault.vault import Attempt, Proof

ATTEMPTS = {
    Attempt.OVERWRITE: "ghi đè nội dung",
    Attempt.HIDE: "che khuất (dấu xóa, đổi tên)",
    Attempt.DELETE: "xóa phiên bản",
    Attempt.DELETE_BYPASSING: "xóa phiên bản bằng quyền bỏ qua khóa",
    Attempt.SHORTEN: "rút ngắn thời hạn khóa",
    Attempt.WEAKEN: "hạ chế độ khóa",
}


def fsck_stores(
    *,
    prove_locks: Annotated[
        bool, typer.Option("--prove-locks", help="Thử phá khóa của kho lưu trên một vật thử.")
    ] = False,
) -> None:
    """Kiểm tra kho lưu đang dùng: thử ghi đè, xóa, rút ngắn và hạ khóa trên một vật thử."""
    if not prove_locks:
        raise typer.BadParameter("cần --prove-locks")
    proofs = asyncio.run(_prove(Settings()))
    show_proofs(Console(), proofs)
    if not all(proof.withstood for proof in proofs):
        raise typer.Exit(1)


def show_proofs(console: Console, proofs: tuple[Proof, ...]) -> None:
    """Print what was tried, what it came to and what the store said."""
    table = Table("Thử", "Kết quả", "Kho lưu trả lời")
    for proof in proofs:
        result = "vật thử vẫn nguyên vẹn" if proof.withstood else "ĐÃ PHÁ ĐƯỢC"
        table.add_row(ATTEMPTS[proof.attempt], result, proof.answer or "(chấp nhận)")
    console.print(table)


async def _prove(settings: Settings) -> tuple[Proof, ...]:
    vault = open_configured_vault(settings)
    await vault.check()
    return await vault.prove_locks()
