"""Files that somebody keeps row by row: their columns, and what is wrong with a row.

A row that is wrong is told by a stable code and fails no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning", "notice"]
Wrong = tuple[str, str]
"""Code of a problem, and the value that has it."""

SHOWN_VALUE: Final = 200
"""Characters of a value that a problem repeats."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row, or worth a look; rows are counted below the header."""

    row_number: int
    code: str
    value: str
    words: str
    severity: Severity
    """`error`: rejected; `warning`: taken, look at it; `notice`: taken or passed over, and told."""


@dataclass(frozen=True, slots=True)
class ProblemTable:
    """The problems that rows of one kind of file may have."""

    words: Mapping[str, str]
    """Code → what is wrong, in words; an error where neither of the others has it."""
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def of(self, row_number: int, code: str, value: str) -> RowProblem:
        """The problem of a row."""
        severity: Severity = "error"
        if code in self.warnings:
            severity = "warning"
        elif code in self.notices:
            severity = "notice"
        return RowProblem(row_number, code, value[:SHOWN_VALUE], self.words[code], severity)


def columns_named(headers: Sequence[str], fields: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Field → its column, by the first of its names that is a header; both are folded."""
    return {
        field: headers.index(name)
        for field, names in fields.items()
        for name in [next((name for name in names if name in headers), None)]
        if name is not None
    }


def cells_of(
    row: Sequence[str], columns: Mapping[str, int], fields: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """The cells of a row by field, '' for none."""
    return {
        field: row[at].strip() if at is not None and at < len(row) else ""
        for field, at in ((name, columns.get(name)) for name in fields)
    }
