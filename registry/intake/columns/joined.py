"""Join several columns into one field, or split one into two; results are additional columns.

An alley beside the house number is part of its path, a group is inside its hamlet, degrees, minutes
and seconds are one coordinate, and `21.0285, 105.8542` is two. The result is text as written in a
single cell, so that the same grammar parses it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final

from geo.house_number import ALLEY_RANK, parse_house_number
from geo.placeholders import is_ditto, is_none
from geo.points import point_in, two_numbers
from geo.text import fold
from registry.files.fields import Columns, Joined
from registry.files.formats.table import Rows, Table
from registry.files.spellings.door_cells import APART, read_number
from registry.files.spellings.doors import is_refused
from registry.files.spellings.headers import block_word, in_full
from registry.files.spellings.place_kinds import depth_of, kind_named, with_kind
from registry.records.uses import read_uses

Make = Callable[..., tuple[str, ...]]
"""Takes the stripped cells of some columns and returns the cells of the new columns."""
_REMEMBERED: Final = 100_000
_NONE: Final = frozenset({"", "0", "khong", "ko", "x"})
"""Folded cells for no alley or no hamlet."""
_SPELLED_ALLEYS: Final = {fold(kind): kind for kind in ALLEY_RANK}
_BY_LETTER: Final = {"k": "kiệt", "h": "hẻm", "n": "ngõ", "ng": "ngõ", "ngh": "ngách"}
_OTHER_LETTERS: Final = ("n",)
"""Letters that mean an alley only if the header has its word: blocks are named N5."""
_LETTERED: Final = re.compile(
    r"(k|h|n|ng|ngh)[.\s]*(\d{1,4}[a-z]?(?:/[kh]?[.\s]*\d{1,4}[a-z]?)*)", re.IGNORECASE
)
_STEP_LETTER: Final = re.compile(r"(?<=/)[kh][.\s]*", re.IGNORECASE)


def widened(table: Table, columns: Columns) -> tuple[Table, Columns]:
    """The table with an additional column for each joined field.

    Unchanged without joined fields. Blank rows stay blank.
    """
    if not columns.joined:
        return table, columns
    made = [_made(joined, table.headers) for joined in columns.joined]
    names = [name for fields, _, _ in made for name in fields]
    width = len(table.headers)

    @contextmanager
    def rows() -> Iterator[Rows]:
        with table.rows() as below:
            yield map(longer, below)

    def longer(row: list[str]) -> list[str]:
        if not any(row):
            return row
        known = [*row[:width], *[""] * (width - len(row))]
        cells = [
            cell for _, at, make in made for cell in make(*(known[place].strip() for place in at))
        ]
        # Cells beyond the header stay at the end, so that the row is rejected.
        return [*known, *cells, *row[width:]]

    behind = range(width, width + len(names))
    return replace(table, headers=(*table.headers, *names), rows=rows), replace(
        columns,
        positions=columns.positions | dict(zip(names, behind, strict=True)),
        own=(*columns.own, *behind),
        joined=(),
    )


def _made(joined: Joined, headers: tuple[str, ...]) -> tuple[tuple[str, ...], list[int], Make]:
    """The fields made, the indexes of their source columns, and the function to make them."""
    if joined.field == "point":
        return ("longitude", "latitude"), [joined.parts[0][1]], _point
    if joined.always:
        return (joined.field,), [], lambda: (joined.always,)
    parts = sorted(joined.parts, key=lambda part: depth_of(kind_named(headers[part[1]])))
    if joined.field != "locality":
        parts = list(joined.parts)
    named = [headers[at] for _, at in parts]
    makers: dict[str, Callable[..., str]] = {
        "house_number": partial(_number, parts[0][0] == "house_number", tuple(named)),
        "locality": partial(_places, tuple(map(kind_named, named))),
        "building": partial(_buildings, tuple(map(block_word, named))),
        "former_commune": _units,
        "uses": partial(_uses, sum(of == "uses" for of, _ in parts)),
    }
    make = lru_cache(_REMEMBERED)(makers.get(joined.field, _degrees))
    return (joined.field,), [at for _, at in parts], lambda *cells: (make(*cells),)


def _number(numbered: bool, headers: tuple[str, ...], *cells: str) -> str:
    """A house number with its alleys: `1` and `Ngõ 12` as `1, Ngõ 12`."""
    if ditto := _ditto(cells):
        return ditto
    number = cells[0] if numbered else ""
    alleys = [
        _alley(cell, header)
        for cell, header in list(zip(cells, headers, strict=True))[numbered:]
        if not _is_blank(cell)
    ]
    # Text other than a number stays alone and is rejected; with an alley it would parse.
    if number and not _is_number(number):
        return number
    if number and alleys and _contradict(number, ", ".join(alleys)):
        return f"{number} {APART} {', '.join(alleys)}"
    return ", ".join(filter(None, (number, *alleys)))


def _is_blank(cell: str) -> bool:
    return fold(cell) in _NONE or is_none(cell)


def _ditto(cells: tuple[str, ...]) -> str:
    """A ditto mark among the cells, which is rejected whatever is beside it; else ''."""
    return next(filter(is_ditto, cells), "")


def _is_number(cell: str) -> bool:
    read = read_number(cell).number
    return read is not None and not is_refused(read)


def _contradict(number: str, alleys: str) -> bool:
    """Whether the path of the number has steps of the alleys other than in front.

    `5/12` beside Ngách 12 may be house 5 there, or house 12 elsewhere.
    """
    read, around = parse_house_number(number), parse_house_number(alleys)
    if read is None or around is None or len(read.parts) == 1:
        return False
    steps = around.parts
    return read.parts[: len(steps)] != steps and not set(read.parts).isdisjoint(steps)


def _alley(cell: str, header: str) -> str:
    """The cell with a word for an alley, taken from the header if missing."""
    kinds = [kind for word in in_full(header).split() if (kind := _SPELLED_ALLEYS.get(word))]
    if lettered := _LETTERED.fullmatch(cell):
        # In an address `18, K22` is a house of Khu phố 22.
        kind = _BY_LETTER[lettered[1].lower()]
        if kind in kinds or lettered[1].lower() not in _OTHER_LETTERS:
            return f"{kind} {_STEP_LETTER.sub('', lettered[2])}"
    read = parse_house_number(cell)
    if read is not None and read.alley_only:
        return cell
    if any(word in _SPELLED_ALLEYS for word in fold(cell).split()[:1]):
        return cell
    return f"{kinds[0] if kinds else 'ngõ'} {cell}"


def _places(kinds: tuple[str, ...], *cells: str) -> str:
    """Localities, innermost first, each with its kind, without duplicates."""
    if ditto := _ditto(cells):
        return ditto
    places: list[str] = []
    for kind, cell in zip(kinds, cells, strict=True):
        if _is_blank(cell):
            continue
        place = with_kind(kind, cell)
        places = [inner for inner in places if f" {fold(inner)} " not in f" {fold(place)} "]
        places.append(place)
    return ", ".join(places)


def _buildings(words: tuple[str, ...], *cells: str) -> str:
    """A block by its mark, then the building: `B` and `The Sun` as `Block B, The Sun`."""
    if ditto := _ditto(cells):
        return ditto
    named = list(zip(words, cells, strict=True))
    marks = [
        f"{word} {cell}" if " " not in cell else cell
        for word, cell in named
        if word and not _is_blank(cell)
    ]
    return ", ".join((*marks, *(cell for word, cell in named if cell and not word)))


def _units(*cells: str) -> str:
    return ", ".join(filter(None, cells))


def _uses(count: int, *cells: str) -> str:
    """Uses of the first `count` cells, then those with names of organisations."""
    return read_uses(cells[:count], cells[count:])


def _degrees(degrees: str, minutes: str = "", seconds: str = "") -> str:
    if not minutes:
        return degrees
    return f"{degrees}°{minutes}'{seconds or 0}\""


def _point(cell: str) -> tuple[str, ...]:
    """The coordinates; text other than a point is returned twice, and is a problem of its row."""
    point: tuple[object, object] = point_in(cell) or two_numbers(cell) or (cell, cell)
    return tuple(map(str, point))
