"""Doors that were merged, split or given another code: rows match their successors."""

from typing import Any

import pytest
from sqlalchemy import Engine

from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportResult
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from tests.support.intake import BA_DINH, Deliver, checksum, door, rows
from tests.support.thorough import gate_takes_first

pytestmark = pytest.mark.thorough


def do(engine: Engine, name: str, **fields: Any) -> None:
    """Perform an operation, as a clerk would."""
    made = BY_NAME[name]
    given = {"reason": "tests"} if "reason" in made.request.model_fields else {}
    perform(engine, made, made.request.model_validate(given | fields), actor="tests")


def codes(engine: Engine) -> dict[object, object]:
    return dict(rows(engine, "SELECT source_ref, code FROM household_ref"))  # type: ignore[arg-type]


def retired_problems(engine: Engine, result: ImportResult) -> list[tuple[object, ...]]:
    return rows(
        engine,
        "SELECT value, proposed_fix FROM import_problem"
        f" WHERE import_id = {result.import_id} AND code = 'record_retired'",
    )


def flat(number: str, ref: str) -> dict[str, str]:
    return door("20", ref, building="Toà CT1", floor="8", unit=number, commune_code=BA_DINH)


@pytest.mark.gate
@pytest.mark.parametrize("source", gate_takes_first(1, ["buu_dien", "phuong"]))
@pytest.mark.parametrize(
    ("first", "second"),
    gate_takes_first(
        1, [(door("12", "a"), door("14", "b")), (flat("0807", "a"), flat("0808", "b"))]
    ),
    ids=["house", "flat"],
)
def test_merged_door_under_another_reference_matches_its_successor(
    engine: Engine,
    deliver: Deliver,
    first: dict[str, str],
    second: dict[str, str],
    source: str,
) -> None:
    deliver(first, second)
    into, gone = codes(engine)["a"], codes(engine)["b"]
    do(engine, "merge", codes=[gone], into=into)
    before = checksum(engine)

    result = deliver(second | {"source_ref": "x"}, source=source)

    assert (result.new, result.linked) == (0, 1)
    assert codes(engine)["x"] == into
    assert retired_problems(engine, result) == [(gone, into)]
    again = deliver(second | {"source_ref": "x", "households_count": "3"}, source=source)
    assert (again.new, again.unchanged) == (0, 1)
    roll_back(engine, again.import_id or 0)
    roll_back(engine, result.import_id or 0)
    assert checksum(engine) == before


def test_own_reference_of_a_merged_door_is_reported_and_not_shared(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("12", "a"), door("14", "b"))
    into, gone = codes(engine)["a"], codes(engine)["b"]
    do(engine, "merge", codes=[gone], into=into)
    before = checksum(engine)

    result = deliver(door("14", "b"), door("12", "a"), delivery="full")

    assert (result.unchanged, result.vanished, result.retired) == (2, 0, 0)
    assert result.problems == {"record_retired": 1}
    assert retired_problems(engine, result) == [(gone, into)]
    assert checksum(engine) == before


def test_split_door_is_questioned(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"))
    gone = codes(engine)["a"]
    do(engine, "split", code=gone, parts=[{"house_number": "12A"}, {"house_number": "12B"}])

    result = deliver(door("12", "x"), source="buu_dien")

    assert (result.new, result.rejected, result.problems) == (0, 1, {"door_ambiguous": 1})


def test_successor_merged_in_turn_is_followed(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12", "a"), door("14", "b"), door("16", "c"))
    found = codes(engine)
    do(engine, "merge", codes=[found["c"]], into=found["b"])
    do(engine, "merge", codes=[found["b"]], into=found["a"])

    result = deliver(door("16", "x"), source="buu_dien")

    assert retired_problems(engine, result) == [(found["c"], found["a"])]
    assert codes(engine)["x"] == found["a"]
