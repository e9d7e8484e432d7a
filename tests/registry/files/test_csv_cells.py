"""Cells that a spreadsheet would run: none is written into a CSV, and each is read as it was."""

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.files.csv_cells import Writer, guarded_column, read_rows, unguarded_column

SIGNS = "=+-@＝＋－＠\t\r\n"
CELLS = st.text() | st.from_regex(rf"'{{0,3}}[ \u00a0]?[{SIGNS}]?[-0-9.,eE']{{0,4}}.?")
RUN = ("=1+1", "+A1", "-1+1", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "\u00a0=1", "＝1", "－cmd")
NUMBERS = ("-1.5", "+1,5", "-106.70098", "-1e-05", "-1.234,5", " -7 ", "0")


def written(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    Writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("cell", RUN)
def test_cells_that_a_spreadsheet_would_run_are_written_as_texts(cell: str) -> None:
    assert list(csv.reader(io.StringIO(written([[cell]]), newline=""))) == [["'" + cell]]


@pytest.mark.parametrize("cell", [*NUMBERS, "12 Láng", "A-1", "Y'Jút", "'3/2", "'", ""])
def test_numbers_and_other_texts_are_written_as_they_are(cell: str) -> None:
    assert list(csv.reader(io.StringIO(written([[cell, "x"]]), newline=""))) == [[cell, "x"]]


@pytest.mark.thorough
@given(st.lists(st.lists(CELLS, min_size=2), min_size=1), st.sampled_from(",;\t|"))
def test_what_was_written_is_read_as_it_was(rows: list[list[str]], delimiter: str) -> None:
    text = io.StringIO(written(rows, delimiter), newline="")
    assert list(read_rows(text, delimiter=delimiter)) == rows


@given(st.lists(CELLS | st.none()))
def test_columns_are_written_and_read_as_cells_are(cells: list[str | None]) -> None:
    told = list(csv.reader(io.StringIO(written([[c or "", "x"] for c in cells]), newline="")))
    column = guarded_column(pa.array(cells, pa.string()))
    assert [cell or "" for cell in column.to_pylist()] == [cell for cell, _ in told]
    assert unguarded_column(column).to_pylist() == cells


def test_values_that_are_no_texts_are_written_as_ever() -> None:
    out = io.StringIO(newline="")
    Writer(out, lineterminator="\n").writerow((-1.5, None, -3, "-x"))
    assert out.getvalue() == "-1.5,,-3,'-x\n"
