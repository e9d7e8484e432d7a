"""Small tables: columns recognised by many names, and a template readable as issued."""

import csv
import datetime
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.files.table_file import TableFile, opened_table
from registry.lifecycle.number_table import read_numbers
from registry.lifecycle.requests import GivenEntrance
from registry.lifecycle.row_tables import TABLE_OF, read_rows
from registry.records.external_ids.loading import TABLE as IDENTIFIERS
from scripts.table_template import TABLES as EVERY_TABLE

TABLES = pytest.mark.parametrize("table", EVERY_TABLE.values(), ids=lambda t: t.name)


@TABLES
def test_template_is_readable_as_issued(table: TableFile, tmp_path: Path) -> None:
    path = tmp_path / "mẫu.xlsx"
    table.write_template(path)
    (row,) = table.rows(path, opened_table(path, None))
    assert row == {column.field: column.example for column in table.columns}


@TABLES
def test_each_header_spelling_matches_one_column(table: TableFile) -> None:
    spellings = [each for column in table.columns for each in column.spellings]
    assert len(spellings) == len(set(spellings))
    for column in table.columns:
        for spelling in column.spellings:
            assert table.places([spelling]) == {column.field: 0}


def test_file_without_a_needed_column_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([["Mã", "Ghi chú"], ["0000-0647", "x"]])
    with pytest.raises(UnreadableFileError):
        list(IDENTIFIERS.rows(path, opened_table(path, None)))


def test_table_of_an_operation_has_the_members_of_its_rows_and_their_choices() -> None:
    for model, table in TABLE_OF.items():
        assert set(model.model_fields) <= set(table.fields)
        assert not table.closed or set(model.model_fields) == set(table.fields)
        members = model.model_json_schema()["properties"]
        for column in table.columns:
            member = members.get(column.field, {})
            kinds = member.get("anyOf", [member])
            assert {each for kind in kinds for each in kind.get("enum", ())} == set(column.choices)


@TABLES
def test_spreadsheet_explains_each_column_and_offers_its_choices(
    table: TableFile, tmp_path: Path
) -> None:
    table.write_template(tmp_path / "mẫu.xlsx")
    with zipfile.ZipFile(tmp_path / "mẫu.xlsx") as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    hints = sheet.findall(".//{*}dataValidation")
    assert [hint.get("promptTitle") for hint in hints] == list(table.headers())
    for column, hint in zip(table.columns, hints, strict=True):
        assert len(hint.get("prompt", "")) < 255  # nothing of it was cut off
        offered = hint.findtext("{*}formula1", "").strip('"').split(",") if column.choices else []
        assert [column.parse(word) for word in offered] == list(column.choices)


@pytest.mark.parametrize(
    ("cells", "expected", "wrong"),
    [
        ({"value": "1"}, {}, [("code_missing", "1")]),
        ({"code": "0000-0647", "value": "1"}, {"code": "00000647", "value": "1"}, []),
        (
            {"code": "0000", "valid_from": "2/1/2026", "valid_to": "32/1/2026"},
            {"code": "0000", "valid_from": datetime.date(2026, 1, 2), "valid_to": "32/1/2026"},
            [
                ("code_unreadable", "0000"),
                ("value_missing", "0000"),
                ("date_unreadable", "32/1/2026"),
            ],
        ),
        (
            {"code": "00000647", "value": "1", "valid_from": "2/1/2026", "valid_to": "1/1/2026"},
            {"code": "00000647"},
            [("dates_swapped", "2026-01-02 – 2026-01-01")],
        ),
    ],
)
def test_cells_are_read_by_the_types_of_their_columns(
    cells: dict[str, str], expected: dict[str, object], wrong: list[tuple[str, str]]
) -> None:
    read, found = IDENTIFIERS.read({"scheme": "postcode", **cells})
    assert found == wrong
    assert expected.items() <= read.items()


def test_operation_rows_may_be_written_informally(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Loại;Kinh độ;Vĩ độ;Nguồn\nTủ nhận hàng;105,8;21,02;bậy\n", encoding="utf-8")
    assert read_rows(path, GivenEntrance) == [
        {"kind": "locker", "lon": "105.8", "lat": "21.02", "source": "bậy"}
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [["Quyết định 12"], ["Số nhà mới (từ 2027)", "Số nhà cũ"], ["14", "12"], ["", "13"]],
        [["12", "14"], ["13", ""]],
    ],
    ids=["below a title", "without a header"],
)
def test_numbers_are_found_below_titles_and_without_a_header(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    (numbers,) = (model for model, table in TABLE_OF.items() if model.__name__ == "NewNumber")
    assert read_rows(path, numbers) == [{"old": "12", "new": "14"}]


def test_each_wrong_line_of_numbers_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Bảng\ncũ,mới,mã xã\n12,14,Láng\n1,2,00199\n,5\n", encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        read_numbers(path)
    errors = caught.value.extra["errors"]
    assert [(e["code"], e["line"]) for e in errors] == [("unknown_commune", 3), ("missing", 5)]
