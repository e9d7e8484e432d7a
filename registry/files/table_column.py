"""A column of a small table: its headers, and the values that its cells may have.

Each type parses a text or raises ValueError; `text:100` is text of at most 100 characters.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from geo import code as codes
from geo.code import CodeError
from geo.text import fold
from registry.core.days import parse_day
from registry.files.formats.writing import Hint

Wrong = tuple[str, str]
"""Code of a problem, and the value concerned."""

_WORD: Final = "*"
"""Before a spelling: any header that has this word."""
_MARKUP: Final = re.compile(r"`|\[([^]]*)\]\([^)]*\)")
_HO: Final = re.compile(r"\s*hộ\s*$", re.IGNORECASE)
_COUNT: Final = re.compile(r"\d{1,9}|\d{1,3}(?:[., ]\d{3})+")
_UNIT_CODE: Final = re.compile(r"\d{1,5}")
_YES: Final = ("x", "yes", "true", "co", "1")
_BREAK: Final = re.compile(r"[,;\s]+")


class _WrongPartsError(ValueError):
    """Some parts of a cell are invalid."""

    def __init__(self, parts: list[str]) -> None:
        super().__init__("; ".join(dict.fromkeys(parts)))


def _text(written: str, most: int = 0) -> str:
    if most and (len(written) > most or not written.isprintable()):
        raise ValueError(written)
    return written


def _count(written: str) -> int:
    """`1.234 hộ`."""
    figures = _HO.sub("", written)
    if not _COUNT.fullmatch(figures):
        raise ValueError(written)
    return int(re.sub(r"\D", "", figures))


def _unit(written: str, digits: int = 0) -> str:
    """The code of a unit, with the leading zeros that a spreadsheet removed."""
    if not _UNIT_CODE.fullmatch(written):
        raise ValueError(written)
    return written.zfill(digits or (2 if len(written) < 3 else 5))


def _yes(written: str) -> bool:
    if fold(written) not in _YES:
        raise ValueError(written)
    return True


def _words(written: str) -> tuple[str, ...]:
    return tuple(filter(None, _BREAK.split(written)))


def _listed(written: str) -> tuple[str, ...]:
    """Parts of a cell, split at semicolons and line breaks; at commas and spaces too if all parts
    are codes.

    >>> _listed("00004, 00008"), _listed("Phường Láng, Hà Nội; 00004")
    (('00004', '00008'), ('Phường Láng, Hà Nội', '00004'))
    """
    words = _words(written)
    if all(map(str.isdigit, words)):
        return words
    return tuple(part.strip() for part in re.split(r"[;\n]", written) if part.strip())


def _codes(written: str) -> tuple[str, ...]:
    found: set[str] = set()
    wrong: list[str] = []
    for part in filter(str.strip, re.split(r"[,;\n]", written)):
        try:
            found.add(codes.validate(part))
        except CodeError:
            for each in part.split():  # several, separated by spaces
                try:
                    found.add(codes.validate(each))
                except CodeError:
                    wrong.append(each)
    if wrong:
        raise _WrongPartsError(wrong)
    return tuple(sorted(found))


_TYPES: Final = MappingProxyType[str, Callable[..., Any]](
    {
        "text": _text,
        "count": _count,
        "number": lambda written: float(written.replace(",", ".")),
        # Some programs add a time of day.
        "day": lambda written: parse_day(re.split("[ T]", written)[0]),
        "code": codes.validate,
        "codes": _codes,
        "unit": _unit,
        "words": _words,
        "list": _listed,
        "yes": _yes,
    }
)
"""Name of a type → its parser; a number behind the name is the second argument."""
_TYPE_WORDS: Final = MappingProxyType(
    {
        "count": ("số nguyên", ""),
        "number": ("số", ""),
        "day": ("ngày: 02/11/2026 hoặc 2026-11-02", ""),
        "yes": ("`x`: đúng vậy", "`x`"),
    }
)
"""Explanations of types, in Vietnamese, and in English where its description says too little."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a small table, as `table_headers.csv` describes it."""

    field: str
    type: str
    """One of `_TYPES`, or `choice`."""
    missing: str
    """Code of the problem of a blank cell; empty if blank cells are allowed."""
    shown: str
    """The field whose cell the problem of a blank cell shows."""
    invalid: str
    """Code of the problem of a cell not of the type; empty if the caller checks it."""
    header: str
    """In the template, Vietnamese."""
    vietnamese: str
    """Description, shown in the template and the documentation."""
    english: str
    choices: Mapping[str, tuple[str, ...]]
    """Value → words that people write for it, the usual one first."""
    default_for: str
    """The field whose default value a header may state (see `spellings`)."""
    spellings: Mapping[str, str]
    """Folded headers of the column, the surest first, including its field and header → the default
    value stated by that header: `Số hộ thường trú` states what is counted."""
    words: tuple[str, ...]
    """Words that identify a header if no spelling matches."""
    example: str
    parse: Callable[[str], Any]
    """Parses a text that is not blank; raises ValueError."""

    @classmethod
    def of(cls, row: Mapping[str, str]) -> "TableColumn":
        """The column of a row of `table_headers.csv`."""
        given = [*row["spellings"].split("|"), fold(row["header"]), row["field"].replace("_", " ")]
        spellings: dict[str, str] = {}
        for each in given:
            spelling, _, stated = each.partition("=")
            if spelling and not spelling.startswith(_WORD):
                spellings.setdefault(spelling, stated)
        missing, _, shown = row["missing"].partition(":")
        written = (each.partition("=") for each in row["choices"].split(";") if each)
        choices = {choice: tuple(words.split("|")) for choice, _, words in written}
        texts = ("field", "type", "invalid", "header", "vietnamese", "english", "example")
        return cls(
            **{name: row[name] for name in texts},
            missing=missing,
            default_for=row["says"],
            shown=shown,
            choices=choices,
            spellings=spellings,
            words=tuple(each.removeprefix(_WORD) for each in given if each.startswith(_WORD)),
            parse=_chooser(choices) if choices else _reader_of(row["type"]),
        )

    def read(self, cells: Mapping[str, str]) -> tuple[Any, Wrong | None]:
        """The value of the column's cell in a row, and its fault.

        The value is None for a blank cell, and the text itself for one that cannot be parsed.
        """
        written = cells.get(self.field, "")
        if not written:
            return None, (self.missing, cells.get(self.shown, "")) if self.missing else None
        try:
            return self.parse(written), None
        except _WrongPartsError as error:
            fault = self.invalid, str(error)
        except ValueError:
            fault = self.invalid, written
        return written, fault if self.invalid else None

    @property
    def hint(self) -> Hint:
        """The input hint and the choices that a spreadsheet shows at the cells."""
        words = _MARKUP.sub(r"\1", self.explained(0))
        return Hint(self.header, words, tuple(words[0] for words in self.choices.values()))

    def explained(self, language: int) -> str:
        """Description in Vietnamese (0) or English (1), with the choices."""
        texts = ((self.vietnamese, self.english)[language], *self._of_type(language))
        return "; ".join(filter(None, texts))

    def _of_type(self, language: int) -> Iterator[str]:
        if self.type in _TYPE_WORDS:
            yield _TYPE_WORDS[self.type][language]
        if self.choices:
            vietnamese = (f"`{each}` ({', '.join(words)})" for each, words in self.choices.items())
            yield ", ".join(vietnamese if language == 0 else (f"`{each}`" for each in self.choices))

    def place(self, headers: Sequence[str]) -> int | None:
        """Index of the column among folded headers; None if absent."""
        for spelling in self.spellings:
            if spelling in headers:
                return headers.index(spelling)
        split = [header.split() for header in headers] if self.words else ()
        return next((n for n, words in enumerate(split) if set(self.words) & set(words)), None)


def _reader_of(type_: str) -> Callable[[str], Any]:
    """The parser of a type such as `text:100`."""
    name, _, number = type_.partition(":")
    read = _TYPES[name]
    return (lambda written: read(written, int(number))) if number else read


def _chooser(choices: Mapping[str, tuple[str, ...]]) -> Callable[[str], str]:
    meant = {fold(word): each for each, words in choices.items() for word in (each, *words)}

    def parse(written: str) -> str:
        if (choice := meant.get(fold(written))) is None:
            raise ValueError(written)
        return choice

    return parse
