"""Full deliveries: records missing from the file are retired, and reinstated when they return."""

import pytest
from sqlalchemy import Engine, text

from registry.core.errors import TooManyVanishedError
from registry.core.events import Cause, write_scope
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportResult
from tests.support.intake import LAT, LON, Deliver, checksum, door, rows

pytestmark = pytest.mark.thorough

TEN = [door(str(number), f"r{number}") for number in range(1, 11)]
TOWER = {"building": "CT1", "street": "Phố Quán Thánh", "commune_code": "00004"}
FLATS = [
    {"source_ref": f"f{n}", "house_number": "1", "floor": "12", "unit": str(n)} | TOWER
    for n in (1201, 1202)
]


def statuses(engine: Engine) -> dict[object, object]:
    """Reference → status of its record."""
    found = rows(engine, "SELECT source_ref, status FROM household_ref JOIN household USING (code)")
    return dict(found)  # type: ignore[arg-type]


def retired(engine: Engine) -> list[object]:
    return sorted(str(ref) for ref, status in statuses(engine).items() if status == "retired")


def numbers(result: ImportResult) -> tuple[int, int, int, int, int, int]:
    assert result.rows == (
        result.new + result.changed + result.unchanged + result.linked + result.rejected
    )
    return (
        result.new,
        result.changed,
        result.unchanged,
        result.linked,
        result.rejected,
        result.vanished,
    )


