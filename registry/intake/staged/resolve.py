"""Step 1, resolving: read the parts of a door from the cells of a row, each spelling once.

A file of two million rows names some ten thousand streets and numbers. Each parsed part gets a
number, and a row is staged as a few such numbers. So the address text is not stored: names and
telephone numbers surround it, which no table may contain.
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.text import fold
from registry.files.fields import Columns
from registry.files.plain import PLAIN
from registry.files.spellings.beside import COLUMNS_DIFFER
from registry.files.spellings.communes import (
    CommuneReader,
    CommuneReading,
    CommuneSpelling,
    spelling_of,
)
from registry.files.spellings.door_cells import read_flat, read_number, read_place, read_street
from registry.files.spellings.doors import DoorParts, combined, completed_by, is_refused
from registry.files.spellings.doubts import PLACE_DIFFERS
from registry.files.spellings.place_beside import DIFFERS, UNDECIDED, with_place_beside
from registry.files.spellings.place_kinds import kind_named, with_kind
from registry.files.spellings.street_cells import StreetCells
from registry.files.spellings.unit_cells import UnitCells
from registry.intake.columns.cells import Cells, distinct, rows_of
from registry.intake.columns.reader import SourceFile
from registry.intake.staged.resolved import REMEMBERED, Numbered, Resolved, Row
from registry.intake.texts import OfBefore, Text, TextReaders, TextReading
from registry.units.gazetteer import Gazetteer

FIELDS_READ: Final = (
    *("source_ref", "longitude", "latitude", "households_count", "position_accuracy_m"),
    *("house_number", "street", "locality", "building", "floor", "unit"),
    *("commune_code", "commune", "district", "province", "former_commune_code", "former_commune"),
    *("former_address", "address"),
    *(each.name for each in PLAIN),
)
"""The order of cells; '' for a column that the file lacks."""
_DOOR: Final = slice(5, 11)
_STREET: Final = 6
_LOCALITY: Final = 7
_FORMER: Final = 16
_FORMER_ADDRESS: Final = 17
_ADDRESS: Final = 18
_BESIDE_TEXT: Final = (5, 6, 8, 9, 10)
"""Columns of a door that complete a text; localities are appended to it as words."""
_COMMUNE: Final = slice(11, 17)
_TEXT_PLACE: Final = 2
_TEXT_UNITS: Final = slice(3, 9)
_TEXT_DOOR: Final = slice(9, 14)
"""Positions in the result of `_text_columns`."""

_AT: Final = ("at", pa.int32())
_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
PARTS: Final = {
    "number": pa.schema(
        [_AT, ("number", _TEXT), ("number_key", _TEXT), ("alley_only", pa.bool_())]
    ),
    "street": pa.schema(
        [_AT, ("street_kind", _TEXT), ("street_name", _TEXT), ("street_key", _TEXT)]
    ),
    "place": pa.schema(
        [_AT, ("place_kinds", _TEXTS), ("place_names", _TEXTS), ("place_keys", _TEXTS)]
    ),
    "flat": pa.schema(
        [
            *(_AT, ("building_name", _TEXT), ("building_key", _TEXT)),
            *(("storey", _TEXT), ("flat", _TEXT)),
        ]
    ),
    "commune": pa.schema(
        [
            *(_AT, ("commune_code", _TEXT), ("candidates", pa.list_(pa.int32()))),
            *(("former_id", pa.int32()), ("commune_problem", _TEXT), ("commune_notice", _TEXT)),
            ("assumed_id", pa.int32()),
        ]
    ),
}
"""The tables of parts, and their columns."""
_OF_WARDS: Final = frozenset(
    {"phuong", "ten phuong", "phuong moi", "phuong nay", "phuong hien nay", "phuong hien tai"}
)
"""Folded headers of a column of wards only."""
_NOT_ALONE: Final = -1

Communes = Callable[[Iterable[str]], CommuneReader]
"""Makes the reader of a file's communes from its codes."""
_T = TypeVar("_T")


