from datetime import UTC, datetime

from sqlalchemy import Column, Text, false, true

from app.clients.accounts import Caller, Kind
from app.clients.partition import PlaceColumns, visible_packages

ROWS = PlaceColumns(school_code=Column("school", Text), province_code=Column("province", Text))
NOW = datetime(2026, 6, 10, tzinfo=UTC)


def test_a_relying_party_sees_no_package_and_the_ministry_every_one() -> None:
    for kind, condition in ((Kind.RELYING_PARTY, false()), (Kind.MINISTRY, true())):
        caller = Caller(client_id="a", name="Mẫu", scopes=frozenset(), kind=kind)
        assert visible_packages(caller, Column("sender", Text), ROWS, NOW) is condition