@pytest.mark.gate
def test_partial_delivery_retires_nothing(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    result = deliver(TEN[0])

    assert numbers(result) == (0, 0, 1, 0, 0, 0)
    assert retired(engine) == []


def test_full_delivery_retires_records_missing_from_the_file(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(*TEN)

    result = deliver(*TEN[:8], door("12", "r12"), delivery="full")

    assert numbers(result) == (1, 0, 8, 0, 0, 2)
    assert (result.vanished_share, result.vanished_warning, result.retired) == (0.2, None, 2)
    assert retired(engine) == ["r10", "r9"]
    marked = rows(
        engine, "SELECT source_ref FROM household_ref WHERE vanished_import_id = 2 ORDER BY 1"
    )
    assert marked == [("r10",), ("r9",)]
    assert rows(
        engine,
        "SELECT DISTINCT published_event_id = h.event_id FROM household h, import i"
        " WHERE h.status = 'retired' AND i.id = 2",
    ) == [(True,)]


def test_reference_vanished_twice_is_counted_once(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)
    deliver(*TEN[:9], delivery="full")

    again = deliver(*TEN[:9], delivery="full")

    assert numbers(again) == (0, 0, 9, 0, 0, 0)


def test_more_than_a_fifth_vanished_is_a_warning(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    result = deliver(*TEN[:7], delivery="full")

    assert (result.vanished_share, result.vanished_warning) == (0.3, "many_vanished")
    assert len(retired(engine)) == 3


def test_more_than_four_fifths_vanished_is_refused(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)
    before = checksum(engine), rows(engine, "SELECT count(*) FROM import, event, import_problem")

    with pytest.raises(TooManyVanishedError, match="--accept-vanished") as caught:
        deliver(TEN[0], door("99", "new"), delivery="full")

    assert caught.value.extra == {"vanished": 9, "living": 10}
    assert before == (
        checksum(engine),
        rows(engine, "SELECT count(*) FROM import, event, import_problem"),
    )
    four_fifths = deliver(*TEN[:2], delivery="full", dry_run=True)
    assert (four_fifths.vanished_share, four_fifths.vanished_warning) == (0.8, "many_vanished")


def test_refused_delivery_is_published_when_confirmed(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    result = deliver(TEN[0], delivery="full", accept_vanished=True)

    assert (result.vanished, result.vanished_warning) == (9, "too_many_vanished")
    assert len(retired(engine)) == 9


def test_dry_run_gives_the_figures_of_the_import(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)
    before = checksum(engine)

    planned = deliver(TEN[0], delivery="full", dry_run=True)

    assert checksum(engine) == before
    done = deliver(TEN[0], delivery="full", accept_vanished=True)
    assert numbers(planned) == numbers(done)
    assert (planned.vanished_share, planned.vanished_warning, planned.retired) == (
        done.vanished_share,
        done.vanished_warning,
        done.retired,
    )


def test_record_with_another_active_reference_is_kept(engine: Engine, deliver: Deliver) -> None:
    point = {"longitude": LON, "latitude": LAT}
    deliver(*[row | point for row in TEN])
    deliver(door("9", "x", **point), source="buu_dien")

    result = deliver(*[row | point for row in TEN[:8]], delivery="full")

    assert (result.vanished, result.retired) == (2, 1)
    assert retired(engine) == ["r10"]
    # The last living reference takes the record along.
    gone = deliver(door("50", "y", **point), source="buu_dien", delivery="full", dry_run=True)
    assert (gone.vanished, gone.retired) == (1, 1)


def test_renumbered_references_keep_their_records(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    result = deliver(
        *[row | {"source_ref": f"n{n}"} for n, row in enumerate(TEN)],
        delivery="full",
        accept_vanished=True,
    )

    assert numbers(result) == (0, 0, 0, 10, 0, 10)
    assert result.retired == 0
    assert set(statuses(engine).values()) == {"active"}


def test_rejected_row_has_not_vanished(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    result = deliver(*TEN[:9], door("10", "r10", commune_code="99999"), delivery="full")

    assert numbers(result) == (0, 0, 9, 0, 1, 0)
    assert retired(engine) == []


def test_rejected_row_without_reference_spares_its_door(engine: Engine, deliver: Deliver) -> None:
    six = [door(str(number), households_count="1") for number in range(1, 7)]
    deliver(*six)

    result = deliver(*six[:4], six[4] | {"households_count": "hai"}, delivery="full")

    assert numbers(result) == (0, 0, 4, 0, 1, 1)
    assert rows(engine, "SELECT house_number FROM household WHERE status = 'retired'") == [("6",)]


def test_building_is_retired_with_its_last_flat_and_reinstated_with_one(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(*TEN, *FLATS)
    (building,) = rows(engine, "SELECT code FROM household WHERE kind = 'building'")
    deliver(*TEN, FLATS[0], delivery="full")
    assert retired(engine) == ["f1202"]
    assert rows(engine, "SELECT status FROM household WHERE kind = 'building'") == [("active",)]

    deliver(*TEN, delivery="full")

    assert rows(engine, "SELECT status FROM household WHERE kind = 'building'") == [("retired",)]
    back = deliver(FLATS[1])
    assert (back.changed, back.buildings) == (1, 0)
    assert rows(engine, "SELECT code, status FROM household WHERE kind = 'building'") == [
        (*building, "active")
    ]
    assert retired(engine) == ["f1201"]


def test_returning_reference_reinstates_its_record(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)
    before = checksum(engine)
    deliver(*TEN[:8], delivery="full")

    back = deliver(*TEN[7:])

    assert numbers(back) == (0, 2, 1, 0, 0, 0)
    assert back.problems == {}
    assert checksum(engine) == before


def test_returning_reference_with_another_address_is_changed(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(*TEN)
    deliver(*TEN[:9], delivery="full")

    back = deliver(door("10B", "r10"))

    assert numbers(back) == (0, 1, 0, 0, 0, 0)
    assert rows(
        engine,
        "SELECT house_number, status FROM household_ref JOIN household USING (code)"
        " WHERE source_ref = 'r10'",
    ) == [("10B", "active")]


def test_record_retired_by_hand_stays_retired(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)
    with write_scope(engine, Cause("retire", "operator")) as session:
        session.execute(
            text(
                "UPDATE household SET status = 'retired' WHERE code ="
                " (SELECT code FROM household_ref WHERE source_ref = 'r10')"
            )
        )
    vanished = deliver(*TEN[:9], delivery="full")
    assert (vanished.vanished, vanished.retired) == (1, 0)

    back = deliver(TEN[9])

    assert (back.changed, back.unchanged) == (0, 1)
    assert back.problems == {"record_retired": 1}
    assert retired(engine) == ["r10"]


def test_rollback_of_a_full_delivery_restores_exactly(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN, *FLATS)
    states = [checksum(engine)]
    full = [door("1A", "r1"), *TEN[1:7], door("30", "new"), door("2", "twin")]
    imports = [deliver(*full, delivery="full")]
    assert numbers(imports[-1])[:4] == (1, 1, 6, 1)
    assert (imports[-1].vanished, imports[-1].retired) == (5, 5)
    states.append(checksum(engine))
    imports.append(deliver(TEN[0], TEN[8], door("10C", "r10"), *FLATS))
    assert imports[-1].changed == 5
    states.append(checksum(engine))
    imports.append(deliver(*TEN[:8], delivery="full"))
    assert len({str(state) for state in states}) == 3

    for made, before in zip(reversed(imports), reversed(states), strict=True):
        roll_back(engine, made.import_id or 0)
        assert checksum(engine) == before

    again = deliver(*full, delivery="full")
    assert numbers(again) == numbers(imports[0])
    assert checksum(engine) != states[0]


def test_first_full_delivery_retires_nothing(deliver: Deliver) -> None:
    result = deliver(*TEN, delivery="full")

    assert (result.new, result.vanished, result.vanished_share) == (10, 0, 0.0)


def test_full_delivery_touches_no_other_source(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    deliver(door("77", "r1"), source="buu_dien", delivery="full")

    assert retired(engine) == []


def test_empty_full_delivery_is_refused(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)

    with pytest.raises(TooManyVanishedError):
        deliver({"source_ref": "", "house_number": "", "commune_code": ""}, delivery="full")


def test_door_returning_under_another_reference_keeps_its_code(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(*TEN)
    (code,) = rows(engine, "SELECT code FROM household_ref WHERE source_ref = 'r10'")
    deliver(*TEN[:9], delivery="full")
    gone = checksum(engine)

    result = deliver(*TEN[:9], door("10", "new"), delivery="full")

    assert numbers(result) == (0, 0, 9, 1, 0, 0)
    assert rows(engine, "SELECT code FROM household_ref WHERE source_ref = 'new'") == [code]
    assert retired(engine) == []
    # It is the source's own record still.
    changed = deliver(*TEN[:9], door("10", "new", households_count="2"), delivery="full")
    assert numbers(changed) == (0, 1, 9, 0, 0, 0)
    roll_back(engine, changed.import_id or 0)
    roll_back(engine, result.import_id or 0)
    assert checksum(engine) == gone


def test_another_source_does_not_reinstate_a_vanished_record(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(*TEN)
    deliver(*TEN[:9], delivery="full")

    result = deliver(door("10", "x"), source="buu_dien")

    assert (result.new, result.linked) == (1, 0)


def test_renumbered_references_own_their_records(engine: Engine, deliver: Deliver) -> None:
    deliver(*TEN)
    renumbered = [door(str(number), f"s{number}") for number in range(1, 11)]
    deliver(*renumbered, delivery="full", accept_vanished=True)

    result = deliver(door("1", "s1", households_count="3"), door("1", "x"))

    assert (result.changed, result.linked) == (1, 1)
    # The old reference comes back beside the new one: it only names the record.
    back = deliver(door("1B", "r1"))
    assert (back.changed, back.unchanged) == (0, 1)
    assert deliver(door("1C", "r1")).changed == 0