class Resolver(ABC):
    """Reads the rows of one file, from columns or from texts."""

    def __init__(self, gazetteer: Gazetteer, day: datetime.date, communes: Communes) -> None:
        self._communes = communes
        self.parts = {name: Numbered() for name in PARTS}
        self._units = lru_cache(REMEMBERED)(UnitCells(gazetteer, day).named)
        self.padded = False
        """At the end of the file, whether zeros were restored in any commune code."""

    @abstractmethod
    def begin(self, cells: Cells) -> Callable[[], Resolved]:
        """Start reading the rows; the returned function waits for the result.

        Call both in the order of the file.
        """

    @abstractmethod
    def commune_at(self, cells: Sequence[str]) -> int:
        """The number of a row's commune."""

    def take_parts(self) -> dict[str, list[Row]]:
        """New rows of each table except communes, which depend on the whole file."""
        return {
            name: numbered.take_fresh()
            for name, numbered in self.parts.items()
            if name != "commune"
        }

    def take_communes(self) -> list[Row]:
        """The rows of the table of communes, at the end of the file."""
        return self.parts["commune"].take_fresh()

    def _reader(self, spellings: Iterable[CommuneSpelling]) -> CommuneReader:
        """The reader for the communes of the whole file."""
        codes = {spelling.code for spelling in spellings if spelling.code}
        return self._communes(codes)

    def close(self) -> None:  # noqa: B027 - most start nothing
        """Stop processes that it has started."""


