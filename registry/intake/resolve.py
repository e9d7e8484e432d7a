"""Step 1, resolving: from the cells of a row to the parts of its door, each spelling read once.

A file of two million rows names some ten thousand streets and numbers. What is read gets a number
of its own, and a row is staged as a handful of such numbers. So no address is stored: around one
stand names and telephone numbers, which no table may hold.
"""

import datetime
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from geo.address import building_of, parse_components
from geo.mangled_number import is_mangled
from geo.text import fold
from registry.address_reader import ReadAddress, read_address
from registry.gazetteer import Gazetteer
from registry.intake.beside import Beside, completed
from registry.intake.communes import CommuneReader, CommuneReading, CommuneSpelling
from registry.intake.doors import DoorParts, combined, parts_of
from registry.intake.reader import SourceFile

FIELDS_READ: Final = (
    *("source_ref", "longitude", "latitude", "households_count", "position_accuracy_m"),
    *("house_number", "street", "locality", "building", "floor", "unit"),
    *("commune_code", "commune", "district", "province", "former_commune_code"),
    *("former_address", "address"),
)
"""The order in which cells are handed over; '' for a column that the file lacks."""
KEPT: Final = 5
"""So many of them are staged as they are."""
_DOOR: Final = slice(5, 11)
_LOCALITY: Final = 7
_COMMUNE: Final = slice(11, 16)

PART_COLUMNS: Final = {
    "number": "number text, number_key text, alley_only boolean",
    "street": "street_kind text, street_name text, street_key text",
    "place": "place_kinds text[], place_names text[], place_keys text[]",
    "flat": "building_name text, building_key text, storey text, flat text",
    "commune": "commune_code text, candidates int[], former_id int, commune_problem text,"
    " commune_notice text, assumed_id int",
}
"""The tables of parts, and what they hold under each number."""
RESOLVED: Final = (
    *("number_at", "street_at", "place_at", "flat_at", "commune_at", "hint"),
    "beside",
)
"""What `Resolver.resolve` gives of a row; `beside` is a value of `registry.intake.beside`."""

# Most house numbers are their own key already; the grammar would say the same, at length.
_PLAIN_NUMBER: Final = re.compile("[1-9][0-9]{0,3}[A-H]?(?:/[1-9][0-9]{0,3}[A-H]?)*")
# Spellings remembered of each kind; one that is forgotten is read again, under another number.
_REMEMBERED: Final = 100_000

Row = tuple[object, ...]


class Numbered:
    """Gives numbers from 1 on, the same for the same columns while they are remembered."""

    def __init__(self) -> None:
        self.number_of: Callable[[Row | None], str] = lru_cache(_REMEMBERED)(self._number)
        self._count = 0
        self._fresh: list[Row] = []

    def _number(self, columns: Row | None) -> str:
        """As COPY reads it: '' where there is nothing."""
        if columns is None:
            return ""
        self._count += 1
        self._fresh.append((self._count, *columns))
        return str(self._count)

    def take_fresh(self) -> list[Row]:
        """What was numbered since the last call, as rows that begin with the number."""
        fresh, self._fresh = self._fresh, []
        return fresh


class Resolver(ABC):
    """Reads the rows of one file: its columns, or its free texts."""

    def __init__(self) -> None:
        self.parts = {name: Numbered() for name in PART_COLUMNS}
        self.padded = False
        """At the end of the file: whether any code of a commune had lost its zeros."""

    @abstractmethod
    def resolve(self, cells: Sequence[str]) -> str:
        """The columns of `RESOLVED`, as COPY reads them."""

    def take_parts(self) -> dict[str, list[Row]]:
        """New rows of each table, but for communes, which only the whole file explains."""
        return {
            name: numbered.take_fresh()
            for name, numbered in self.parts.items()
            if name != "commune"
        }

    def take_communes(self) -> list[Row]:
        """The rows of the table of communes, at the end of the file."""
        return self.parts["commune"].take_fresh()

    def _door(self, door: DoorParts, commune_at: str, beside: str = "") -> str:
        numbers = (
            self.parts["number"].number_of(door.number),
            self.parts["street"].number_of(door.street),
            self.parts["place"].number_of(door.place),
            self.parts["flat"].number_of(door.flat),
        )
        return "\t".join((*numbers, commune_at, escaped(door.hint or ""), beside))


