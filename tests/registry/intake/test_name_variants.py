"""Streets and localities of one commune whose names differ only in diacritics are distinct."""

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


def problems_of(engine: Engine) -> list[tuple[object, ...]]:
    """Row, field, value and fix of the names with other marks that the latest import found."""
    return rows(
        engine,
        "SELECT row_number, code, value, proposed_fix FROM import_problem"
        " WHERE code ~ '_spelled_otherwise$|^(street|locality)_ambiguous$'"
        " AND import_id = (SELECT max(id) FROM import) ORDER BY row_number, field",
    )


@pytest.mark.gate
def test_same_number_on_two_streets_is_two_doors(engine: Engine, deliver: Deliver) -> None:
    """Without points and references, in one file, again, and from another source."""
    file = [door("5", street=street) for street in ("Phố Hàng Dầu", "Phố Hàng Đậu", "HÀNG DẦU")]
    tried = deliver(*file, dry_run=True)
    made = deliver(*file)
    for result in (tried, made):
        assert (result.new, result.linked) == (2, 1)
        assert result.problems == {"street_spelled_otherwise": 1, "duplicate_in_file": 1}
    assert problems_of(engine) == [(2, "street_spelled_otherwise", "Phố Hàng Đậu", "Phố Hàng Dầu")]
    assert places(engine) == [("Hàng Dầu", 1), ("Hàng Đậu", 1)]

    # In another order, known streets are matched by name, not by order.
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


def test_name_without_diacritics_matches_or_is_questioned(engine: Engine, deliver: Deliver) -> None:
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
    assert problems_of(engine) == found

    # Existing rows are not questioned: the reference decides.
    again = deliver(bare, at("2", "Hàng Đậu"), at("3", "hàng đậu"))
    assert (again.unchanged, again.rejected) == (3, 0)
    changed = deliver(bare | {"households_count": "2"})
    assert (changed.rejected, changed.problems) == (1, {"street_ambiguous": 1})


def test_street_without_diacritics_matches_only_one_name(engine: Engine, deliver: Deliver) -> None:
    deliver(at("1", "Hang Dau"))
    one = deliver(at("1", "Hàng Dầu"), source="post")
    assert (one.linked, one.problems) == (1, {})
    two = deliver(at("1", "Hàng Dầu"), at("1", "Hàng Đậu"), source="shop")
    assert (two.new, two.linked) == (2, 0)
    assert places(engine) == [("Hang Dau", 1), ("Hàng Dầu", 1), ("Hàng Đậu", 1)]


def test_localities_are_distinguished_at_each_level(engine: Engine, deliver: Deliver) -> None:
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
    assert [row[0] for row in problems_of(engine)] == [2, 4]
    assert places(engine, "locality") == [
        *(("1", 1), ("1", 1), ("Võ Tánh", 0), ("Vỏ Tánh", 0)),
        *(("Đông", 1), ("Đống", 1), ("Đống", 1)),
    ]
    other = [row | {"source_ref": f"{row['source_ref']}!"} for row in file]
    assert deliver(*reversed(other), source="post").linked == 5
    assert deliver(house("f", "Tổ 2, Thôn Vo Tanh")).problems == {"locality_ambiguous": 1}


def test_same_number_nearby_on_similar_streets_is_a_warning(
    engine: Engine, deliver: Deliver
) -> None:
    """A slip of the marks: the same number within a few steps."""
    here = {"longitude": LON, "latitude": LAT}
    result = deliver(at("5", "Hàng Dầu", **here), at("5", "Hàng Đậu", **here))
    assert result.problems == {"street_spelled_otherwise": 1, "near_same_name": 1}


def test_former_name_with_other_diacritics_does_not_match(engine: Engine, deliver: Deliver) -> None:
    deliver(at("5", "Hàng Dầu"))
    rename = BY_NAME["rename-street"]
    given = {"commune": BA_DINH, "street": "Hàng Dầu", "new_name": "Phố Cầu Gỗ", "reason": "tests"}
    perform(engine, rename, rename.request.model_validate(given), actor="tests")

    other = deliver(at("5", "Hàng Đậu"), at("5", "Hàng Dầu"), source="post")
    assert (other.new, other.linked, other.problems) == (1, 1, {"former_name": 1})
    assert places(engine) == [("Cầu Gỗ", 1), ("Hàng Đậu", 1)]


def test_written_kind_becomes_the_kind_of_the_street(engine: Engine, deliver: Deliver) -> None:
    deliver(at("1", "Quán Sứ"), at("2", "Phố Quán Sứ"))
    assert rows(engine, "SELECT kind, name FROM place WHERE class = 'street'") == [
        ("phố", "Quán Sứ")
    ]