class ColumnResolver(Resolver):
    """Reads files with addresses in columns.

    `wards`: the column of communes is one of wards; `placed`: rows have points; `places`: kind
    named by the header of localities; `wards_behind`: street cells have wards behind dashes.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        day: datetime.date,
        communes: Communes,
        *,
        wards: bool,
        placed: bool,
        places: str,
        wards_behind: bool,
    ) -> None:
        super().__init__(gazetteer, day, communes)
        self._settling = {"wards": wards, "placed": placed}
        streets = StreetCells(gazetteer, wards_behind=wards_behind)
        self._read_street = lru_cache(REMEMBERED)(streets.read)
        self._columns = (
            (_Column("number", self.parts, read_number), slice(5, 6)),
            (_Column("street", self.parts, read_street), slice(6, 7)),
            (_Column("place", self.parts, partial(read_place, kind=places)), slice(7, 8)),
            (_Column("flat", self.parts, read_flat), slice(8, 11)),
        )

    def begin(self, cells: Cells) -> Callable[[], Resolved]:
        """As of every resolver."""
        return partial(self._resolved, cells)

    def _resolved(self, cells: Cells) -> Resolved:
        resolved = Resolved(len(cells[0]))
        cells = self._with_streets_alone(cells, resolved)
        mixed = np.zeros(len(cells[0]), bool)
        for column, where in self._columns:
            numbers = _each(column.alone, cells[where])
            mixed |= numbers == _NOT_ALONE
            resolved.number(column.part, numbers)
        resolved.number("commune", _each(self._commune, cells[_COMMUNE]))
        rows = np.flatnonzero(mixed)
        doors = rows_of(cells[_DOOR], rows)
        for row, door in zip(rows.tolist(), doors, strict=True):
            together = self._combined(door)
            resolved.take(row, together, self.parts)
            if together.doubt:
                resolved.doubt(row, together.doubt)
        return resolved

    def _with_streets_alone(self, cells: Cells, resolved: Resolved) -> Cells:
        """The cells with former communes moved from street cells to their blank column."""
        codes, streets = distinct(cells[_STREET : _STREET + 1])
        read = [self._read_street(street) for (street,) in streets]
        more = np.array([any(beside) for _, *beside in read])
        if not more.any():
            return cells
        alone, formers = (cells[at].to_pylist() for at in (_STREET, _FORMER))
        for row in np.flatnonzero(more[codes]).tolist():
            alone[row], former, doubt = read[codes[row]]
            formers[row] = formers[row] or former
            resolved.doubt(row, doubt)
        written = {_STREET: alone, _FORMER: formers}
        return [
            pa.array(written[at], pa.string()) if at in written else column
            for at, column in enumerate(cells)
        ]

    def commune_at(self, cells: Sequence[str]) -> int:
        """As of every resolver."""
        return self._commune(*cells[_COMMUNE])

    def _commune(self, *cells: str) -> int:
        return self.parts["commune"].number_of(self._units(cells))

    def _combined(self, door: Sequence[str]) -> DoorParts:
        first = _DOOR.start
        read = (
            column.parts(*door[where.start - first : where.stop - first])
            for column, where in self._columns
        )
        return combined(*read)

    def take_communes(self) -> list[Row]:
        """See `Resolver`; communes are read here, with the codes of the whole file."""
        spellings = [(number, spelling_of(cells)) for number, *cells in super().take_communes()]
        reader = self._reader(s for _, s in spellings)
        reader.look_through(spelling for _, spelling in spellings)
        read = [(spelling, reader.read(spelling)) for _, spelling in spellings]
        settled = reader.settle(read, **self._settling)
        self.padded = reader.padded
        return [
            (number, spelling.code, *_commune(reading))
            for (number, spelling), reading in zip(spellings, settled, strict=True)
        ]


def _each(number_of: Callable[..., int], columns: Cells) -> NDArray[np.int32]:
    """The number of the cells of each row, computed once for equal cells."""
    codes, spellings = distinct(columns)
    numbers = (number_of(*cells) for cells in spellings)
    return np.fromiter(numbers, np.int32, len(spellings))[codes]


class _Column:
    """The columns of one part, which may name other parts too."""

    def __init__(
        self, part: str, numbered: dict[str, Numbered], read: Callable[..., DoorParts]
    ) -> None:
        def alone(*cells: str) -> int:
            door = self.parts(*cells)
            own = getattr(door, part)
            return numbered[part].number_of(own) if door == DoorParts(**{part: own}) else _NOT_ALONE

        self.part = part
        self.parts = lru_cache(REMEMBERED)(read)
        """Cached reader of the cells."""
        self.alone = lru_cache(REMEMBERED)(alone)
        """The number of the part; `_NOT_ALONE` if the cells name other parts (see `combined`)."""


class TextResolver(Resolver):
    """Reads files with addresses as one text, completed by other columns.

    A commune code decides; the commune of the text may only narrow or contradict it. Parts of the
    door that the text lacks are taken from columns; `places` is the kind named by the header of
    localities.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        day: datetime.date,
        communes: Communes,
        *,
        places: str,
        columns: Columns,
    ) -> None:
        super().__init__(gazetteer, day, communes)
        self._place = lru_cache(REMEMBERED)(partial(with_kind, places))
        of_before = OfBefore(texts=columns.former_texts, units=columns.former_units)
        self._readers = TextReaders(gazetteer, day, of_before)
        self._columns = lru_cache(REMEMBERED)(_door_of)

    def begin(self, cells: Cells) -> Callable[[], Resolved]:
        """As of every resolver."""
        codes, texts = distinct(_text_columns(cells))
        named = [self._with_names(text) for text in texts]
        return partial(self._resolved, codes, named, self._readers.read(named))

    def _resolved(
        self, codes: NDArray[np.int64], texts: Sequence[Text], readings: Iterator[TextReading]
    ) -> Resolved:
        resolved = Resolved(len(texts))
        communes = np.zeros(len(texts), np.int32)
        for at, (text, reading) in enumerate(zip(texts, readings, strict=True)):
            of_text, place = with_place_beside(text[_TEXT_PLACE], reading.door)
            door = completed_by(of_text, self._columns(*text[_TEXT_DOOR]))
            differ = door is None or place == UNDECIDED
            doubt = reading.doubt or (PLACE_DIFFERS if place == DIFFERS else "")
            doubt = doubt or (door.doubt if door else "")
            resolved.take(at, door or of_text, self.parts)
            resolved.beside(at, COLUMNS_DIFFER if differ else reading.beside or "")
            resolved.doubt(at, doubt)
            communes[at] = self._commune(text, reading)
        resolved.number("commune", communes)
        return resolved.spread(codes)

    def commune_at(self, cells: Sequence[str]) -> int:
        """As of every resolver."""
        text = self._with_names(tuple(_text_columns(cells)))
        (reading,) = self._readers.read([text])
        return self._commune(text, reading)

    def _with_names(self, text: tuple[str, ...]) -> Text:
        address, former, place = text[: _TEXT_UNITS.start]
        units = self._units(text[_TEXT_UNITS])
        return (address, former, self._place(place), *units, *text[_TEXT_UNITS.stop :])

    def _commune(self, text: Sequence[str], reading: TextReading) -> int:
        return self.parts["commune"].number_of((*text[_TEXT_UNITS], reading.commune))

    def take_communes(self) -> list[Row]:
        """See `Resolver`; the meaning of codes depends on those of the whole file."""
        rows = [
            (number, spelling_of(cells), reading)
            for number, *cells, reading in super().take_communes()
            if isinstance(reading, CommuneReading)
        ]
        reader = self._reader(s for _, s, _ in rows)
        communes = [
            (number, spelling.code, *_commune(_completed(reader, spelling, of_text)))
            for number, spelling, of_text in rows
        ]
        self.padded = reader.padded
        return communes

    def close(self) -> None:
        """As of every resolver."""
        self._readers.close()