class ColumnResolver(Resolver):
    """Reads files whose addresses come in columns."""

    def __init__(self, gazetteer: Gazetteer, day: datetime.date) -> None:
        super().__init__()
        self._gazetteer = gazetteer
        self._day = day
        self._number = _Column("number", self.parts, _read_number)
        self._street = _Column("street", self.parts, _read_street)
        self._place = _Column("place", self.parts, _read_place)
        self._flat = _Column("flat", self.parts, _read_flat)

    def resolve(self, cells: Sequence[str]) -> str:
        """As of every resolver."""
        number, street, place, building, floor, unit = cells[_DOOR]
        commune_at = self.parts["commune"].number_of(tuple(cells[_COMMUNE]))
        number_at, street_at = self._number.alone(number), self._street.alone(street)
        place_at, flat_at = self._place.alone(place), self._flat.alone(building, floor, unit)
        if number_at is None or street_at is None or place_at is None or flat_at is None:
            door = combined(
                self._number.parts(number),
                self._street.parts(street),
                self._place.parts(place),
                self._flat.parts(building, floor, unit),
            )
            return self._door(door, commune_at)
        return f"{number_at}\t{street_at}\t{place_at}\t{flat_at}\t{commune_at}\t\t"

    def take_communes(self) -> list[Row]:
        """As of every resolver; here they are read, by the codes of the whole file."""
        spellings = [(number, _spelling(cells)) for number, *cells in super().take_communes()]
        reader = CommuneReader(self._gazetteer, self._day, _codes(s for _, s in spellings))
        reader.look_through(spelling for _, spelling in spellings)
        communes = [
            (number, spelling.code, *_commune(reader.read(spelling)))
            for number, spelling in spellings
        ]
        self.padded = reader.padded
        return communes


class _Column:
    """The columns of one part, which now and then name other parts as well."""

    def __init__(
        self, part: str, numbered: dict[str, Numbered], read: Callable[..., DoorParts]
    ) -> None:
        def alone(*cells: str) -> str | None:
            door = self.parts(*cells)
            own = getattr(door, part)
            return numbered[part].number_of(own) if door == DoorParts(**{part: own}) else None

        self.parts = lru_cache(_REMEMBERED)(read)
        """What the cells name."""
        self.alone = lru_cache(_REMEMBERED)(alone)
        """The number of the part; None when they name others, which `combined` must sort out."""


def _read_number(text: str) -> DoorParts:
    if _PLAIN_NUMBER.fullmatch(text):
        return DoorParts(number=(text, text, False))
    if is_mangled(text):
        # No key: `judge` refuses it, and `fixes` proposes what may have stood there.
        return DoorParts(number=(text, "", False))
    return parts_of(parse_components(house_number=text))


def _read_street(text: str) -> DoorParts:
    return parts_of(parse_components(street=text))


def _read_place(text: str) -> DoorParts:
    return parts_of(parse_components(locality=text))


def _read_flat(building: str, floor: str, unit: str) -> DoorParts:
    read = parse_components(building=building, floor=floor, unit=unit)
    door, name = parts_of(read), building_of(read, building)
    own = door.flat or (None, None, None, None)
    if name is None or own[1]:
        return door
    return DoorParts(flat=(name, fold(name), own[2], own[3]), hint=door.hint)


