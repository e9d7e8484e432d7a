"""A file with unchanged rows does not undo later corrections."""

import pytest
from sqlalchemy import Engine, text

from registry.core.events import Cause, write_scope
from tests.support.intake import LAT, LON, Deliver, checksum, door, rows

pytestmark = pytest.mark.thorough

HERE = {"longitude": LON, "latitude": LAT}
MEASURED = "ST_Point(105.8391, 21.0391, 4326)"
ANEW = {"households_count": "3"}
"""What makes a row another one, so that it is compared with the register."""


def operate(engine: Engine, kind: str, change: str) -> None:
    """As an operation of the register changes all records."""
    with write_scope(engine, Cause(kind, "operator")) as session:
        session.execute(text(f"UPDATE household SET {change}"))


def move(engine: Engine, method: str) -> None:
    operate(engine, "move", f"point = {MEASURED}, position_method = '{method}'")


def positions(engine: Engine) -> list[tuple[object, ...]]:
    return rows(
        engine,
        f"SELECT point = {MEASURED}, position_method, households_count FROM household",
    )


@pytest.mark.gate
def test_measured_position_survives_a_changed_row(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a", **HERE))
    move(engine, "survey")

    result = deliver(door("12", "a", **HERE, **ANEW))

    assert (result.changed, result.problems) == (1, {})
    assert positions(engine) == [(True, "survey", 3)]


def test_file_read_with_other_rules_does_not_undo_corrections(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a", **HERE))
    move(engine, "imagery")
    operate(engine, "correct", "house_number = '12B', house_number_key = '12B'")
    before = checksum(engine)

    for _ in range(2):
        result = deliver(door("12", "a", **HERE), fix=True)
        assert (result.unchanged, result.changed) == (1, 0)
        result = deliver(door("12", "a", **HERE))
        assert (result.unchanged, result.changed) == (1, 0)

    assert {**checksum(engine), "household_ref": None} == {**before, "household_ref": None}


def test_kept_position_is_kept_by_later_imports(engine: Engine, deliver: Deliver) -> None:
    """The state an import wrote last has the operation's values, not those of its file."""
    deliver(door("12", "a", **HERE))
    move(engine, "imagery")

    for count in ("2", "3", "4"):
        result = deliver(door("12", "a", **HERE, households_count=count))
        assert result.changed == 1
        assert positions(engine) == [(True, "imagery", int(count))]


@pytest.mark.parametrize(("method", "moved"), [("imagery", True), ("survey", False)])
def test_new_position_in_a_file_is_accepted_except_over_a_measured_one(
    engine: Engine, deliver: Deliver, method: str, moved: bool
) -> None:
    deliver(door("12", "a", **HERE))
    move(engine, method)

    result = deliver(door("12", "a", longitude="105.8385", latitude=LAT))

    assert result.changed == moved
    assert result.problems == {"point_moved_far" if moved else "measured_position_kept": 1}
    assert positions(engine)[0][0] is not moved


def test_corrected_street_is_kept(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"), door("1", "b", street="Phố Hàng Bún"))
    operate(
        engine,
        "correct",
        "street_id = (SELECT id FROM place WHERE class = 'street' AND name = 'Hàng Bún')",
    )

    result = deliver(door("12", "a", **ANEW), door("1", "b", street="Phố Hàng Bún"))

    assert (result.changed, result.unchanged) == (1, 1)
    assert rows(
        engine,
        "SELECT t.name, h.households_count FROM household h"
        " JOIN place t ON t.id = h.street_id ORDER BY h.house_number",
    ) == [("Hàng Bún", 1), ("Hàng Bún", 3)]


def test_address_corrected_by_the_file_is_accepted(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    operate(engine, "correct", "house_number = '12B', house_number_key = '12B'")

    result = deliver(door("14", "a"))

    assert result.changed == 1
    assert rows(engine, "SELECT house_number FROM household") == [("14",)]


def test_source_may_revert_its_own_change(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a", **HERE))
    deliver(door("14", "a", **HERE))
    move(engine, "imagery")

    result = deliver(door("12", "a", **HERE))

    assert result.changed == 1
    assert rows(engine, "SELECT house_number FROM household") == [("12",)]
    assert positions(engine)[0][0] is True


def test_row_without_a_point_removes_no_point(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a", **HERE))

    result = deliver(door("12", "a", **ANEW))

    assert result.changed == 1
    assert rows(engine, "SELECT point IS NOT NULL, households_count FROM household") == [(True, 3)]


def test_point_of_another_source_is_kept(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    deliver(door("12", "x", **HERE), source="buu_dien")

    deliver(door("12", "a", **ANEW))

    assert rows(engine, "SELECT point IS NOT NULL, households_count FROM household") == [(True, 3)]


def test_corrected_flat_creates_no_building_at_its_old_address(
    engine: Engine, deliver: Deliver
) -> None:
    flats = [door("1", f"f{n}", building="CT1", floor="12", unit=str(n)) for n in (1201, 1202)]
    deliver(*flats)
    operate(engine, "correct", "building_name = 'CT2', building_key = 'CT2'")

    result = deliver(*({**flat, **ANEW} for flat in flats))

    assert (result.changed, result.buildings) == (2, 0)
    assert rows(
        engine, "SELECT DISTINCT kind, building_name, households_count FROM household ORDER BY 1"
    ) == [("building", "CT2", 0), ("household", "CT2", 3)]


@pytest.mark.parametrize(
    ("accuracy_m", "north_m", "warned"), [(5, 29, 0), (5, 31, 1), (200, 190, 0), (200, 210, 1)]
)
def test_point_moved_farther_than_its_accuracy_is_a_warning(
    engine: Engine, deliver: Deliver, accuracy_m: float, north_m: float, warned: int
) -> None:
    deliver(door("12", "a", **HERE))
    operate(engine, "correct", f"position_accuracy_m = {accuracy_m}")

    there = {"longitude": LON, "latitude": f"{float(LAT) + north_m / 110_700:.7f}"}
    result = deliver(door("12", "a", **there))

    assert result.changed == 1
    assert result.problems.get("point_moved_far", 0) == warned
