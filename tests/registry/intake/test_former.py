"""Files with former names and numbers: they match the current doors."""

from typing import Any

import pytest
from sqlalchemy import Engine

from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows

pytestmark = pytest.mark.thorough

AFAR = {"longitude": "105.8395", "latitude": LAT}
HERE = {"longitude": LON, "latitude": LAT}


def do(engine: Engine, name: str, **fields: Any) -> None:
    """Perform an operation in the commune, as a clerk would."""
    made = BY_NAME[name]
    given = {"commune": BA_DINH} if "commune" in made.request.model_fields else {}
    given |= {"reason": "tests"} if "reason" in made.request.model_fields else {}
    perform(engine, made, made.request.model_validate(given | fields), actor="tests")


def rename(engine: Engine, old: str, new: str) -> None:
    do(engine, "rename-street", street=old, new_name=new)


def renumber(engine: Engine, street: str, **numbers: str) -> None:
    """`_12="14"`: 12 becomes 14."""
    table = [{"old": old.strip("_"), "new": new} for old, new in numbers.items()]
    do(engine, "renumber-street", street=street, numbers=table)


def codes(engine: Engine) -> dict[object, object]:
    """Code by reference."""
    return dict(rows(engine, "SELECT source_ref, code FROM household_ref"))  # type: ignore[arg-type]


def problems(engine: Engine) -> list[tuple[object, ...]]:
    """Code, value and fix of what the latest import found."""
    return rows(
        engine,
        "SELECT code, value, proposed_fix FROM import_problem"
        " WHERE import_id = (SELECT max(id) FROM import) ORDER BY row_number, code",
    )


