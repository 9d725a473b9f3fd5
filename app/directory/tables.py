"""The directory's tables, private to this package; the migrations make the same ones."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import metadata

schools = Table(
    "schools",
    metadata,
    Column("school_code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("province_code", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("levels", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
)
"""What a school is today."""

school_periods = Table(
    "school_periods",
    metadata,
    Column("school_code", Text, ForeignKey("schools.school_code"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("name", Text, nullable=False),
    Column("levels", ARRAY(Text), nullable=False),
    Column("province_code", Text, nullable=False),
    Column("commune_code", Text),
    Column("commune_name", Text),
    Column("successor_code", Text),
    CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="order"),
)
"""What it was when; the periods of one school do not overlap."""

school_staff = Table(
    "school_staff",
    metadata,
    Column("school_code", Text, ForeignKey("schools.school_code"), primary_key=True),
    Column("staff_code", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date),
    Column("name", Text, nullable=False),
    Column("personal_number_hash", LargeBinary),
    CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="order"),
)

teaching_assignments = Table(
    "teaching_assignments",
    metadata,
    Column("school_code", Text, ForeignKey("schools.school_code"), primary_key=True),
    Column("school_year", Integer, primary_key=True),
    Column("class_id", Text, primary_key=True),
    Column("subject_code", Text, primary_key=True),
    Column("semester", SmallInteger, primary_key=True),
    Column("staff_code", Text, primary_key=True),
    CheckConstraint("semester IN (1, 2)", name="semester"),
)
