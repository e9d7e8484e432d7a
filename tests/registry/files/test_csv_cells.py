"""Formula cells: escaped when written into a CSV, and read back unchanged."""

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
def test_formula_cells_are_written_as_text(cell: str) -> None:
    assert list(csv.reader(io.StringIO(written([[cell]]), newline=""))) == [["'" + cell]]


@pytest.mark.parametrize("cell", [*NUMBERS, "12 Láng", "A-1", "Y'Jút", "'3/2", "'", ""])
def test_numbers_and_other_texts_are_written_unchanged(cell: str) -> None:
    assert list(csv.reader(io.StringIO(written([[cell, "x"]]), newline=""))) == [[cell, "x"]]


@pytest.mark.thorough
@given(st.lists(st.lists(CELLS, min_size=2), min_size=1), st.sampled_from(",;\t|"))
def test_written_cells_round_trip(rows: list[list[str]], delimiter: str) -> None:
    text = io.StringIO(written(rows, delimiter), newline="")
    assert list(read_rows(text, delimiter=delimiter)) == rows


@given(st.lists(CELLS | st.none()))
def test_columns_are_escaped_like_cells(cells: list[str | None]) -> None:
    found = list(csv.reader(io.StringIO(written([[c or "", "x"] for c in cells]), newline="")))
    column = guarded_column(pa.array(cells, pa.string()))
    assert [cell or "" for cell in column.to_pylist()] == [cell for cell, _ in found]
    assert unguarded_column(column).to_pylist() == cells


def test_values_other_than_text_are_written_unchanged() -> None:
    out = io.StringIO(newline="")
    Writer(out, lineterminator="\n").writerow((-1.5, None, -3, "-x"))
    assert out.getvalue() == "-1.5,,-3,'-x\n"
