"""Streets and localities: named, renamed, merged, renumbered; former names are kept."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.errors import AddressTakenError, ConflictError, InvalidInputError
from registry.lifecycle.addresses import BLANK, refuse_taken
from tests.support.factories import TEST, make_event, make_household, make_street, make_unit
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town
from tests.support.refusal import refused
from tests.support.rivals import start_and_wait, thread

HERE = {"commune": COMMUNE}
WHY = {"commune": COMMUNE, "reason": "tests"}
FORMER = ("00199", "00187")
"""Communes of before July 2025 that met in this one."""


def wrong(error: pytest.ExceptionInfo[InvalidInputError]) -> list[tuple[str, str]]:
    errors: Any = error.value.extra["errors"]
    return [(item["field"], item["code"]) for item in errors]


def aliases(place: Town, key: str) -> list[tuple[int, int]]:
    """(the street that had the name, its current successor)."""
    return place.rows("SELECT named_id, place_id FROM place_alias WHERE key = :k", k=key)


def numbers(place: Town, code: str) -> list[str]:
    query = "SELECT house_number_key FROM household_former_number WHERE code = :c ORDER BY event_id"
    return [row[0] for row in place.rows(query, c=code)]


# --- names ---------------------------------------------------------------------------------------


def test_street_is_named_once(place: Town) -> None:
    done = place.do("name-street", **HERE, street="Phố Kim Ngưu")
    assert (done.place.kind, done.place.name) == ("phố", "Kim Ngưu")  # type: ignore[union-attr]
    with pytest.raises(ConflictError, match="already exists"):
        place.do("name-street", **HERE, street="Đường Kim Ngưu")
    place.do("name-street", commune=ELSEWHERE, street="Đường Kim Ngưu")
    place.do("name-street", **HERE, street="Đường Kim Ngưu", former_commune=FORMER[0])


def test_locality_is_created_inside_an_existing_one(place: Town) -> None:
    with pytest.raises(InvalidInputError) as raised:
        place.do("name-locality", **HERE, locality="Tổ 1, Khu phố 8")
    assert wrong(raised) == [("locality", "unknown_place")]
    place.do("name-locality", **HERE, locality="Khu phố 8")
    place.do("name-locality", **HERE, locality="Tổ 1, Khu phố 8")
    place.do("name-locality", **HERE, locality="Tổ 1")
    inner = place.house(None, None, locality="Tổ 1, Khu phố 8", **LANG)
    alone = place.house(None, None, locality="Tổ 1", **LANG)
    assert place.record(inner).localities == (("tổ", "1"), ("khu phố", "8"))
    assert place.record(alone).localities == (("tổ", "1"),)
    with pytest.raises(InvalidInputError) as raised:
        place.house(None, None, locality="Tổ 1, Khu phố 9", **LANG)
    assert wrong(raised) == [("locality", "unknown_locality")]


def test_renamed_street_is_found_by_both_names_and_no_household_is_rewritten(place: Town) -> None:
    place.street("Phố Cát Linh")
    code = place.house("1", "Cát Linh")
    before = place.row(code)
    done = place.do("rename-street", **HERE, street="Cát Linh", new_name="Đường Võ Văn Kiệt")
    assert done.rewritten == 0
    assert place.row(code) == before
    assert place.record(code).street_name == "Võ Văn Kiệt"
    assert aliases(place, "cat linh") == [(before.street_id,) * 2]
    with pytest.raises(InvalidInputError, match="Võ Văn Kiệt") as raised:
        place.house("2", "Cát Linh")
    assert wrong(raised) == [("street", "former_name")]


def test_former_name_can_be_given_to_another_street_after_a_rename(place: Town) -> None:
    place.street("Phố Giảng Võ")
    old = place.house("12", "Giảng Võ")
    place.do("rename-street", **HERE, street="Giảng Võ", new_name="Phố Núi Trúc")
    place.street("Phố Giảng Võ")
    new = place.house("12", "Giảng Võ")
    assert place.row(old).street_id != place.row(new).street_id
    assert aliases(place, "giang vo") == [(place.row(old).street_id,) * 2]


def test_street_renamed_back_does_not_list_its_current_name_as_former(place: Town) -> None:
    place.street("Phố Thành Công")
    place.do("rename-street", **HERE, street="Thành Công", new_name="Phố Nguyên Hồng")
    place.do("rename-street", **HERE, street="Nguyên Hồng", new_name="Phố Thành Công")
    assert aliases(place, "thanh cong") == []
    assert len(aliases(place, "nguyen hong")) == 1


def test_corrected_diacritics_do_not_create_a_former_name(place: Town) -> None:
    place.street("Phố Huynh Thuc Khang")
    place.do("rename-street", **HERE, street="Huynh Thuc Khang", new_name="Phố Huỳnh Thúc Kháng")
    assert aliases(place, "huinh thuc khang") == []
    with pytest.raises(ConflictError, match="already"):
        place.do("rename-street", **HERE, street="Huỳnh Thúc Kháng", new_name="Huỳnh Thúc Kháng")


def test_rename_to_the_name_of_another_street_is_refused(place: Town) -> None:
    place.street("Phố Đê La Thành")
    place.street("Phố Hào Nam")
    with pytest.raises(ConflictError, match="merge them"):
        place.do("rename-street", **HERE, street="Hào Nam", new_name="Phố Đê La Thành")


def test_streets_of_one_name_are_distinguished_by_former_commune(place: Town) -> None:
    for former in FORMER:
        place.do("name-street", **HERE, street="Phố Nguyễn Trãi", former_commune=former)
    with pytest.raises(InvalidInputError) as raised:
        place.do("rename-street", **HERE, street="Nguyễn Trãi", new_name="Phố A")
    assert wrong(raised) == [("street", "ambiguous_place")]
    place.do(
        "rename-street",
        **HERE,
        street="Nguyễn Trãi",
        former_commune=FORMER[1],
        new_name="Phố Thượng Trãi",
    )
    code = place.house("1", "Nguyễn Trãi", former_commune=FORMER[0])
    assert place.record(code).street_name == "Nguyễn Trãi"


def test_renamed_locality_keeps_its_contents(place: Town) -> None:
    place.do("name-locality", **HERE, locality="Thôn Bắc")
    place.do("name-locality", **HERE, locality="Xóm 2, Thôn Bắc")
    code = place.house("5", None, locality="Xóm 2, Thôn Bắc")
    place.do("rename-locality", **HERE, locality="Thôn Bắc", new_name="Tổ dân phố 15")
    assert place.record(code).localities == (("xóm", "2"), ("tổ dân phố", "15"))
    assert len(aliases(place, "thon bac")) == 1


# --- mergers -------------------------------------------------------------------------------------


def test_merged_street_moves_its_doors_to_the_other(place: Town) -> None:
    place.street("Ngõ Chùa Nền")
    place.street("Phố Chùa Láng")
    moved, retired = place.house("12", "Ngõ Chùa Nền"), place.house("14", "Ngõ Chùa Nền")
    place.retire(retired)
    old = place.row(moved).street_id
    done = place.do("merge-street", **WHY, street="Ngõ Chùa Nền", into="Phố Chùa Láng")
    assert done.rewritten == 2
    new = place.row(moved).street_id
    assert place.record(moved).street_name == "Chùa Láng"
    assert aliases(place, "ngo chua nen") == [(old, new)]
    remembered = place.rows(
        "SELECT street_id, house_number_key FROM household_former_number WHERE code = :c",
        c=moved,
    )
    assert remembered == [(old, "12")]
    with pytest.raises(InvalidInputError, match="Chùa Láng") as raised:
        place.house("16", "Ngõ Chùa Nền")
    assert wrong(raised) == [("street", "former_name")]


def test_former_names_are_followed_through_a_second_merger(place: Town) -> None:
    for name in ("Phố Một A", "Phố Hai A", "Phố Ba A"):
        place.street(name)
    code = place.house("1", "Một A")
    first = place.row(code).street_id
    place.do("rename-street", **HERE, street="Một A", new_name="Phố Không A")
    place.do("merge-street", **WHY, street="Không A", into="Hai A")
    place.do("merge-street", **WHY, street="Hai A", into="Ba A")
    last = place.row(code).street_id
    for key in ("mot a", "khong a"):
        assert aliases(place, key) == [(first, last)]
    assert numbers(place, code) == ["1", "1"]


def test_colliding_numbers_in_a_merger_are_reported_unless_confirmed(place: Town) -> None:
    for name in ("Phố Bốn A", "Phố Năm A"):
        place.street(name)
    one, other = place.house("8", "Bốn A"), place.house("8", "Năm A")
    with pytest.raises(AddressTakenError, match="8"):
        place.do("merge-street", **WHY, street="Bốn A", into="Năm A")
    place.do("merge-street", **WHY, street="Bốn A", into="Năm A", same_address=True)
    assert place.row(one).street_id == place.row(other).street_id


def test_merger_is_limited_to_one_commune(place: Town) -> None:
    place.street("Phố Sáu A")
    place.do("name-street", commune=ELSEWHERE, street="Phố Bảy A")
    with pytest.raises(InvalidInputError) as raised:
        place.do("merge-street", **WHY, street="Sáu A", into="Bảy A")
    assert wrong(raised) == [("into", "unknown_place")]
    with pytest.raises(InvalidInputError) as raised:
        place.do("merge-street", **WHY, street="Sáu A", into="Phố Sáu A")
    assert wrong(raised) == [("into", "given_twice")]


def test_merged_locality_moves_all_its_contents(place: Town) -> None:
    for name in ("Thôn Đông", "Thôn Đoài", "Xóm 1, Thôn Đông", "Xóm 9, Thôn Đoài"):
        place.do("name-locality", **HERE, locality=name)
    inner = place.house(None, None, locality="Xóm 1, Thôn Đông", **LANG)
    hamlet = place.house("3", None, locality="Thôn Đông")
    street = place.house("301", locality="Thôn Đông")
    place.do("merge-locality", **WHY, locality="Thôn Đông", into="Thôn Đoài")
    assert place.record(inner).localities == (("xóm", "1"), ("thôn", "Đoài"))
    assert place.record(hamlet).localities == (("thôn", "Đoài"),)
    # A number along a street is not renamed by its hamlet.
    assert (numbers(place, hamlet), numbers(place, street)) == (["3"], [])


def test_localities_with_equally_named_contents_are_not_merged(place: Town) -> None:
    for name in ("Ấp 1", "Ấp 2", "Tổ 5, Ấp 1", "Tổ 5, Ấp 2"):
        place.do("name-locality", **HERE, locality=name)
    with pytest.raises(ConflictError, match="merge or rename those first"):
        place.do("merge-locality", **WHY, locality="Ấp 1", into="Ấp 2")
    with pytest.raises(InvalidInputError) as raised:
        place.do("merge-locality", **WHY, locality="Ấp 1", into="Tổ 5, Ấp 1")
    assert wrong(raised) == [("into", "inside_itself")]
    place.do("merge-locality", **WHY, locality="Tổ 5, Ấp 1", into="Tổ 5, Ấp 2")
    place.do("merge-locality", **WHY, locality="Ấp 1", into="Ấp 2")


# --- numbers from a table ------------------------------------------------------------------------


def renumber(place: Town, street: str, *pairs: tuple[str, str]) -> int:
    table = [{"old": old, "new": new} for old, new in pairs]
    return place.do("renumber-street", **HERE, street=street, numbers=table).rewritten


def test_numbers_of_a_street_can_be_swapped(place: Town) -> None:
    place.street("Phố Tám A")
    codes = {number: place.house(number, "Tám A") for number in ("2", "4", "6", "8")}
    assert renumber(place, "Tám A", ("2", "4"), ("4", "2"), ("6", "10A"), ("8", "08")) == 3
    now = {number: place.record(code).house_number_key for number, code in codes.items()}
    assert now == {"2": "4", "4": "2", "6": "10A", "8": "8"}
    assert [numbers(place, code) for code in codes.values()] == [["2"], ["4"], ["6"], []]


def test_flats_get_the_new_number_of_their_building(place: Town) -> None:
    place.street("Phố Chín A")
    block = place.house("5", "Chín A", kind="building", building="CT5")
    flat = place.house("5", "Chín A", unit_number="101", parent=block)
    assert renumber(place, "Chín A", ("5", "7")) == 2
    assert place.record(flat).house_number_key == place.record(block).house_number_key == "7"


@pytest.mark.parametrize(
    ("pairs", "error"),
    [
        ([("3", "5")], ("numbers", "unknown_number")),
        ([("1", "3"), ("1", "5")], ("numbers.1.old", "given_twice")),
        ([("1", "9"), ("5", "09")], ("numbers.1.new", "given_twice")),
        ([("1", "5"), ("5", "5")], ("numbers.1.new", "given_twice")),
        ([("1", "ngõ 3")], ("numbers.0.new", "unreadable")),
        ([("nhà", "3")], ("numbers.0.old", "unreadable")),
    ],
)
def test_invalid_renumbering_table_is_refused_as_a_whole(
    place: Town, pairs: list[tuple[str, str]], error: tuple[str, str]
) -> None:
    if not place.rows("SELECT 1 FROM place WHERE class = 'street' AND name = 'Mười A'"):
        place.street("Phố Mười A")
        for number in ("1", "5", "7"):
            place.house(number, "Mười A")
    with pytest.raises(InvalidInputError) as raised:
        renumber(place, "Mười A", *pairs)
    assert wrong(raised)[0] == error


def test_number_of_a_door_outside_the_table_is_not_reassigned(place: Town) -> None:
    place.street("Phố Mười Một A")
    for number in ("1", "3"):
        place.house(number, "Mười Một A")
    with pytest.raises(AddressTakenError, match="3"):
        renumber(place, "Mười Một A", ("1", "3"))


def test_numbers_of_a_locality_are_swapped_but_not_those_of_its_streets(
    place: Town,
) -> None:
    for name in ("Thôn Sáu A", "Xóm 6, Thôn Sáu A"):
        place.do("name-locality", **HERE, locality=name)
    doors = {n: place.house(n, None, locality="Thôn Sáu A") for n in ("2", "4", "6")}
    street = place.house("602", locality="Thôn Sáu A")
    inner = place.house("2", None, locality="Xóm 6, Thôn Sáu A")
    table = [{"old": "2", "new": "4"}, {"old": "4", "new": "2"}, {"old": "6", "new": "8/1"}]
    done = place.do("renumber-locality", **HERE, locality="Thôn Sáu A", numbers=table)
    assert done.rewritten == 3
    now = {number: place.record(code).house_number_key for number, code in doors.items()}
    assert now == {"2": "4", "4": "2", "6": "8/1"}
    assert [numbers(place, code) for code in doors.values()] == [["2"], ["4"], ["6"]]
    # Numbers count in the innermost locality, and along the street where there is one.
    assert (place.record(street).house_number_key, place.record(inner).house_number_key) == (
        "602",
        "2",
    )


def test_renumbering_a_locality_excludes_numbers_of_its_streets(place: Town) -> None:
    place.do("name-locality", **HERE, locality="Thôn Bảy A")
    place.house("702", locality="Thôn Bảy A")
    for number in ("1", "3"):
        place.house(number, None, locality="Thôn Bảy A")
    given = {**HERE, "locality": "Thôn Bảy A"}
    with pytest.raises(InvalidInputError) as raised:
        place.do("renumber-locality", **given, numbers=[{"old": "702", "new": "704"}])
    assert wrong(raised) == [("numbers", "unknown_number")]
    with pytest.raises(AddressTakenError, match="3"):
        place.do("renumber-locality", **given, numbers=[{"old": "1", "new": "3"}])
    # A number used only in the street is free in the locality.
    place.do("renumber-locality", **given, numbers=[{"old": "1", "new": "702"}])


# --- what the database itself guards -------------------------------------------------------------


def test_database_refuses_an_invalid_merge_target(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    street = make_street(session, unit_id=unit)
    far = make_street(session, unit_id=other)
    merge = text("UPDATE place SET merged_into_id = :into, key = '#' || id WHERE id = :id")
    for into in (street, far):
        with refused(session, by="place_merged"):
            session.execute(merge, {"id": street, "into": into})
    dead = make_street(session, unit_id=unit, name="Cũ")
    session.execute(merge, {"id": dead, "into": street})
    live = make_street(session, unit_id=unit, name="Mới")
    with refused(session, by="place_merged"):
        session.execute(merge, {"id": live, "into": dead})
    with refused(session, by="place_merged"):
        session.execute(
            text("UPDATE place SET merged_into_id = NULL, key = 'cu' WHERE id = :id"),
            {"id": dead},
        )
    with refused(session, by="household_references", message="street is not in its commune"):
        make_household(session, unit_id=unit, street_id=dead)


def test_removed_record_leaves_no_former_number(session: Session) -> None:
    codes = [make_household(session) for _ in range(2)]
    for code in codes:
        session.execute(
            text(
                "INSERT INTO household_former_number (code, house_number, house_number_key)"
                " VALUES (:code, '1', '1')"
            ),
            {"code": code},
        )
    session.execute(text("DELETE FROM household WHERE code = :code"), {"code": codes[0]})
    left = session.scalars(
        text("SELECT code FROM household_former_number WHERE code = ANY (:codes)"),
        {"codes": codes},
    )
    assert left.all() == codes[1:]


def test_former_names_move_with_their_street_to_another_commune(session: Session) -> None:
    unit, other = make_unit(session), make_unit(session)
    street = make_street(session, unit_id=unit, name="Cũ")
    make_event(session, TEST)
    session.execute(
        text("UPDATE place SET key = 'moi', name = 'Mới' WHERE id = :id"), {"id": street}
    )
    session.execute(
        text("UPDATE place SET unit_id = :unit WHERE id = :id"),
        {"unit": other, "id": street},
    )
    alias = session.execute(
        text("SELECT key, unit_id FROM place_alias WHERE named_id = :id"), {"id": street}
    ).one()
    assert tuple(alias) == ("cũ", other)


@pytest.fixture
def own_engine(fresh_database: Callable[[], str]):  # type: ignore[no-untyped-def]
    engine = make_engine(fresh_database(), pool_size=4)
    yield engine
    engine.dispose()


def test_household_waiting_for_a_merger_is_not_put_into_the_merged_street(
    own_engine: Engine,
) -> None:
    with session_scope(own_engine) as session:
        unit = make_unit(session)
        dead = make_street(session, unit_id=unit, name="Cũ")
        into = make_street(session, unit_id=unit, name="Mới")

    def late(session: Session) -> None:
        with refused(session, by="household_references"):
            make_household(session, unit_id=unit, street_id=dead)

    with thread() as pool, Session(own_engine) as one, Session(own_engine) as two:
        make_event(one)
        one.execute(
            text("UPDATE place SET merged_into_id = :i, key = '#' || id WHERE id = :d"),
            {"i": into, "d": dead},
        )
        make_event(two)
        waiting = start_and_wait(pool, own_engine, two, late)
        assert not waiting.done()
        one.commit()
        waiting.result()


def test_concurrent_requests_cannot_take_the_same_address(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        unit = make_unit(session)
        street = make_street(session, unit_id=unit)
    door = BLANK | {"unit_id": unit, "street_id": street, "house_number_key": "7"}
    with thread() as pool, Session(own_engine) as one, Session(own_engine) as two:
        refuse_taken(one, door)
        waiting = start_and_wait(pool, own_engine, two, lambda late: refuse_taken(late, door))
        assert not waiting.done()
        number = {"house_number": "7", "house_number_key": "7"}
        make_household(one, unit_id=unit, street_id=street, **number)
        one.commit()
        with pytest.raises(AddressTakenError):
            waiting.result()
