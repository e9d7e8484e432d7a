"""Recognised columns of batch tables: exports of shops and carriers, and lists."""

import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from registry.core.errors import ColumnsNotRecognisedError, InvalidInputError, UnreadableFileError
from registry.files.new_workbook import new_workbook
from registry.publish.batch.columns import columns_of
from registry.publish.batch.rows import Layout, read_row, read_table
from registry.publish.batch.workbooks import IN_WORDS, reading_workbook, write_workbook
from registry.search.geocode import Components, Question
from tests.support.vectors import Row, cases

UNITS = "commune district province"
OWNER = "bà Trần Thị Canary"


@pytest.mark.parametrize("row", cases("batch_columns", "header"))
def test_columns_are_recognised(row: Row) -> None:
    """The field of each column, `-` for none."""
    names = tuple(row["header"].split(";"))
    found = columns_of("validate", names)
    at = {place: field for field, places in found.at.items() for place in places}
    assert " ".join(at.get(place, "-") for place in range(len(names))) == row["fields"]
    assert found.unread == tuple(name for place, name in enumerate(names) if place not in at)


def test_declared_identifiers_are_returned_even_if_they_look_personal() -> None:
    headers = ("Địa chỉ", "Địa chỉ số", "Mã định danh địa điểm", "Ghi chú")
    read = columns_of("validate", headers)
    assert (read.at, read.unread) == ({"address": (0,)}, headers[1:])
    row = ("27 Láng, 0352812345", "0352812345", "001099012345", "0352812345")
    assert read.returned.cells(row) == ["27 Láng, …", "0352812345", "001099012345"]
    assert read.returned.cells(("27 Láng", "0905 123 456", "", ""))[1] == "…"


@pytest.mark.parametrize(
    "header", ["tỉnh", "Phường;Quận;Tỉnh", "Người nhận;SĐT;Tỉnh", "from_address;tỉnh", "KH;x;y"]
)
def test_missing_address_column_is_an_error_that_names_the_columns(header: str) -> None:
    with pytest.raises(ColumnsNotRecognisedError, match="chọn đọc cột") as refused:
        columns_of("geocode", tuple(header.split(";")))
    assert refused.value.extra["columns"]


def test_column_suggested_for_the_address_is_not_the_reference() -> None:
    with pytest.raises(ColumnsNotRecognisedError, match="đọc cột “Cột 2”"):
        columns_of("validate", ("Mã đơn", "Cột 2"))


def test_stated_columns_come_first_and_duplicates_are_refused() -> None:
    headers = ("Địa chỉ nhận", "Địa chỉ giao", "Cột 3")
    with pytest.raises(UnreadableFileError, match=r"Địa chỉ nhận.*Địa chỉ giao"):
        columns_of("validate", headers)
    stated = (("địa chỉ giao", ""), ("Cột 3", "province"))
    assert columns_of("validate", headers, stated).at == {"address": (0,), "province": (2,)}
    with pytest.raises(InvalidInputError):
        columns_of("validate", headers, (("Cột 3", "tel"),))


def test_empty_address_is_not_queried_whatever_is_beside_it() -> None:
    lines = ["Shipping Address 1;Shipping Address 2;Tỉnh\n", ";P. Láng;Hà Nội\n", "27 Láng;;HN\n"]
    empty, whole = read_table("csv", "geocode", lines).rows
    with pytest.raises(InvalidInputError, match="address"):
        read_row("geocode", empty)
    beside = Components(province="HN")
    assert read_row("geocode", whole) == Question("27 Láng", components=beside, limit=2)


def test_only_known_columns_without_personal_data_are_returned() -> None:
    lines = [
        "ĐƠN HÀNG;bà Canary;;;;\n",
        "Ghi chú;Địa chỉ nhận;;Mã đơn;Phường;SĐT\n",
        "a;27 Láng (bà Canary 0905 717 273);Canary;DH-0905717273;Láng;0905717273;Canary\n",
    ]
    table = read_table("csv", "validate", lines)
    assert table.headers == ("Địa chỉ nhận", "Mã đơn", "Phường")
    (row,) = table.rows
    assert list(row.returned.values()) == ["27 Láng (… …)", "DH-0905717273", "Láng"]
    assert Layout.of("csv", table, ()).head() == "Địa chỉ nhận;Mã đơn;Phường\n"


def test_only_known_members_and_the_named_reference_are_returned() -> None:
    members = {
        "q": "27 Láng, ĐT 0905 717 273",
        "Mã riêng": 7,
        "người": {"tên": "Canary"},
        "lat": 21.5,
    }
    stated = (("Mã riêng", "source_ref"),)
    (row,) = read_table("ndjson", "geocode", [json.dumps(members)], stated).rows
    assert row.returned == {"q": "27 Láng, …", "Mã riêng": 7, "lat": 21.5}
    (broken,) = read_table("ndjson", "geocode", ['{"q": "bà Canary"']).rows
    assert (dict(broken.returned), broken.number) == ({}, 1)


def test_sheet_is_returned_with_the_answers_appended(tmp_path: Path) -> None:
    source, target = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    with new_workbook(source) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(
            (["ĐƠN HÀNG", OWNER], ["Mã đơn", "COD", "Địa chỉ"], ["007", 7.5, f"27 Láng, {OWNER}"])
        ):
            sheet.write_row(at, 0, row)
    with reading_workbook(source, None, "validate", print) as table:
        layout = Layout.of("csv", table, ("status", "lon"))
        found = [(row, {"status": "ok", "lon": 105.8}) for row in table.rows]
        write_workbook(target, layout, [layout.text(found)])
    header, answer = CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()
    assert header == ["Mã đơn", "Địa chỉ", "result_status", "result_lon", IN_WORDS]
    assert answer[:4] == ["007", "27 Láng, …", "ok", 105.8]
