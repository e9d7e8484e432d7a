"""Several hộ at one door: one record, one code, and each of them counted."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from registry.core.database import session_scope
from registry.coverage.measure import coverage_of_unit
from registry.intake.publishing.rollback import roll_back
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.intake import BA_DINH, LAT, LON, Deliver, checksum, door, rows

pytestmark = pytest.mark.thorough

BOTH = (door("12", "a"), door("12", "b"))


def households(engine: Engine) -> dict[object, object]:
    """Hộ by house number, of the records that are there."""
    found = "SELECT house_number, households_count FROM household WHERE status = 'active'"
    return dict(rows(engine, found))  # type: ignore[arg-type]


def fixes(engine: Engine) -> list[tuple[object, ...]]:
    return rows(
        engine,
        "SELECT row_number, code, severity, proposed_fix FROM import_problem"
        " WHERE import_id = (SELECT max(id) FROM import) ORDER BY row_number, code",
    )


@pytest.mark.gate
def test_two_references_to_one_door_are_two_households_with_one_code(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(*BOTH, door("14", "c"))

    assert (result.new, result.linked, result.linked_in_file, result.warned) == (2, 1, 1, 0)
    assert fixes(engine) == [(2, "shares_door", "notice", "1")]
    assert households(engine) == {"12": 2, "14": 1}
    assert len(rows(engine, "SELECT DISTINCT code FROM household_ref")) == 2
    with session_scope(engine) as session:
        (unit,) = coverage_of_unit(session, load_gazetteer(session), BA_DINH, demo=False).units
    assert (unit.counts.households, unit.counts.dwellings) == (3, 2)


@pytest.mark.parametrize(
    ("delivered", "counted", "problem"),
    [
        ([door("12"), door("12")], 1, "duplicate_in_file"),
        ([door("12", "a"), door("12", "a")], 1, "row_of_member"),
        ([door("12", "a"), door("12")], 1, "duplicate_in_file"),
        ([door("12", "a"), door("12", "b"), door("12", "c")], 3, "shares_door"),
        # Attributes of the door itself are not summed.
        ([door("12", n, households_count="2") for n in "ab"], 2, "shares_door"),
        ([door("12", "a"), door("12", "b", households_count="4")], 4, "shares_door"),
    ],
    ids=["no reference", "same reference", "one reference", "three", "said by each", "said once"],
)
def test_rows_of_one_door_are_counted_as_households(
    engine: Engine,
    deliver: Deliver,
    delivered: Sequence[dict[str, str]],
    counted: int,
    problem: str,
) -> None:
    result = deliver(*delivered)

    assert households(engine) == {"12": counted}
    assert problem in result.problems


def test_repeated_list_writes_nothing(engine: Engine, deliver: Deliver) -> None:
    deliver(*BOTH)
    before = checksum(engine)

    again = deliver(*BOTH)
    read = deliver(*reversed(BOTH))

    assert (again.unchanged, read.unchanged, read.problems) == (2, 2, {})
    assert checksum(engine) == before


@pytest.mark.parametrize("left", [0, 1], ids=["first left", "second left"])
def test_full_delivery_lacking_one_of_two_counts_the_other(
    engine: Engine, deliver: Deliver, left: int
) -> None:
    deliver(*BOTH, *(door(str(n), f"r{n}") for n in range(20, 30)))
    before = checksum(engine)

    staying = [row for at, row in enumerate(BOTH) if at != left]
    result = deliver(*staying, *(door(str(n), f"r{n}") for n in range(20, 30)), delivery="full")

    assert (result.vanished, result.retired) == (1, 0)
    assert households(engine)["12"] == 1
    roll_back(engine, result.import_id or 0)
    assert checksum(engine) == before


def test_partial_delivery_of_one_of_two_keeps_the_count(engine: Engine, deliver: Deliver) -> None:
    deliver(*BOTH)

    result = deliver(door("12A", "a"))

    assert (result.changed, households(engine)) == (1, {"12A": 2})


def test_second_household_of_a_later_list_is_counted_and_rolled_back(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"))
    before = checksum(engine)

    result = deliver(*BOTH)

    assert (result.unchanged, result.linked, result.linked_in_file) == (1, 1, 1)
    assert households(engine) == {"12": 2}
    roll_back(engine, result.import_id or 0)
    assert checksum(engine) == before


def test_renumbered_references_add_no_households(engine: Engine, deliver: Deliver) -> None:
    deliver(*BOTH, door("14", "c"))

    deliver(door("12", "x"), door("14", "z"))
    assert households(engine) == {"12": 2, "14": 1}
    full = deliver(door("12", "a1"), door("12", "b1"), door("14", "c1"), delivery="full",
                   accept_vanished=True)  # fmt: skip

    assert full.retired == 0
    assert households(engine) == {"12": 2, "14": 1}


def test_rows_of_another_source_do_not_overwrite_the_count(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"))

    deliver(door("12", "x"), door("12", "y"), source="buu_dien")

    assert households(engine) == {"12": 1}


def test_count_corrected_by_a_clerk_is_kept(engine: Engine, deliver: Deliver) -> None:
    deliver(*BOTH)
    ((code,),) = rows(engine, "SELECT code FROM household")
    correct = BY_NAME["correct"]
    fields = {"code": code, "households_count": 5, "reason": "tests"}
    perform(engine, correct, correct.request.model_validate(fields), actor="tests")

    deliver(
        door("12", "a", longitude=LON, latitude=LAT), door("12", "b", longitude=LON, latitude=LAT)
    )
    assert households(engine) == {"12": 5}
    deliver(door("12", "b"), delivery="full")
    assert households(engine) == {"12": 5}


def test_linked_reference_becomes_a_second_household(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    deliver(door("12", "b"))
    assert households(engine) == {"12": 1}
    before = checksum(engine)

    both = deliver(*BOTH)

    assert (both.unchanged, both.linked, households(engine)) == (2, 0, {"12": 2})
    roll_back(engine, both.import_id or 0)
    assert checksum(engine) == before


def test_returning_household_is_counted_again(engine: Engine, deliver: Deliver) -> None:
    deliver(*BOTH)
    deliver(BOTH[1], delivery="full")
    assert households(engine) == {"12": 1}

    deliver(*BOTH, delivery="full")

    assert households(engine) == {"12": 2}
