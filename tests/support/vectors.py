"""Shared test vectors in tests/vectors: CSV files usable from any language.

The column `why` names the rule that a row demonstrates.
"""

import csv
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

_FOLDER = Path(__file__).parent.parent / "vectors"
Row = dict[str, str]


def read_vectors(name: str) -> list[Row]:
    """The rows of one file, by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def cases(name: str, called: str = "text", **only: str) -> list[ParameterSet]:
    """The rows that have these values, each a case of a test that is called by one column."""
    rows = (row for row in read_vectors(name) if only.items() <= row.items())
    return [pytest.param(row, id=row[called].strip() or "blank") for row in rows]
