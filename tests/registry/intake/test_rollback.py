"""Rollback of an import: the register is restored, except records built upon since."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from geo import code as codes
from registry.core.errors import ConflictError
from registry.intake.publishing.rollback import RolledBack, preview_rollback, roll_back
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from tests.support.intake import BA_DINH, LAT, LON, Deliver, checksum, door, rows

FLAT = {"building": "Toà CT1", "commune_code": BA_DINH, "street": "Phố Quán Thánh"}


def do(engine: Engine, operation: str, /, **fields: object) -> None:
    """An operation, as a clerk performs it."""
    made = BY_NAME[operation]
    perform(engine, made, made.request.model_validate(fields), actor="tests")


def code_of(engine: Engine, ref: str, source: str = "phuong") -> str:
    ((code,),) = rows(
        engine,
        f"SELECT code FROM household_ref WHERE source_ref = '{ref}' AND source = '{source}'",
    )
    return str(code)


@pytest.fixture
def grown(engine: Engine, deliver: Deliver) -> dict[str, object]:
    """A register with flats, hamlets, a street with a former name and doors with former numbers."""
    deliver(
        door("12", "a", longitude=LON, latitude=LAT),
        door("14", "b"),
        door("16", "c"),
        door("20", "f1", unit="101", **FLAT),
        door("20", "f2", unit="102", **FLAT),
        door("", "h", street="", locality="Tổ 3", longitude=LON, latitude=LAT),
    )
    why = {"reason": "tests", "decision_number": "1/QĐ"}
    do(engine, "renumber", code=code_of(engine, "b"), house_number="14B", **why)
    names = {"street": "Phố Quán Thánh", "new_name": "Phố Quán Thánh Mới"}
    do(engine, "rename-street", commune=BA_DINH, **names, **why)
    return checksum(engine)


def test_rollback_restores_the_register_exactly(
    engine: Engine, deliver: Deliver, grown: dict[str, object]
) -> None:
    new_street = {"street": "Phố Châu Long"}
    result = deliver(
        door("12A", "a", longitude=LON, latitude=LAT),  # changes
        door("30", "c"),  # changes
        door("40", "n1", **new_street),  # new, on a street that is new
        door("50", "g1", unit="1", **FLAT | new_street),
        door("50", "g2", unit="2", **FLAT | new_street),  # two flats, and their building
        door("20", "f3", unit="103", **FLAT),  # in a building that is there
        door("", "k", street="", locality="Tổ 9, Khu phố 4", longitude="105.8391", latitude=LAT),
        door("14", "x"),  # the former number: linked to the door that had it
        delivery="full",  # records not in it are retired
    )
    assert (result.new, result.retired > 0, result.buildings) == (5, True, 1)
    assert checksum(engine) != grown

    undone = roll_back(engine, result.import_id or 0)

    assert undone.kept == 0
    assert checksum(engine) == grown
    # History still names the street of a record that was taken back.
    assert rows(engine, "SELECT name FROM place_version WHERE name = 'Châu Long'")


@pytest.mark.thorough
def test_undone_operations_do_not_block_a_rollback(
    engine: Engine, deliver: Deliver, grown: dict[str, object]
) -> None:
    result = deliver(door("12A", "a", longitude=LON, latitude=LAT), door("30", "c"))
    do(engine, "correct", code=code_of(engine, "a"), floor="2", reason="tests")
    ((event,),) = rows(engine, "SELECT max(id) FROM event WHERE kind = 'correct'")
    with pytest.raises(ConflictError, match="1 mã"):
        roll_back(engine, result.import_id or 0)
    do(engine, "undo", event_id=event, reason="tests")

    roll_back(engine, result.import_id or 0)

    assert checksum(engine) == grown


def kept(undone: RolledBack) -> dict[str, str]:
    return {record.code: record.reason for record in undone.kept_records}


def test_keep_later_undoes_the_rest_and_lists_what_it_keeps(
    engine: Engine, deliver: Deliver, grown: dict[str, object]
) -> None:
    other = {"street": "Phố Châu Long"}
    result = deliver(
        door("12A", "a", longitude=LON, latitude=LAT),  # changed, and changed again below
        door("30", "c"),  # changed
        door("40", "n1", **other),  # new, and renumbered below
        door("42", "n2", **other),  # new, and named by another source below
        door("44", "n3", **other),  # new
        door("60", "n4", street="Phố Hàng Than"),  # new, alone on its street
    )
    do(engine, "renumber", code=code_of(engine, "a"), house_number="12C", reason="tests",
       decision_number="3/QĐ")  # fmt: skip
    do(engine, "correct", code=code_of(engine, "n1"), house_number="40A", reason="tests")
    deliver(door("42", "z", **other), source="buu_dien")
    names = {ref: code_of(engine, ref) for ref in ("a", "c", "n1", "n2", "n3", "n4")}
    with pytest.raises(ConflictError, match=r"chưa huỷ gì: 2 mã.*--keep-later"):
        roll_back(engine, result.import_id or 0)
    preview = preview_rollback(engine, result.import_id or 0)

    undone = roll_back(engine, result.import_id or 0, keep_later=True)

    assert (undone.kept, undone.removed, undone.restored) == (3, 2, 1)
    assert (preview.kept, preview.removed, preview.restored) == (3, 2, 1)
    assert [each.code for each in preview.obstacles] == ["changed_since"]
    assert set(kept(undone)) == {names[ref] for ref in ("a", "n1", "n2")}
    assert "renumber" in kept(undone)[names["a"]]
    assert "correct" in kept(undone)[names["n1"]]
    assert kept(undone)[names["n2"]] == "có trong đợt nhập khác"
    numbers = dict(rows(engine, "SELECT code, house_number_key FROM household"))
    assert [numbers.get(names[ref]) for ref in ("a", "c", "n1", "n2", "n3", "n4")] == [
        "12C", "16", "40A", "42", None, None,
    ]  # fmt: skip
    streets = {name for (name,) in rows(engine, "SELECT name FROM place WHERE class = 'street'")}
    assert ("Châu Long" in streets, "Hàng Than" in streets) == (True, False)
    assert all(codes.is_valid(code) for code in kept(undone))
    # Kept records are still known by reference, and the source continues from there.
    again = deliver(door("44", "n3", **other), door("40A", "n1", **other))
    assert (again.new, again.unchanged, again.changed) == (1, 1, 0)


def test_kept_flat_keeps_its_building(engine: Engine, deliver: Deliver) -> None:
    result = deliver(door("20", "f1", unit="101", **FLAT), door("20", "f2", unit="102", **FLAT))
    flat = code_of(engine, "f1")
    do(engine, "correct", code=flat, floor="1", reason="tests")

    undone = roll_back(engine, result.import_id or 0, keep_later=True)

    assert (undone.kept, undone.removed) == (2, 1)
    assert "toà nhà của mã được giữ" in kept(undone).values()
    ((left,),) = rows(engine, "SELECT count(*) FROM household WHERE parent_code IS NOT NULL")
    assert left == 1


def test_strict_publishes_all_rows_or_none(
    engine: Engine, deliver: Deliver, tmp_path: Path
) -> None:
    before = checksum(engine)
    refused = deliver(door("12", "a"), door("", "b"), strict=True)
    assert (refused.state, refused.import_id, refused.rejected) == ("refused", None, 1)
    assert [problem.code for problem in refused.row_problems] == ["address_names_no_dwelling"]
    assert checksum(engine) == before
    assert not rows(engine, "SELECT 1 FROM import")

    accepted = deliver(door("12", "a"), door("", "b"))
    assert (accepted.state, accepted.new, accepted.rejected) == ("published", 1, 1)
    # The repeated file is not read again, but still refused.
    assert deliver(door("12", "a"), door("", "b"), strict=True).state == "refused"
    assert deliver(door("12", "a"), door("14", "b"), strict=True).state == "published"
