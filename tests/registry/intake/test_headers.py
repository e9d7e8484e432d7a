"""Headers: names of fields, of people, and of neither, by rules rather than one by one."""

import json
from pathlib import Path

import pytest

from registry.core.errors import UnreadableFileError
from registry.files.fields import find_columns
from registry.files.plain import PLAIN
from registry.files.spellings.headers import (
    _COMPOSED,
    FIELDS,
    LONGEST_NAME,
    MOST_NAMED,
    field_of,
    fields_named,
    is_personal,
    names_coordinates,
    weak_field_of,
)
from registry.intake.columns.reader import open_file
from registry.publish.batch.rows import read_table
from tests.support.thorough import gate_takes_first
from tests.support.vectors import Row, cases


@pytest.mark.parametrize(
    "row", [*cases("headers", "header", kind="field"), *cases("headers", "header", kind="people")]
)
def test_header_is_recognised(row: Row) -> None:
    header, people = row["header"], row["kind"] == "people"
    assert (field_of(header) or "", is_personal(header)) == (row["field"], people)


def test_every_field_is_recognised_by_its_own_name() -> None:
    assert fields_named(FIELDS) == set(FIELDS)


def test_data_cells_are_not_headers() -> None:
    cells = "Thôn Đoài|Khu 3|Tổ 5|Phường Ba Đình|Đường Láng|12|Hà Nội|Toà A|Căn 5|Ngõ 12"
    assert fields_named(cells.split("|")) == frozenset()


@pytest.mark.parametrize("header", ["Toạ độ Bắc", "KINH_DO_cu", "Vĩ độ nhà bên"])
def test_coordinate_headers_are_recognised(header: str) -> None:
    assert names_coordinates(header)
    assert field_of(header) is None
    assert not names_coordinates("Ghi chú")


@pytest.mark.parametrize("row", cases("headers", "header", kind="weak"))
def test_weak_header_is_used_when_no_other_matches(row: Row) -> None:
    assert (weak_field_of(row["header"]) or "") == row["field"]


def test_secondary_address_column_is_read_if_there_is_no_other() -> None:
    assert find_columns(["Mã", "Địa chỉ phát", "Xã"]).positions["address"] == 1
    assert "address" not in find_columns(["Số nhà", "Đường", "Xã", "Địa chỉ dự án"]).positions
    assert find_columns(["Địa chỉ", "Địa chỉ phát", "Xã"]).unknown == ("Địa chỉ phát",)
    assert find_columns(["Toà", "Căn", "Mã căn", "Địa chỉ dự án", "Xã"]).positions == {
        "building": 0,
        "unit": 1,
        "address": 3,
        "commune": 4,
    }
    with pytest.raises(UnreadableFileError, match=r"Địa chỉ phát.*Địa chỉ nhận"):
        find_columns(["Địa chỉ phát", "Địa chỉ nhận", "Xã"])


def test_column_used_as_the_address_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Địa chỉ phát,Địa chỉ nhận,Xã\n12 Láng,14 Láng,Láng\n", encoding="utf-8")
    stated = {"Địa chỉ nhận": ""}
    (note,) = open_file(path, mapping=stated).notes
    assert str(note).startswith("cột 'Địa chỉ phát' được đọc là")
    assert open_file(path, mapping=stated | {"Địa chỉ phát": "address"}).notes == ()


def test_megabyte_header_is_read_and_cached_by_its_beginning() -> None:
    assert field_of("Số nhà" + " " * 1_000_000) == "house_number"
    assert is_personal("Họ và tên" + " x" * 500_000)
    assert field_of("(" * 1_000_000) is weak_field_of("Ế" * 1_000_000) is None
    assert fields_named(["Số nhà" + "x" * 1_000_000]) == frozenset()
    known = field_of("Đường".ljust(LONGEST_NAME + 1, "/"))
    assert known == field_of("Đường".ljust(LONGEST_NAME, "/"))


@pytest.mark.parametrize("name", gate_takes_first(1, ["đường {}", "c{}", "a{}\tb"]))
def test_table_with_100000_columns_is_refused_without_reading_them(name: str) -> None:
    headers = [name.format(at) for at in range(100_000)]
    assert fields_named(headers) == frozenset()
    lines = [",".join(headers) + "\n", "12," * 100_000 + "\n"]
    with pytest.raises(UnreadableFileError, match="cột có tên"):
        read_table("csv", "geocode", lines)
    with pytest.raises(UnreadableFileError, match="cột có tên"):
        find_columns(headers)
    address = ["Địa chỉ", *headers[: MOST_NAMED - 1]]
    if name != "Số nhà":
        assert (
            read_table("csv", "geocode", [",".join(address), "\n1 Láng\n"]).headers[0] == address[0]
        )


def test_rows_with_too_many_distinct_members_are_refused() -> None:
    new = [json.dumps({f"c{row}_{at}": 1 for at in range(1_900)}) for row in range(50)]
    rows = list(read_table("ndjson", "geocode", [*new, '{"q": "1 Láng"}']).rows)
    found = [row.error.detail if row.error else "" for row in rows]
    assert [at for at, detail in enumerate(found) if "10.000" in detail] == [*range(5, 50)]
    assert rows[-1].asked == {"address": "1 Láng"}


def test_headers_map_to_existing_fields() -> None:
    assert {*_COMPOSED, *(column.name for column in PLAIN)} == set(FIELDS)
