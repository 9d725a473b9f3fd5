"""Whether the process lives and can serve."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.db import Database, require_schema
from app.errors import Unavailable
from app.leaving import Leaving
from app.trust.standing import BundleStanding, bundle_standing
from app.vault import Vault


class Health(BaseModel):
    """Whether the process works (tình trạng dịch vụ)."""

    status: str = Field(description="Tình trạng", examples=["ok"])


class Readiness(Health):
    """Whether the process can serve (sẵn sàng phục vụ)."""

    trust_bundle: BundleStanding = Field(
        description="Danh mục chứng thư được tin cậy: sound (đang dùng bản mới nhất), broken (bản "
        "mới bị lỗi, vẫn dùng bản trước), unknown (chưa có worker nào chạy)",
        examples=["sound"],
    )


def health_routes(database: Database, vault: Vault, leaving: Leaving) -> APIRouter:
    """Make the addresses that a load balancer asks; both are public."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", operation_id="healthz", summary="Tiến trình còn hoạt động")
    async def healthz() -> Health:
        """Answer while the process lives; asks no store."""
        return Health(status="ok")

    @router.get("/readyz", operation_id="readyz", summary="Sẵn sàng phục vụ")
    async def readyz() -> Readiness:
        """Answer when the database, its schema and the vault can be used; not while ending."""
        if leaving.announced:
            raise Unavailable(part="leaving")
        await require_stores(database, vault)
        async with database.read() as connection:
            return Readiness(status="ready", trust_bundle=await bundle_standing(connection))

    return router


async def require_stores(database: Database, vault: Vault) -> None:
    """Go on only with a current schema and a vault that answers.

    Raises:
        StartRefused: the schema is of another version.
        Unavailable: the database or the vault cannot be reached.
    """
    await require_schema(database)
    await vault.check()
