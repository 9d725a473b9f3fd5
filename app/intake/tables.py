"""The intake's tables, private to this package; the migration makes the same ones."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB

from app.db import metadata

packages = Table(
    "packages",
    metadata,
    Column("package_id", Uuid, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), nullable=False),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", CHAR(2), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("message_id", Text),
    Column("purpose", Text),
    Column("school_code", Text),
    Column("province_code", Text),
    Column("total", Integer),
    Column("accepted", Integer),
    Column("rejected", Integer),
    Column("errors", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("finished_at", DateTime(timezone=True)),
    Column("replied_at", DateTime(timezone=True)),
    Column("read_at", DateTime(timezone=True)),
    Column("leased_by", Text),
    Column("lease_expires_at", DateTime(timezone=True)),
    Column("leases", Integer, nullable=False, server_default=text("0")),
    Column("lane", Text, nullable=False, server_default=text("''")),
    Column("turn", BigInteger, nullable=False, server_default=text("1")),
    UniqueConstraint("client_id", "digest"),
)
"""One row per received package; it is also the queue. A client's same bytes are one row.

`turn` is its place in the queue: lanes take turns (see `lanes`).
"""

Index(
    "ix_packages_queue",
    packages.c.turn,
    packages.c.received_at,
    postgresql_where=packages.c.state.in_(("00", "01", "02")),
)
Index(
    "ix_packages_lane",
    packages.c.lane,
    packages.c.turn,
    postgresql_where=packages.c.state == "00",
)
Index("ix_packages_waiting", packages.c.turn, postgresql_where=packages.c.state == "00")

Index("ix_packages_list", packages.c.client_id, packages.c.received_at, packages.c.package_id)
Index(
    "ix_packages_finished_at",
    packages.c.finished_at,
    postgresql_where=packages.c.finished_at.is_not(None),
)

message_ids = Table(
    "message_ids",
    metadata,
    Column("school_code", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("package_id", Uuid, ForeignKey("packages.package_id"), nullable=False),
    Column("digest", Text, nullable=False),
)
"""Which package a school's message id belongs to: the first decided one that the school proved to
have sealed and that its sender might send."""

package_items = Table(
    "package_items",
    metadata,
    Column("package_id", Uuid, ForeignKey("packages.package_id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("student_code", Text),
    Column("result", CHAR(2), nullable=False),
    Column("transcript_code", Text),
    Column("original_sha256", Text),
    Column("findings", JSONB, nullable=False),
)
"""What became of each transcript: 01 thành công, 02 có lỗi. Written once with the decision."""

package_replies = Table(
    "package_replies",
    metadata,
    Column("package_id", Uuid, ForeignKey("packages.package_id"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
"""The signed reply of each package, as it is handed out."""

Index("ix_packages_digest", packages.c.digest)

package_holds = Table(
    "package_holds",
    metadata,
    Column("package_id", Uuid, ForeignKey("packages.package_id"), primary_key=True),
    Column("vault_version", Text),
    Column("retained_until", DateTime(timezone=True), nullable=False),
    Column("held_at", DateTime(timezone=True), nullable=False),
)
"""Which version of the object the vault locked before anything in the package was accepted, and
until when; the version is null in a folder, which has none."""

package_discards = Table(
    "package_discards",
    metadata,
    Column("package_id", Uuid, ForeignKey("packages.package_id"), primary_key=True),
    Column("discarded_at", DateTime(timezone=True), nullable=False),
)
"""Packages of which nothing was accepted and whose bytes are gone."""
