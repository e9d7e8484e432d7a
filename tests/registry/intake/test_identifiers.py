"""Identifiers of other schemes that stand in a list of households."""

import pytest
from sqlalchemy import Engine

from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportResult
from tests.support.intake import Deliver, checksum, door, rows


def identifiers(engine: Engine) -> list[tuple[object, ...]]:
    return rows(
        engine,
        "SELECT h.house_number, x.scheme, x.value FROM external_id x JOIN household h USING (code)"
        " ORDER BY 1, 2, 3",
    )


def warnings(engine: Engine, result: ImportResult) -> list[tuple[object, ...]]:
    return rows(
        engine,
        "SELECT row_number, field, code FROM import_problem WHERE code ~ 'value|record_has'"
        f" AND import_id = {result.import_id} ORDER BY row_number",
    )


def test_identifiers_are_stored_with_their_doors(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        door("10", **{"Địa chỉ số": "1112000010", "Mã định danh bất động sản": "BDS-1; BDS-2"}),
        door("12", **{"Địa chỉ số": ""}),
    )
    assert identifiers(engine) == [
        ("10", "dia_chi_so", "1112000010"),
        ("10", "real_estate_id", "BDS-1"),
        ("10", "real_estate_id", "BDS-2"),
    ]
    assert warnings(engine, result) == []

    # Known doors get theirs as well, and what they have stays.
    deliver(door("10", **{"Địa chỉ số": ""}), door("12", **{"Địa chỉ số": "1112000012"}))
    assert len(identifiers(engine)) == 4


def test_invalid_identifier_is_skipped_and_its_row_imported(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("10", **{"Địa chỉ số": "1112000010"}))
    delivered = (
        door("10", **{"Địa chỉ số": "1112000019"}),
        door("14", **{"Địa chỉ số": "11120"}),
        door("16", **{"Địa chỉ số": "1112000010"}),
        door("18", **{"Địa chỉ số": "1112000018"}),
        door("20", **{"Địa chỉ số": "1112000018"}),
    )
    tried = deliver(*delivered, dry_run=True)
    result = deliver(*delivered)

    assert result.new == 4
    assert tried.problems == result.problems
    assert warnings(engine, result) == [
        (1, "dia_chi_so", "record_has_other"),
        (2, "dia_chi_so", "value_unreadable"),
        (3, "dia_chi_so", "value_taken"),
        (4, "dia_chi_so", "value_taken"),
        (5, "dia_chi_so", "value_taken"),
    ]
    assert identifiers(engine) == [("10", "dia_chi_so", "1112000010")]


def test_identifier_columns_are_mapped_like_fields(engine: Engine, deliver: Deliver) -> None:
    mapping = {"Mã BĐS": "real_estate_id", "ĐCS": "dia_chi_so", "Thửa đất số": "parcel"}
    cells = {"Mã BĐS": "BDS-1", "ĐCS": "1112000010", "Thửa đất số": "253/4; Trần Thị Mai"}
    result = deliver(door("10", **cells), mapping=mapping)
    assert (result.columns_unknown, result.problems) == ((), {"value_unreadable": 1})
    assert identifiers(engine) == [
        ("10", "dia_chi_so", "1112000010"),
        ("10", "parcel", "253/4"),
        ("10", "real_estate_id", "BDS-1"),
    ]


def test_personal_numbers_are_not_identifiers(engine: Engine, deliver: Deliver) -> None:
    cells = ("001085012345", "079301054321", "036192000777")
    delivered = (door(str(at), **{"Mã số": cell}) for at, cell in enumerate(cells, 10))
    result = deliver(*delivered, mapping={"Mã số": "real_estate_id"})
    assert (result.new, result.columns_personal) == (3, ("Mã số",))
    assert identifiers(engine) == []


@pytest.mark.thorough
def test_identifiers_are_removed_when_their_import_is_rolled_back(
    engine: Engine, deliver: Deliver
) -> None:
    deliver(door("10"))
    before = checksum(engine)
    result = deliver(
        door("10", **{"Địa chỉ số": "1112000010"}), door("12", **{"Địa chỉ số": "1112000012"})
    )
    assert len(identifiers(engine)) == 2

    roll_back(engine, result.import_id or 0)

    assert identifiers(engine) == []
    assert checksum(engine) == before
