"""Small tables: columns that are known by many names, and a blank that is read as it is given."""

import csv
from pathlib import Path

import pytest

from registry.core.errors import UnreadableFileError
from registry.coverage.target_rows import TABLE as TARGETS
from registry.files.table_file import TableFile, opened_table
from registry.publish.services.rows import TABLE as SERVICES
from registry.records.external_ids.loading import TABLE as IDENTIFIERS

TABLES = pytest.mark.parametrize("table", [TARGETS, SERVICES, IDENTIFIERS], ids=lambda t: t.name)


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
