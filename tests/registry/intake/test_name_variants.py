"""Streets and localities of one commune whose names differ in their marks only are two."""

import pytest
from sqlalchemy import Engine

from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from tests.support.intake import BA_DINH, LAT, LON, Deliver, door, rows

pytestmark = pytest.mark.thorough

PLACES = """
    SELECT p.name, count(h.code)
    FROM place p LEFT JOIN household h ON h.{class_}_id = p.id
    WHERE p.class = '{class_}' AND p.name <> 'Quán Thánh' GROUP BY p.id ORDER BY p.name COLLATE "C"
"""


def at(number: str, street: str, ref: str | None = None, **fields: str) -> dict[str, str]:
    return door(number, ref or f"{number} {street}", street=street, **fields)


def places(engine: Engine, class_: str = "street") -> list[tuple[object, ...]]:
    """Names, and how many households each has."""
    return rows(engine, PLACES.format(class_=class_))


def told(engine: Engine) -> list[tuple[object, ...]]:
    """Row, field, value and fix of the names with other marks that the latest import found."""
    return rows(
        engine,
        "SELECT row_number, code, value, proposed_fix FROM import_problem"
        " WHERE code ~ '_spelled_otherwise$|^(street|locality)_ambiguous$'"
        " AND import_id = (SELECT max(id) FROM import) ORDER BY row_number, field",
    )


@pytest.mark.gate
def test_one_number_on_two_streets_is_two_doors(engine: Engine, deliver: Deliver) -> None:
    """Without points and references, in one file, again, and from another source."""
    file = [door("5", street=street) for street in ("Phố Hàng Dầu", "Phố Hàng Đậu", "HÀNG DẦU")]
    tried = deliver(*file, dry_run=True)
    made = deliver(*file)
    for result in (tried, made):
        assert (result.new, result.linked) == (2, 1)
        assert result.problems == {"street_spelled_otherwise": 1, "duplicate_in_file": 1}
    assert told(engine) == [(2, "street_spelled_otherwise", "Phố Hàng Đậu", "Phố Hàng Dầu")]
    assert places(engine) == [("Hàng Dầu", 1), ("Hàng Đậu", 1)]

    # In another order, the known streets are told by their names, not by who came first.
    again = deliver(*reversed(file))
    assert (again.new, again.changed, again.unchanged) == (0, 0, 3)
    other = deliver(at("5", "Hàng Đậu"), at("5", "Hàng Dầu"), at("7", "Hàng đậu"), source="post")
    assert (other.new, other.linked, other.problems) == (1, 2, {})
    linked = rows(
        engine,
        "SELECT r.source_ref, t.name FROM household_ref r JOIN household h USING (code)"
        " JOIN place t ON t.id = h.street_id WHERE r.source = 'post'"
        ' ORDER BY r.source_ref COLLATE "C"',
    )
    assert linked == [
        ("5 Hàng Dầu", "Hàng Dầu"),
        ("5 Hàng Đậu", "Hàng Đậu"),
        ("7 Hàng đậu", "Hàng Đậu"),
    ]


def test_name_without_marks_is_the_one_that_has_some_or_asked_about(
    engine: Engine, deliver: Deliver
) -> None:
    bare = at("1", "Hang Dau")
    assert deliver(bare, at("2", "Hàng Đậu"), at("3", "hàng đậu")).problems == {}
    assert places(engine) == [("Hàng Đậu", 3)]

    second = deliver(at("4", "Hàng Dầu"), at("5", "hang dau"), source="post")
    assert (second.new, second.rejected) == (1, 1)
    choices = "Đường Hàng Dầu; Đường Hàng Đậu"
    found = [
        (1, "street_spelled_otherwise", "Đường Hàng Dầu", "Đường Hàng Đậu"),
        (2, "street_ambiguous", "Đường Hang Dau", choices),
    ]
    kind = rows(engine, "SELECT kind FROM place WHERE class = 'street' AND name = 'Hàng Dầu'")[0][0]
    assert kind == "đường"
    assert told(engine) == found

    # Who was there before is not asked: the reference says which is meant.
    again = deliver(bare, at("2", "Hàng Đậu"), at("3", "hàng đậu"))
    assert (again.unchanged, again.rejected) == (3, 0)
    changed = deliver(bare | {"households_count": "2"})
    assert (changed.rejected, changed.problems) == (1, {"street_ambiguous": 1})


def test_street_without_marks_takes_in_one_name_only(engine: Engine, deliver: Deliver) -> None:
    deliver(at("1", "Hang Dau"))
    one = deliver(at("1", "Hàng Dầu"), source="post")
    assert (one.linked, one.problems) == (1, {})
    two = deliver(at("1", "Hàng Dầu"), at("1", "Hàng Đậu"), source="shop")
    assert (two.new, two.linked) == (2, 0)
    assert places(engine) == [("Hang Dau", 1), ("Hàng Dầu", 1), ("Hàng Đậu", 1)]


def test_localities_are_told_apart_at_each_step(engine: Engine, deliver: Deliver) -> None:
    def house(ref: str, locality: str, **fields: str) -> dict[str, str]:
        return door("1", ref, street="", locality=locality, **fields)

    file = [
        house("a", "Tổ 1, Thôn Võ Tánh"),
        house("b", "Tổ 1, Thôn Vỏ Tánh"),
        house("c", "Xóm Đông"),
        house("d", "Xóm Đống"),
        house("e", "Xóm Đống", commune_code="00097"),
    ]
    made = deliver(*file)
    assert (made.new, made.problems) == (5, {"locality_spelled_otherwise": 2})
    assert [row[0] for row in told(engine)] == [2, 4]
    assert places(engine, "locality") == [
        *(("1", 1), ("1", 1), ("Võ Tánh", 0), ("Vỏ Tánh", 0)),
        *(("Đông", 1), ("Đống", 1), ("Đống", 1)),
    ]
    other = [row | {"source_ref": f"{row['source_ref']}!"} for row in file]
    assert deliver(*reversed(other), source="post").linked == 5
    assert deliver(house("f", "Tổ 2, Thôn Vo Tanh")).problems == {"locality_ambiguous": 1}


def test_doors_near_each_other_on_such_streets_are_looked_at(
    engine: Engine, deliver: Deliver
) -> None:
    """A slip of the marks: the same number within a few steps."""
    here = {"longitude": LON, "latitude": LAT}
    result = deliver(at("5", "Hàng Dầu", **here), at("5", "Hàng Đậu", **here))
    assert result.problems == {"street_spelled_otherwise": 1, "near_same_name": 1}


def test_former_name_with_other_marks_leads_nowhere(engine: Engine, deliver: Deliver) -> None:
    deliver(at("5", "Hàng Dầu"))
    rename = BY_NAME["rename-street"]
    given = {"commune": BA_DINH, "street": "Hàng Dầu", "new_name": "Phố Cầu Gỗ", "reason": "tests"}
    perform(engine, rename, rename.request.model_validate(given), actor="tests")

    other = deliver(at("5", "Hàng Đậu"), at("5", "Hàng Dầu"), source="post")
    assert (other.new, other.linked, other.problems) == (1, 1, {"former_name": 1})
    assert places(engine) == [("Cầu Gỗ", 1), ("Hàng Đậu", 1)]


def test_kind_that_is_written_is_the_streets(engine: Engine, deliver: Deliver) -> None:
    deliver(at("1", "Quán Sứ"), at("2", "Phố Quán Sứ"))
    assert rows(engine, "SELECT kind, name FROM place WHERE class = 'street'") == [
        ("phố", "Quán Sứ")
    ]
