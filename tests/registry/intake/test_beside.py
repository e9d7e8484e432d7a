"""An address from before 2025 beside the current one: it completes, and never decides."""

import pytest
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from tests.support.intake import BA_DINH, LAT, LON, Deliver, rows

pytestmark = pytest.mark.thorough

HERE = {"longitude": LON, "latitude": LAT}


def both(today: str, before: str, **fields: str) -> dict[str, str]:
    return {"địa chỉ": today, "address_before_2025": before} | fields


def doors(engine: Engine) -> list[tuple[object, ...]]:
    """Number, street, commune and former commune of each record."""
    return rows(
        engine,
        "SELECT h.house_number_key, t.key, u.code, f.code FROM household h"
        " LEFT JOIN place t ON t.id = h.street_id"
        " JOIN admin_unit u ON u.id = h.unit_id LEFT JOIN admin_unit f ON f.id = h.former_unit_id"
        " ORDER BY h.house_number_key",
    )


def test_former_address_text_is_ignored_beside_columns(deliver: Deliver) -> None:
    result = deliver(
        {"số nhà": "12", "đường": "Quán Thánh", "mã xã": BA_DINH, "Địa chỉ cũ": "14 Châu Long"}
    )

    assert (result.new, result.columns_unknown) == (1, ("Địa chỉ cũ",))
    with pytest.raises(UnreadableFileError, match="missing columns"):
        deliver({"mã xã": BA_DINH, "ghi chú": "12"})


def test_measured_door_under_two_former_communes_gets_one_code(
    engine: Engine, deliver: Deliver
) -> None:
    # On a former border either name is used.
    today = "12 Quán Thánh, Phường Ba Đình, Hà Nội"
    written = [
        both(today, f"12 Quán Thánh, {ward}, Ba Đình, Hà Nội", **HERE)
        for ward in ("P. Trúc Bạch", "P. Quán Thánh")
    ]

    result = deliver(*written, both(today, "", **HERE))

    assert (result.new, result.linked) == (1, 2)
    again = deliver(*reversed(written), source="buu_dien")
    assert (again.new, again.linked) == (0, 2)


def test_unmeasured_doors_of_two_former_communes_stay_separate(deliver: Deliver) -> None:
    today = "12 Quán Thánh, Phường Ba Đình, Hà Nội"

    result = deliver(
        both(today, "12 Quán Thánh, P. Trúc Bạch, Ba Đình, Hà Nội"),
        both(today, "12 Quán Thánh, P. Quán Thánh, Ba Đình, Hà Nội"),
    )

    assert (result.new, result.linked) == (2, 0)


def test_row_without_a_former_commune_matches_the_only_door(deliver: Deliver) -> None:
    today = "12 Quán Thánh, Phường Ba Đình, Hà Nội"

    result = deliver(both(today, ""), both(today, "12 Quán Thánh, P. Trúc Bạch, Ba Đình, Hà Nội"))

    assert (result.new, result.linked, result.problems) == (1, 1, {"duplicate_in_file": 1})


def test_ward_named_like_its_district_is_read_in_texts_as_in_columns(
    engine: Engine, deliver: Deliver
) -> None:
    text = deliver({"địa chỉ": "5 Quán Thánh, Ba Đình, Hà Nội"})
    columns = deliver(
        {"số nhà": "5", "đường": "Quán Thánh", "phường": "Ba Đình", "tỉnh": "Hà Nội"}, source="two"
    )

    assert (text.new, text.problems) == (1, {"commune_assumed": 1})
    assert (columns.linked, columns.problems) == (1, {})
    ((fix,),) = rows(
        engine, "SELECT proposed_fix FROM import_problem WHERE code = 'commune_assumed'"
    )
    assert str(fix).startswith("00004 Phường Ba Đình, Hà Nội; ")
    assert doors(engine) == [("5", "quan thanh", BA_DINH, None)]
