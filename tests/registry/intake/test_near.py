"""Nearly identical doors are reported with both rows; equal ones are linked."""

import pytest
from sqlalchemy import Engine

from geo import code as codes
from registry.intake.matching.repeat import NEAR as CODES
from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows

pytestmark = pytest.mark.thorough

HERE = {"longitude": LON, "latitude": LAT}
APART = {"longitude": "105.8420", "latitude": "21.0390"}  # 418 m
BESIDE = {"longitude": "105.83805", "latitude": "21.03862"}  # 6 m


def warned(engine: Engine) -> list[tuple[object, ...]]:
    """Row, code, value and fix of what the latest import found."""
    listed = ", ".join(f"'{code}'" for code in CODES)
    return rows(
        engine,
        "SELECT row_number, code, value, proposed_fix FROM import_problem"
        f" WHERE code IN ({listed}) AND import_id = (SELECT max(id) FROM import)"
        " ORDER BY row_number, code",
    )


@pytest.mark.gate
def test_similar_rows_in_a_file_name_each_other(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        door("12", "a", **HERE),
        door("12", "b", **BESIDE),  # the same door: linked
        door("12", "c", **APART),  # the same address, 418 m away
        door("14", "d", **HERE),  # another number at the same point
        door("16", "e", **APART, street="Phố Quán Thanhh"),  # a slip, but no number in common
        door("12", "f", street="Phố Quán Thamh", **BESIDE),  # the same number 6 m away
        door("12", "g", street="Phố Quán Sứ", **BESIDE),  # another street
        door("20", "h", unit="1", building="CT1", **BESIDE),
        door("20", "i", unit="2", building="CT1", **BESIDE),  # flats share a point
    )
    assert (result.new, result.linked) == (8, 1)
    assert warned(engine) == [
        (3, "near_same_address", "418 m", "dòng 1"),
        (4, "near_same_point", None, "dòng 1"),
        (5, "near_same_point", None, "dòng 3"),
        (6, "near_same_name", "6 m", "dòng 1"),
    ]
    assert result.near == {"near_same_address": 1, "near_same_name": 1, "near_same_point": 2}
    # A person decides; written rows are not questioned again.
    again = deliver(door("12", "a", **HERE), door("12", "c", **APART), door("14", "d", **HERE))
    assert (again.unchanged, again.near, again.warned) == (3, {}, 0)