@pytest.mark.gate
def test_former_street_name_matches_the_current_door(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    rename(engine, "Phố Quán Thánh", "Đường Võ Văn Kiệt")

    result = deliver(door("12", "x"), source="buu_dien")

    assert (result.new, result.linked, result.problems) == (0, 1, {"former_name": 1})
    assert problems(engine) == [("former_name", "phố Quán Thánh", "đường Võ Văn Kiệt")]
    assert codes(engine)["x"] == codes(engine)["a"]
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Võ Văn Kiệt",)]


def test_new_houses_under_a_former_name_join_the_current_street(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"))
    rename(engine, "Phố Quán Thánh", "Đường Võ Văn Kiệt")

    # Two writings of one door: one code.
    result = deliver(door("20", "x"), door("20", "y", street="Võ Văn Kiệt"), source="buu_dien")

    assert (result.new, result.linked) == (1, 1)
    assert result.problems == {"former_name": 1, "shares_door": 1}
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Võ Văn Kiệt",)]


def test_row_with_a_known_reference_is_unchanged_under_the_former_name(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"))
    rename(engine, "Phố Quán Thánh", "Đường Võ Văn Kiệt")

    # Another column: the row is looked at again.
    result = deliver(door("12", "a", households_count="2"))

    assert (result.changed, result.problems) == (1, {"former_name": 1})
    again = deliver(door("12", "a"))
    assert (again.new, again.changed) == (0, 1)
    assert rows(engine, "SELECT t.name FROM household h JOIN place t ON t.id = h.street_id") == [
        ("Võ Văn Kiệt",)
    ]


def test_rows_without_reference_keep_their_codes_after_a_rename(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12"))
    before = codes(engine)
    rename(engine, "Phố Quán Thánh", "Đường Võ Văn Kiệt")

    result = deliver(door("12", households_count="2"))

    assert (result.new, result.linked, result.changed) == (0, 0, 1)
    assert codes(engine) == before


def test_name_of_a_current_street_means_that_street(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    rename(engine, "Phố Quán Thánh", "Đường Võ Văn Kiệt")
    do(engine, "name-street", street="Phố Quán Thánh")

    result = deliver(door("12", "x"), source="buu_dien")

    assert (result.new, result.linked, result.problems) == (1, 0, {})


def test_reference_decides_between_a_former_and_a_current_street(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"))
    rename(engine, "Phố Quán Thánh", "Đường Võ Văn Kiệt")
    do(engine, "name-street", street="Phố Quán Thánh")

    result = deliver(door("12", "a", households_count="1"))

    assert (result.changed, result.unchanged, result.problems) == (0, 1, {"former_name": 1})
    assert rows(engine, "SELECT t.name FROM household h JOIN place t ON t.id = h.street_id") == [
        ("Võ Văn Kiệt",)
    ]


def test_name_of_two_former_streets_is_questioned(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    rename(engine, "Phố Quán Thánh", "Phố Một")
    deliver(door("12", "c", street="Phố Hai"), source="two")
    rename(engine, "Phố Hai", "Phố Quán Thánh")
    rename(engine, "Phố Quán Thánh", "Phố Ba")

    result = deliver(door("12", "x"), source="buu_dien")

    assert (result.new, result.linked, result.rejected) == (0, 0, 1)
    assert problems(engine) == [("former_address_unclear", "phố Quán Thánh", "phố Ba; phố Một")]


def test_merged_street_matches_its_successor_and_its_numbers_their_doors(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"), door("30", "b", street="Phố Hàng Than"))
    do(engine, "merge-street", street="Phố Hàng Than", into="Phố Quán Thánh")
    renumber(engine, "Phố Quán Thánh", _30="40")

    result = deliver(
        door("30", "x", street="Phố Hàng Than"),
        # There was never a 12 in Hàng Than: the row is ambiguous.
        door("12", "y", street="Phố Hàng Than"),
        source="buu_dien",
    )

    assert (result.new, result.linked, result.rejected) == (0, 1, 1)
    assert codes(engine)["x"] == codes(engine)["b"]
    assert problems(engine) == [
        ("former_name", "phố Hàng Than", "phố Quán Thánh"),
        ("former_number", "30", "40"),
        ("former_address_unclear", "12", None),
        ("former_name", "phố Hàng Than", "phố Quán Thánh"),
    ]


def test_former_number_matches_the_door_that_had_it(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"), door("14", "b"))
    renumber(engine, "Phố Quán Thánh", _12="21")

    result = deliver(door("12", "x"), door("14", "y"), source="buu_dien")

    assert (result.new, result.linked, result.problems) == (0, 2, {"former_number": 1})
    assert problems(engine) == [("former_number", "12", "21")]
    assert (codes(engine)["x"], codes(engine)["y"]) == (codes(engine)["a"], codes(engine)["b"])


def test_former_number_far_away_is_a_new_house(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a", **HERE))
    renumber(engine, "Phố Quán Thánh", _12="21")

    result = deliver(door("12", "x", **AFAR), source="buu_dien")

    assert (result.new, result.linked, result.problems) == (1, 0, {})


def test_reference_keeps_its_house_when_another_has_its_number(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"), door("14", "b"))
    renumber(engine, "Phố Quán Thánh", _12="14", _14="12")
    before = rows(engine, "SELECT code, house_number_key FROM household ORDER BY code")

    result = deliver(door("12", "a", households_count="1"), door("14", "b", households_count="1"))

    assert (result.changed, result.unchanged) == (0, 2)
    assert result.problems == {"former_number": 2}
    assert problems(engine) == [("former_number", "12", "14"), ("former_number", "14", "12")]
    assert rows(engine, "SELECT code, house_number_key FROM household ORDER BY code") == before


def test_number_of_two_houses_matches_the_current_one_with_a_warning(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"), door("14", "b"))
    renumber(engine, "Phố Quán Thánh", _12="14", _14="12")

    result = deliver(door("12", "x"), source="buu_dien")

    assert (result.linked, result.problems) == (1, {"number_of_two_houses": 1})
    assert codes(engine)["x"] == codes(engine)["b"]
    assert problems(engine) == [("number_of_two_houses", "12", "14")]


def test_point_distinguishes_the_former_and_current_house_of_a_number(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a", **HERE), door("14", "b", **AFAR))
    renumber(engine, "Phố Quán Thánh", _12="14", _14="12")

    result = deliver(door("12", "x", **HERE), door("12", "y", **AFAR), source="buu_dien")

    assert (result.new, result.linked, result.problems) == (0, 2, {"former_number": 1})
    assert (codes(engine)["x"], codes(engine)["y"]) == (codes(engine)["a"], codes(engine)["b"])


def test_number_of_several_former_doors_is_questioned(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"), door("14", "b"))
    renumber(engine, "Phố Quán Thánh", _12="21")
    renumber(engine, "Phố Quán Thánh", _14="12")
    renumber(engine, "Phố Quán Thánh", _12="23")

    result = deliver(door("12", "x"), source="buu_dien")

    assert (result.new, result.linked, result.rejected) == (0, 0, 1)
    assert result.problems == {"former_address_unclear": 1}


def test_number_moved_to_another_street_matches_there(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"), door("1", "b", street="Phố Hàng Than"))
    do(engine, "merge-street", street="Phố Hàng Than", into="Phố Quán Thánh")

    result = deliver(door("1", "b", street="Phố Hàng Than", households_count="1"))

    assert (result.changed, result.unchanged) == (0, 1)
    assert codes(engine)["b"] != codes(engine)["a"]


def hamlet(name: str, ref: str, number: str = "5", **fields: str) -> dict[str, str]:
    """A row of a house located only by its hamlet."""
    row = {"source_ref": ref, "house_number": number, "locality": name, "commune_code": BA_DINH}
    return row | fields


def test_former_hamlet_name_matches_the_current_door(engine: Engine, deliver: Deliver) -> None:
    deliver(hamlet("Xóm 3, Thôn Đông", "a"), hamlet("Thôn Đông", "b", "7"))
    do(engine, "rename-locality", locality="Thôn Đông", new_name="Tổ dân phố 9")

    result = deliver(
        hamlet("Xóm 3, Thôn Đông", "x"), hamlet("Thôn Đông", "y", "7"), source="buu_dien"
    )

    assert (result.new, result.linked, result.problems) == (0, 2, {"former_name": 2})
    assert problems(engine)[0] == ("former_name", "thôn Đông", "tổ dân phố 9")
    assert (codes(engine)["x"], codes(engine)["y"]) == (codes(engine)["a"], codes(engine)["b"])
    assert rows(engine, "SELECT name FROM place WHERE class = 'locality' ORDER BY id") == [
        ("9",),
        ("3",),
    ]


def test_renamed_hamlet_of_another_village_is_not_matched(engine: Engine, deliver: Deliver) -> None:
    deliver(hamlet("Xóm 3, Thôn Đông", "a"), hamlet("Thôn Tây", "b", "7"))
    do(engine, "rename-locality", locality="Xóm 3, Thôn Đông", new_name="Xóm 8")

    result = deliver(
        hamlet("Xóm 3, Thôn Tây", "x"), hamlet("Xóm 3, Thôn Đông", "y"), source="buu_dien"
    )

    assert (result.new, result.linked, result.problems) == (1, 1, {"former_name": 1})
    assert codes(engine)["y"] == codes(engine)["a"]


def test_merged_hamlet_matches_its_successor_within_its_village(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(hamlet("Xóm 3, Thôn Đông", "a"), hamlet("Xóm 4, Thôn Đông", "b", "7"))
    do(engine, "merge-locality", locality="Xóm 4, Thôn Đông", into="Xóm 3, Thôn Đông")

    result = deliver(
        hamlet("Xóm 4, Thôn Đông", "x", "7"), hamlet("Xóm 4, Thôn Đông", "y", "9"), source="bd"
    )

    assert (result.new, result.linked) == (1, 1)
    assert codes(engine)["x"] == codes(engine)["b"]
    places = rows(
        engine,
        "SELECT l.name, o.name FROM household h JOIN place l ON l.id = h.locality_id"
        " JOIN place o ON o.id = l.parent_id",
    )
    assert places == [("3", "Đông")] * 3


def test_row_of_a_replaced_record_names_the_successor_code(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"))
    old = codes(engine)["a"]
    do(engine, "replace", code=str(old))

    result = deliver(door("12", "a", households_count="2"))

    assert (result.unchanged, result.problems) == (1, {"record_retired": 1})
    ((new,),) = rows(engine, "SELECT code FROM household WHERE status = 'active'")
    assert problems(engine) == [("record_retired", old, new)]