def _text_columns(cells: Sequence[_T]) -> list[_T]:
    """The arguments of `TextReader.read`, in order."""
    door = (cells[at] for at in _BESIDE_TEXT)
    return [cells[_ADDRESS], cells[_FORMER_ADDRESS], cells[_LOCALITY], *cells[_COMMUNE], *door]


def _door_of(number: str, street: str, *flat: str) -> DoorParts:
    """The door in the columns beside a text."""
    if not any((number, street, *flat)):
        return DoorParts()
    # `3 tầng` is the number of storeys, not part of the door.
    read = read_flat(*flat)
    refused = read.number if read.number and is_refused(read.number) else None
    of_flat = DoorParts(number=refused, flat=read.flat)
    named = replace(read_street(street), bare=False)  # the text may have the house's number
    return combined(read_number(number), named, DoorParts(), of_flat)


def resolver_of(file: SourceFile, gazetteer: Gazetteer, day: datetime.date) -> Resolver:
    """The resolver for addresses in columns or as texts."""
    today, before = file.table.codes_of_today, file.columns.former_units
    communes = partial(
        CommuneReader, gazetteer, day, codes_are_current=today, names_are_former=before
    )
    places = kind_named(_header(file, "locality"))
    if file.columns.free_text:
        return TextResolver(gazetteer, day, communes, places=places, columns=file.columns)
    wards = fold(_header(file, "commune")) in _OF_WARDS
    shown = {"wards": wards, "placed": file.placed, "wards_behind": file.wards_behind}
    return ColumnResolver(gazetteer, day, communes, places=places, **shown)


def _header(file: SourceFile, field: str) -> str:
    """The header of a field; '' without a column."""
    at = file.columns.positions.get(field)
    return "" if at is None else file.headers[at]


def _completed(
    reader: CommuneReader, spelling: CommuneSpelling, of_text: CommuneReading
) -> CommuneReading:
    """The communes that a code, a text and a former commune mean together."""
    return reader.narrowed(_with_code(reader, spelling, of_text), spelling.former)


def _with_code(
    reader: CommuneReader, spelling: CommuneSpelling, of_text: CommuneReading
) -> CommuneReading:
    if not (spelling.code or spelling.former_code):
        return of_text
    of_code = reader.read(spelling)
    if of_text.problem == "address_missing":
        return replace(of_text, candidates=of_code.candidates)
    if of_code.problem is not None or not of_text.candidates:
        return of_code
    common = tuple(unit for unit in of_code.candidates if unit in of_text.candidates)
    if not common:
        return CommuneReading(problem="commune_differs_from_code")
    former_id = of_code.former_id or of_text.former_id
    return CommuneReading(common, former_id, None, of_code.notice or of_text.notice)


def _commune(reading: CommuneReading) -> Row:
    return (
        *(reading.candidates, reading.former_id, reading.problem, reading.notice),
        reading.assumed_id,
    )
