"""Vocabulary of Vietnamese addresses, as tables: a word is a row.

The comments at the top of each file give its source and the meaning of its columns. Rows are
sorted, which also prevents duplicates. Each file is read once.
"""

import csv
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar

_FOLDER: Final = Path(__file__).parent
_OF_NO_KIND: Final = frozenset({"hint", "noise", "premises"})
ROLES: Final = _OF_NO_KIND | {
    *("admin", "alley", "building", "floor", "locality", "number", "plot", "street", "unit")
}
"""Roles of the pieces of an address that a word may open."""
_NEEDS: Final = frozenset({"", "number", "marks", "unit"})
_PLACES: Final = frozenset({"", "behind", "both"})


class LexiconError(ValueError):
    """An invalid row in a table; the message has file, line and reason."""


class Row(Protocol):
    """A row of a table: a named tuple of strings."""

    def fault(self, comments: str) -> str | None:
        """Return the reason why the row is invalid, or None; `comments` define its cells'
        values."""


class Wording(NamedTuple):
    """One way to write a kind: a row of `words.csv`."""

    role: str
    kind: str
    writing: str
    needs: str
    place: str

    def fault(self, _comments: str) -> str | None:
        """Return the reason why the row is invalid, or None."""
        if self.role not in ROLES:
            return f"no role {self.role!r}"
        if self.needs not in _NEEDS or self.place not in _PLACES:
            return f"no need {self.needs!r}, or no place {self.place!r}"
        if bool(self.kind) == (self.role in _OF_NO_KIND):
            return "a kind for a role without kinds, or no kind for a role with kinds"
        return None if self.writing else "no writing"


class Kind(NamedTuple):
    """Properties of a kind: a row of `kinds.csv`."""

    role: str
    kind: str
    mark: str
    traits: str

    def fault(self, comments: str) -> str | None:
        """Return the reason why the row is invalid, or None."""
        if (self.role, self.kind) not in _written():
            return "not in words.csv"
        return _unexplained(self.traits, comments)


class Name(NamedTuple):
    """A name, or a word in names: a row of `names.csv` and other lists."""

    name: str
    uses: str

    def fault(self, comments: str) -> str | None:
        """Return the reason why the row is invalid, or None."""
        return _unexplained(self.uses, comments) if self.name else "no name"


class Reading(NamedTuple):
    """The meaning of a spelling: a row of `readings.csv`."""

    of: str
    writing: str
    reading: str

    def fault(self, comments: str) -> str | None:
        """Return the reason why the row is invalid, or None."""
        whole = self.of and self.writing and self.reading
        return _unexplained(self.of, comments) if whole else "an empty cell"


def _unexplained(words: str, comments: str) -> str | None:
    """Return an error for the first word that the comments of its table do not define, or None."""
    unknown = [word for word in words.split() if f" {word}:" not in comments]
    return f"{unknown[0]!r} is not defined in the comments" if unknown else None


_Row = TypeVar("_Row", bound=Row)


def read_table(
    path: Path, row: type[_Row], *, key: int = 1, in_order: bool = True
) -> tuple[_Row, ...]:
    """Return the rows of a table with the columns of `row`, unique by the first `key` columns.

    With `in_order`, rows must be sorted. Raises LexiconError.
    """
    made: Any = row
    columns: tuple[str, ...] = made._fields
    rows, known, comments, before, header = [], set(), "", "", True
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(map(str.strip, file), 1):
            if line.startswith("#"):
                comments += line[1:]
                continue
            cells = next(csv.reader([line]))
            fault = None
            if header:
                fault = None if tuple(cells) == columns else f"expected {','.join(columns)}"
            elif len(cells) != len(columns) or cells != [" ".join(c.split()) for c in cells]:
                fault = f"expected {len(columns)} cells, without spaces around them"
            elif (in_order and line <= before) or tuple(cells[:key]) in known:
                fault = "out of order, or twice"
            else:
                known.add(tuple(cells[:key]))
                rows.append(made(*cells))
                before, fault = line, rows[-1].fault(comments)
            if fault:
                raise LexiconError(f"{path.name}:{number}: {fault}")
            header = False
    return tuple(rows)


@cache
def words() -> tuple[Wording, ...]:
    """Return the words that open a piece of an address, or follow its name."""
    return read_table(_FOLDER / "words.csv", Wording, key=3)


@cache
def kinds(role: str, *traits: str) -> tuple[str, ...]:
    """Return the kinds of a role that have one of the traits."""
    wanted = set(traits)
    return tuple(
        row.kind
        for row in _kinds()
        if row.role == role and not wanted.isdisjoint(row.traits.split())
    )


def marks(role: str) -> dict[str, str]:
    """Return kind → its mark in a stored number."""
    return {row.kind: row.mark for row in _kinds() if row.role == role and row.mark}


@cache
def names(table: str | Path, use: str = "") -> tuple[str, ...]:
    """Return the names of a list with a use, or all.

    >>> names("abroad", "city")[:2], names("surnames", "bare")
    (('amsterdam', 'auckland'), ('nguyễn', 'phạm', 'trần'))
    """
    path = table if isinstance(table, Path) else _FOLDER / f"{table}.csv"
    return tuple(row.name for row in _listed(path) if not use or use in row.uses.split())


@cache
def readings(of: str) -> dict[str, tuple[str, ...]]:
    """Return spelling → possible readings.

    >>> readings("district")["Từ Liêm"]
    ('Bắc Từ Liêm', 'Nam Từ Liêm')
    """
    return {row.writing: tuple(row.reading.split("|")) for row in _readings() if row.of == of}


@cache
def _listed(path: Path) -> tuple[Name, ...]:
    return read_table(path, Name)


@cache
def _readings() -> tuple[Reading, ...]:
    return read_table(_FOLDER / "readings.csv", Reading, key=2)


@cache
def _kinds() -> tuple[Kind, ...]:
    return read_table(_FOLDER / "kinds.csv", Kind, key=2)


@cache
def _written() -> frozenset[tuple[str, str]]:
    """Return the pairs of role and kind in `words.csv`."""
    return frozenset((word.role, word.kind or word.writing) for word in words())