class TextResolver(Resolver):
    """Reads files whose addresses come as one text, which other columns may complete.

    A code of a commune decides; the text's own commune may only narrow it, or contradict it. So
    does an address of an earlier map beside it (`registry.intake.beside`).
    """

    def __init__(self, gazetteer: Gazetteer, day: datetime.date) -> None:
        super().__init__()
        self._gazetteer = gazetteer
        self._day = day
        self._communes = CommuneReader(gazetteer, day, ())
        self._read = lru_cache(_REMEMBERED)(self._read_text)

    def resolve(self, cells: Sequence[str]) -> str:
        """As of every resolver."""
        return self._read(cells[-1], cells[-2], cells[_LOCALITY], *cells[_COMMUNE])

    def take_communes(self) -> list[Row]:
        """As of every resolver; what codes mean depends on those of the whole file."""
        rows = [
            (number, _spelling(cells), reading)
            for number, *cells, reading in super().take_communes()
            if isinstance(reading, CommuneReading)
        ]
        reader = CommuneReader(self._gazetteer, self._day, _codes(s for _, s, _ in rows))
        communes = [
            (number, spelling.code, *_commune(_completed(reader, spelling, of_text)))
            for number, spelling, of_text in rows
        ]
        self.padded = reader.padded
        return communes

    def _read_text(self, address: str, former: str, place: str, *units: str) -> str:
        code, commune, district, province, former_code = units
        coded = code or former_code
        # With a code, the words of columns only say what it says.
        words = (place,) if coded else (place, commune, district, province)
        readings = read_address(self._gazetteer, _joined(address, words)) if address else []
        if not readings:
            missing = CommuneReading(problem="address_missing")
            return self._door(DoorParts(), self._commune(units, missing))
        today = Beside(readings[0].door, self._reading(readings[0]))
        if former and former != address:
            written = fold(former)
            same_words = all(fold(words) in written for words in readings[0].unread)
            for read in read_address(self._gazetteer, former)[:1]:
                before = Beside(read.door, self._reading(read))
                today = completed(today, before, same_words=same_words)
        return self._door(
            parts_of(today.door), self._commune(units, today.commune), today.beside or ""
        )

    def _reading(self, read: ReadAddress) -> CommuneReading:
        if any(naming.commune is not None for naming in read.namings):
            return self._communes.of_namings(read.namings)
        return CommuneReading(problem="commune_unknown")

    def _commune(self, units: Row, of_text: CommuneReading) -> str:
        return self.parts["commune"].number_of((*units, of_text))


def resolver_of(file: SourceFile, gazetteer: Gazetteer, day: datetime.date) -> Resolver:
    """The resolver for the way in which the file writes addresses."""
    kind = TextResolver if file.columns.free_text else ColumnResolver
    return kind(gazetteer, day)


def _spelling(cells: Sequence[object]) -> CommuneSpelling:
    return CommuneSpelling(*(str(cell) if cell else None for cell in cells))


def _codes(spellings: Iterable[CommuneSpelling]) -> set[str]:
    return {spelling.code for spelling in spellings if spelling.code}


def _completed(
    reader: CommuneReader, spelling: CommuneSpelling, of_text: CommuneReading
) -> CommuneReading:
    """What a code and a text mean together."""
    if of_text.problem == "address_missing" or not (spelling.code or spelling.former_code):
        return of_text
    of_code = reader.read(spelling)
    if of_code.problem is not None or not of_text.candidates:
        return of_code
    common = tuple(unit for unit in of_code.candidates if unit in of_text.candidates)
    if not common:
        return CommuneReading(problem="commune_differs_from_code")
    former_id = of_code.former_id or of_text.former_id
    return CommuneReading(common, former_id, None, of_code.notice or of_text.notice)


def _joined(address: str, words: Iterable[str]) -> str:
    """The address with those of `words` behind it that it does not hold itself."""
    held = f" {fold(address)} "
    return ", ".join([address, *(word for word in words if word and f" {fold(word)} " not in held)])


def _commune(reading: CommuneReading) -> Row:
    return (
        *(reading.candidates, reading.former_id, reading.problem, reading.notice),
        reading.assumed_id,
    )


def escaped(text: str) -> str:
    """The text of one cell as COPY reads it."""
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        for sign, name in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            text = text.replace(sign, name)
    return text
