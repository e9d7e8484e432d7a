"""The records of a commune, as its desk lists them."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from registry.core.database import session_scope
from registry.records.desk_records import (
    Wanted,
    affected,
    list_places,
    list_records,
    list_spots,
    read_search,
)
from tests.support.lifecycle import COMMUNE, LANG, Town, town


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    """Two streets, and a hamlet with a group inside."""
    with town(admin_url, f"desk_records_{worker_id}") as made:
        made.street("Đường Bằng")
        made.do("rename-street", commune=COMMUNE, street="Đường Bằng", new_name="Đường Án")
        for name in ("Thôn Đoài", "Tổ 1, Thôn Đoài"):
            made.do("name-locality", commune=COMMUNE, locality=name)
        yield made


IDENTIFIED = """INSERT INTO external_id (code, scheme, value, valid)
VALUES (:code, 'dia_chi_so', '1152812345', '[2026-01-01,)')"""


@pytest.fixture(scope="module")
def doors(place: Town) -> dict[str, str]:
    found = {number: place.house(number) for number in ("10", "2", "2A", "2/10", "2/9", "100")}
    found["án 7"] = place.house("7", "Đường Án", **LANG)
    found["twin"] = (
        place.do(
            "propose", commune=COMMUNE, street="Phố Láng", house_number="10", same_address=True
        )
        .records[0]
        .code
    )
    found["group"] = place.house(None, None, locality="Tổ 1, Thôn Đoài", **LANG)
    found["hamlet"] = place.house("5", None, locality="Thôn Đoài")
    place.do("renumber", code=found["100"], house_number="99")
    place.do("renumber", code=found["100"], house_number="100")
    place.do("verify", code=found["2"])
    shop = [{"use": "dwelling"}, {"use": "business", "name": "Quán Phở Thìn"}]
    place.do("uses", code=found["2/9"], uses=shop)
    with session_scope(place.engine) as session:
        session.execute(text(IDENTIFIED), {"code": found["2/10"]})
    found["gone"] = place.house("300")
    place.retire(found["gone"])
    found["held"] = place.do("reserve", count=1, commune=COMMUNE).records[0].code
    return found


def unit_of(place: Town, code: str) -> int:
    return int(place.row(code).unit_id)


LIVING = ["án 7", "2", "2A", "2/9", "2/10", "10", "twin", "100", "hamlet", "group"]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_list_pages_through_every_door_once_in_street_order(
    place: Town, doors: dict[str, str], limit: int
) -> None:
    wanted, seen, after = Wanted(unit_of(place, doors["2"])), list[str](), None
    names = {code: name for name, code in doors.items()}
    with session_scope(place.engine) as session:
        while True:
            page = list_records(session, wanted, after, limit=limit)
            assert page.total == len(LIVING)
            seen += [record.code for record in page.records]
            if not page.more:
                break
            after = seen[-1]
    found = [names[code] for code in seen]
    # Of two doors of one address, and of two hamlets, the codes and ids decide.
    assert sorted(found) == sorted(LIVING)
    assert [name for name in found if name not in ("twin", "10", "hamlet", "group")] == [
        name for name in LIVING if name not in ("twin", "10", "hamlet", "group")
    ]
    assert set(found[5:7]) == {"10", "twin"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "proposed"}, {"twin"}),
        ({"status": "reserved"}, {"held"}),
        ({"status": "retired"}, {"gone"}),
        ({"no_point": True}, set(LIVING) - {"án 7", "group"}),
        ({"unverified": True}, set(LIVING) - {"2"}),
        ({"doubled": True}, {"10", "twin"}),
        ({"doubled": True, "status": "active"}, {"10"}),
        ({"number_key": "2"}, {"2", "2/9", "2/10"}),
        ({"number_key": "2/"}, {"2/9", "2/10"}),
        ({"number_key": "10"}, {"10", "twin"}),
        ({"street_id": 0}, {"hamlet", "group"}),
        ({"street": "án"}, {"án 7"}),
        ({"locality_id": 0}, set(LIVING) - {"hamlet", "group"}),
        ({"locality": "Đoài"}, {"hamlet", "group"}),
        ({"locality": "1"}, {"group"}),
        ({"search": "99"}, {"100"}),
        ({"search": "99 Phố Láng"}, {"100"}),
        ({"search": "99 Đường Án"}, set()),
        ({"search": "đường bằng"}, {"án 7"}),
        ({"search": "7 bang"}, {"án 7"}),
        ({"search": "đường án"}, {"án 7"}),
        ({"search": "Thôn Đoài"}, {"hamlet", "group"}),
        ({"search": "phở thìn"}, {"2/9"}),
        ({"search": "Quán Phở"}, {"2/9"}),
        ({"search": "1152812345"}, {"2/10"}),
        ({"search": "1152812346"}, set()),
    ],
)
def test_filters_select_records(
    place: Town, doors: dict[str, str], filters: dict[str, Any], expected: set[str]
) -> None:
    unit = unit_of(place, doors["2"])
    names = {code: name for name, code in doors.items()}
    with session_scope(place.engine) as session:
        streets, localities = list_places(session, unit)
        known = {each.name.lower(): each.id for each in streets}
        around = {each.name: each.id for each in localities}
        given = {n: v for n, v in filters.items() if n not in ("street", "locality")}
        if "street" in filters:
            given["street_id"] = known[filters["street"]]
        if "locality" in filters:
            given["locality_id"] = around[filters["locality"]]
        if "search" in given:
            searched = read_search(given.pop("search"))
            assert searched is not None
            given |= searched._asdict()
        wanted = Wanted(unit, **given)
        page = list_records(session, wanted)
        spots = list_spots(session, wanted)
    assert {names[record.code] for record in page.records} == expected
    assert {names[spot.code] for spot in spots} == expected & {"án 7", "group"}


def test_affected_counts_what_depends_on_the_records(place: Town, doors: dict[str, str]) -> None:
    place.do("correct", code=doors["100"], households_count=3)
    with session_scope(place.engine) as session:
        found = affected(session, [doors["100"], doors["held"]])
    assert (found.households, found.flats, found.plates, found.reports) == (3, 0, 1, 0)