def test_similar_records_in_the_register_are_named_by_code(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a", **HERE), door("30", "n"))
    ((code,),) = rows(engine, "SELECT code FROM household WHERE house_number = '12'")
    ((plain,),) = rows(engine, "SELECT code FROM household WHERE house_number = '30'")

    result = deliver(
        door("12", "1", **APART),
        door("14", "2", **HERE),
        door("12", "3", street="Phố Qúan Thanhg", **BESIDE),
        door("30", "4", street="Phố Quan Thanhg"),  # without a point, but the name is unknown
        door("12", "5", **BESIDE),  # linked
        source="buu_dien",
    )

    assert (result.new, result.linked) == (4, 1)
    one, other = f"mã {codes.format(str(code))}", f"mã {codes.format(str(plain))}"
    assert warned(engine) == [
        (1, "near_same_address", "418 m", one),
        (2, "near_same_point", None, one),
        (3, "near_same_name", "6 m", one),
        (4, "near_same_name", None, other),
    ]


def test_many_rows_at_one_point_and_common_names_are_not_slips(
    engine: Engine, deliver: Deliver
) -> None:
    crowd = [door(str(n), f"c{n}", **HERE) for n in range(1, 40)]
    both = [
        door("5", f"{commune}{street}", street=street, commune_code=commune)
        for commune in ("00004", "00097")
        for street in ("Lê Lợi", "Lê Lai")
    ]
    result = deliver(*crowd, *both)
    assert result.new == len(crowd) + len(both)
    assert {code for _, code, *_ in warned(engine)} == {"point_of_many"}  # a notice, of the crowd


def test_number_without_a_street_matches_the_door_at_its_point(deliver: Deliver) -> None:
    at = {"longitude": "105.8380", "latitude": "21.0386"}
    beside = {"longitude": "105.83805", "latitude": "21.0386"}
    deliver(door("12", "a", **at), door("14", "b", **at), door("12", "c", street="Láng", **beside))
    bare = {"street": ""}
    result = deliver(
        door("12", "x", **bare, **at),
        door("16", "y", **bare, **at),
        door("12", "z", **bare, longitude="105.8381", latitude="21.0386"),
        door("14", "w", **bare, **beside),
        source="other",
    )
    assert (result.linked, result.new) == (1, 3)
    assert result.problems["street_missing"] == 4


def test_number_without_a_street_is_new_if_two_doors_have_it(deliver: Deliver) -> None:
    at = {"longitude": "105.8380", "latitude": "21.0386"}
    deliver(door("12", "a", **at), door("12", "b", street="Láng", **at))
    result = deliver(door("12", "x", street="", **at), source="other")
    assert (result.linked, result.new) == (0, 1)


def in_place(number: str, place: str, ref: str, **fields: str) -> dict[str, str]:
    return {
        "source_ref": ref,
        "house_number": number,
        "locality": place,
        "commune_code": BA_DINH,
    } | fields


def test_same_number_in_possibly_identical_places_is_reported(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(
        in_place("2", "Tổ 5", "a"),
        in_place("2", "Tổ dân phố 5", "b"),  # the same group, by another kind
        in_place("2", "5", "c"),  # and by none
        in_place("2", "Tổ 5, Khu phố 3", "d"),  # the quarter around it
        in_place("2", "Tổ 6", "e"),  # others
        in_place("2", "Thôn 7", "f"),
        in_place("2", "Xóm 7", "g"),
        in_place("4", "TDP 5", "h"),  # another number
    )
    assert result.new == 8
    assert warned(engine) == [
        (2, "near_same_place", None, "dòng 1"),
        (3, "near_same_place", None, "dòng 1"),
        (4, "near_same_place", None, "dòng 1"),
    ]
    # As in the register: the street of a row, or distant points, decide.
    ((code,),) = rows(engine, "SELECT code FROM household WHERE house_number = '4'")
    deliver(
        in_place("4", "Tổ 5", "1"),
        in_place("4", "Tổ 5", "2", street="Phố Quán Thánh"),
        source="dien",
    )
    assert warned(engine) == [(1, "near_same_place", None, f"mã {codes.format(str(code))}")]


def test_distant_points_separate_places_of_similar_names(engine: Engine, deliver: Deliver) -> None:
    deliver(
        in_place("2", "Tổ 5", "a", **HERE),
        in_place("2", "Tổ dân phố 5", "b", **APART),
        in_place("2", "TDP 5", "c", **BESIDE),
    )
    assert (3, "near_same_place", "6 m", "dòng 1") in warned(engine)
    assert all(code != "near_same_place" for row, code, *_ in warned(engine) if row == 2)


@pytest.mark.parametrize("column", ["Tổ", "Thôn", "TDP"])
def test_header_gives_the_kind_of_a_bare_name(
    engine: Engine, deliver: Deliver, column: str
) -> None:
    kind = {"Tổ": "tổ", "Thôn": "thôn", "TDP": "tổ dân phố"}[column]
    deliver(
        {"số nhà": "2", column: "5", "mã xã": BA_DINH},
        {"số nhà": "4", column: "Khu phố 3", "mã xã": BA_DINH},
    )
    deliver({"địa chỉ": "Số 6", column: "5", "mã xã": BA_DINH})
    assert rows(
        engine,
        "SELECT h.house_number_key, l.kind, l.name FROM household h"
        " JOIN place l ON l.id = h.locality_id ORDER BY 1",
    ) == [("2", kind, "5"), ("4", "khu phố", "3"), ("6", kind, "5")]


def test_too_many_doors_at_one_point_are_reported(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        *(door(f"{n}", f"{n}", **HERE) for n in range(1, 22)),
        *(door("90", f"f{n}", unit=f"{n}", **APART) for n in range(1, 23)),  # flats share theirs
    )
    assert result.near == {"point_of_many": 21}
    assert result.warned == 0
    assert warned(engine)[:2] == [
        (1, "point_of_many", "21 nhà", None),
        (2, "point_of_many", "21 nhà", "dòng 1"),
    ]


def test_flat_with_and_without_its_block_letter_is_reported(
    engine: Engine, deliver: Deliver
) -> None:
    def flat(ref: str, number: str, building: str = "Tòa A") -> dict[str, str]:
        return door("20", ref, building=building, unit=number)

    result = deliver(
        flat("a", "1205"), flat("b", "A1205"), flat("c", "A12.06"), flat("d", "B1205"),
        flat("e", "A1205", "Tòa B"),
    )  # fmt: skip
    assert result.new == 5
    assert warned(engine) == [(2, "near_same_flat", None, "dòng 1")]

    other = deliver(flat("a", "1206"), flat("b", "A1205"), source="buu_dien")
    assert (other.new, other.linked) == (1, 1)
    assert warned(engine) == []

    again = deliver(flat("a", "A-1206"), flat("b", "A12-05"), flat("c", "A01207"), source="dien")
    ((code,),) = rows(
        engine,
        "SELECT code FROM household h WHERE unit_number = '1205' AND kind = 'household'"
        " AND building_key = 'a'",
    )
    assert again.new == 2
    assert warned(engine) == [
        (2, "near_same_flat", None, f"mã {codes.format(str(code))}"),
    ]


@pytest.mark.parametrize("several", ["12, 14", "12-14", "12 đến 14"])
def test_range_containing_an_existing_number_is_reported(
    engine: Engine, deliver: Deliver, several: str
) -> None:
    result = deliver(
        door("12", "a"), door("14A", "b"), door(several, "c"),
        door("12", "d", street="Phố Cửa Bắc"), door("20-22", "e"),
    )  # fmt: skip
    assert result.new == 5
    assert warned(engine) == [(3, "near_same_range", None, "dòng 1")]

    deliver(door("5/12", "a"), door("24", "b"), door("5/12-14", "c"), source="buu_dien")
    assert warned(engine) == [(3, "near_same_range", None, "dòng 1")]

    deliver(door("10-12", "a"), source="dien")
    known = shown_codes(engine, "12", "12-14")
    assert [(row, code, fix in known) for row, code, _, fix in warned(engine)] == [
        (1, "near_same_range", True)
    ]


def test_rows_at_one_point_are_one_door_in_any_order(engine: Engine, deliver: Deliver) -> None:
    """The first row of the address is elsewhere: hamlets have many houses without a number."""
    other = {"longitude": "105.8382", "latitude": "21.0390"}
    place = {"street": "", "locality": "thôn Đông"}
    unnumbered = [
        door("", ref, **place, **at)
        for ref, at in zip("abcd", (HERE, other, other, HERE), strict=True)
    ]
    numbered = [door("90", ref, **at) for ref, at in zip("efg", (HERE, APART, APART), strict=True)]
    result = deliver(*unnumbered, *numbered)
    assert (result.new, result.linked) == (4, 3)
    found = rows(
        engine,
        "SELECT row_number, proposed_fix FROM import_problem WHERE code = 'shares_door'"
        " ORDER BY row_number",
    )
    assert found == [(3, "2"), (4, "1"), (7, "6")]


def test_number_within_a_registered_range_is_reported(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12-14", "a"), door("30-36", "b"), door("50A-50C", "c"), door("60-62", "d"))
    result = deliver(
        door("12", "a"), door("32", "b"), door("50B", "c"), door("62-64", "d"),
        # Across the street, of another street, the same door, and before the first.
        door("33", "e"), door("12", "f", street="Phố Cửa Bắc"), door("30-36", "g"), door("50", "h"),
        source="buu_dien",
    )  # fmt: skip
    assert (result.new, result.linked) == (7, 1)
    expected = shown_codes(engine, "12-14", "30-36", "50A-50C", "60-62")
    assert warned(engine) == [
        (row, "near_same_range", None, code) for row, code in enumerate(expected, start=1)
    ]
    again = deliver(
        door("12", "a"), door("32", "b"), door("50B", "c"), door("62-64", "d"), source="buu_dien"
    )
    assert (again.unchanged, again.near) == (4, {})


def shown_codes(engine: Engine, *numbers: str) -> list[str]:
    """What a warning shows of the doors of Phố Quán Thánh with these numbers, in their order."""
    found = dict(
        rows(
            engine,
            "SELECT house_number_key, h.code FROM household h"
            " JOIN place t ON t.id = h.street_id WHERE t.name = 'Quán Thánh'",
        )
    )
    return [f"mã {codes.format(str(found[number]))}" for number in numbers]
