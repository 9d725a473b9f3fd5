"""Reading a row back from the body that `as_written` made of it."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, DateTime, LargeBinary, Table


def row_from_body(table: Table, told: Mapping[str, Any]) -> dict[str, Any]:
    """Give the columns of a row; those that are not told are left out.

    Raises:
        ValueError: a day, a time or base64 is malformed.
    """
    return {
        column.name: _value(column.type, told[column.name])
        for column in table.columns
        if column.name in told
    }


def _value(kind: object, written: Any) -> Any:
    match kind, written:
        case _, None:
            return None
        case DateTime(), _:
            return datetime.fromisoformat(written)
        case Date(), _:
            return date.fromisoformat(written)
        case LargeBinary(), _:
            return b64decode(written, validate=True)
        case _:
            return written
