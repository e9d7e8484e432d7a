"""Files that somebody keeps row by row: their columns, and what is wrong with a row.

A row that is wrong is told by a stable code and fails no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from geo.text import fold
from registry.core.messages import Message
from registry.files.spellings.headers import field_of
from registry.files.spellings.returned import clean_text

Severity = Literal["error", "warning", "notice"]
Wrong = tuple[str, str]
"""Code of a problem, and the value that has it."""

SHOWN_VALUE: Final = 200
"""Characters of a value that a problem repeats."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row, or worth a look; rows are counted below the header."""

    row_number: int
    """Below the header, from 1; of a feature its place"""
    code: str
    value: str
    words: str
    severity: Severity
    """`error`: rejected; `warning`: taken, look at it; `notice`: taken or passed over, and told."""


@dataclass(frozen=True, slots=True)
class ProblemTable:
    """The problems that rows of one kind of file may have."""

    words: Mapping[str, Message]
    """Code → what is wrong, in words; an error where neither of the others has it."""
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()
    """Codes whose values are identifiers or figures, and shown as they came."""

    def of(self, row_number: int, code: str, value: str) -> RowProblem:
        """The problem of a row."""
        severity: Severity = "error"
        if code in self.warnings:
            severity = "warning"
        elif code in self.notices:
            severity = "notice"
        shown = value if code in self.identifiers else clean_text(value)
        return RowProblem(row_number, code, shown[:SHOWN_VALUE], str(self.words[code]), severity)


def columns_named(
    headers: Sequence[str],
    fields: Mapping[str, Sequence[str]],
    meant: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, int]:
    """Field → its column, by the first of its names, folded, that is a header.

    Else by what an import takes the header for: `meant` says which of its fields is which here.
    """
    folded = [fold(header).replace("_", " ") for header in headers]
    found = {
        field: folded.index(name)
        for field, names in fields.items()
        for name in [next((name for name in names if name in folded), None)]
        if name is not None
    }
    for at, header in enumerate(headers):
        field = meant.get(field_of(header) or "")
        if field is not None and field not in found and at not in found.values():
            found[field] = at
    return found


def cells_of(
    row: Sequence[str], columns: Mapping[str, int], fields: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """The cells of a row by field, '' for none."""
    return {
        field: row[at].strip() if at is not None and at < len(row) else ""
        for field, at in ((name, columns.get(name)) for name in fields)
    }
