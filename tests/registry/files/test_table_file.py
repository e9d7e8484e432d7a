"""Small tables: columns that are known by many names, and a blank that is read as it is given."""

import csv
from pathlib import Path

import pytest

from registry.core.errors import InvalidInputError, UnreadableFileError
from registry.files.table_file import TableFile, opened_table
from registry.lifecycle.number_table import read_numbers
from registry.lifecycle.row_tables import TABLE_OF, read_rows
from registry.records.external_ids.loading import TABLE as IDENTIFIERS
from scripts.table_template import TABLES as EVERY_TABLE

TABLES = pytest.mark.parametrize("table", EVERY_TABLE.values(), ids=lambda t: t.name)


@TABLES
def test_template_is_read_as_it_is_given(table: TableFile, tmp_path: Path) -> None:
    path = tmp_path / "mẫu.xlsx"
    table.write_template(path)
    (row,) = table.rows(path, opened_table(path, None))
    assert row == {column.field: column.example for column in table.columns}


@TABLES
def test_each_spelling_leads_to_one_column(table: TableFile) -> None:
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


def test_table_of_an_operation_has_the_members_of_its_rows() -> None:
    for model, table in TABLE_OF.items():
        assert set(model.model_fields) <= set(table.fields)
        assert not table.closed or set(model.model_fields) == set(table.fields)


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
