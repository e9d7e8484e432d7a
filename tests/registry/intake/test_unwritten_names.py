"""A place with an impossible Vietnamese spelling is created only after confirmation."""

import pytest
from sqlalchemy import Engine, text

from registry.core.database import session_scope
from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows

pytestmark = pytest.mark.thorough

ASKED = "SELECT row_number, field, value FROM import_problem WHERE code = 'name_misspelled'"


@pytest.mark.gate
def test_new_places_with_impossible_spellings_are_questioned(
    engine: Engine, deliver: Deliver
) -> None:
    hamlet = {"commune_code": BA_DINH, "longitude": LON, "latitude": LAT}
    result = deliver(
        door("1", "1", street="Trầ Phú"),
        door("2", "2", street="Pasteur"),
        door("3", "3", street="Hòang Văn Thụ"),
        hamlet | {"source_ref": "4", "house_number": "4", "locality": "Thôn Đoồng, Xóm Đấ"},
        hamlet | {"source_ref": "5", "house_number": "5", "locality": "Buôn Jú"},
        door("6", "6", building="Bàt Đàn", unit="101"),
        door("7", "7", building="Royal City, R5", unit="101"),
    )
    assert (result.new, result.rejected) == (4, 3)
    assert rows(engine, f"{ASKED} ORDER BY row_number") == [
        (1, "street", "Trầ Phú"),
        (4, "locality", "Đoồng"),
        (6, "building", "Bàt Đàn"),
    ]
    assert rows(engine, "SELECT name FROM place WHERE class = 'locality'") == [("Jú",)]


def test_known_place_name_is_not_questioned(engine: Engine, deliver: Deliver) -> None:
    deliver(door("1", "1", street="Tran Phu"))
    with session_scope(engine) as session:  # as a record made by hand leaves it
        session.execute(
            text("UPDATE place SET name = 'Trầ Phú', key = 'tra phu' WHERE class = 'street'")
        )
    again = deliver(door("3", "3", street="Trầ Phú"))
    assert (again.new, again.problems) == (1, {})
