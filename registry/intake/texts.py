"""Read addresses given as one text, in several processes if there are thousands."""

import datetime
import os
import pickle
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import chain
from multiprocessing.shared_memory import SharedMemory
from typing import Final

from geo.address import Door, parse_components
from geo.counts_beside import without_counts
from geo.house_number import HouseNumber, parse_house_number
from geo.mixed_fonts import is_garbled
from geo.persons import ends_in_person, person_after_dash
from geo.placeholders import is_ditto
from geo.redaction import REMOVED
from geo.syllables import is_damaged
from geo.text import fold
from geo.unclear import is_falling, is_unclear
from geo.values import value
from registry.core.personal import without_numbers
from registry.core.side_processes import side_processes
from registry.files.spellings.beside import COMPLETED, Beside, completed
from registry.files.spellings.communes import CommuneReader, CommuneReading, CommuneSpelling
from registry.files.spellings.doors import (
    GARBLED,
    PERSON,
    DoorParts,
    parts_of,
    refusal,
    unread,
)
from registry.files.spellings.doubts import NUMBER_UNREAD, SECOND_NUMBER
from registry.search.find.street_cache import HouseByHouse
from registry.search.read.address_reader import TWO_NUMBERS, is_sure, read_by_letters
from registry.search.read.door_with_units import ReadAddress, outermost
from registry.units.gazetteer import Gazetteer, Unit

_TOGETHER: Final = 4_000
"""Fewest texts for which starting processes, which takes a second, pays off."""
_CHUNK: Final = 250

Text = Sequence[str]
"""The arguments of `TextReader.read`."""

_UNNAMED: Final = CommuneReading()


@value(frozen=True, slots=True)
class OfBefore:
    """Which parts of a file use names of the map before July 2025."""

    texts: bool = False
    units: bool = False
    """The columns of units beside the texts."""


NOTHING_OF_BEFORE: Final = OfBefore()


_FIGURES: Final = re.compile(r"\d+")
_NUMBERED_UNITS: Final = re.compile(r"\b(?:phường|quận|p|q|phuong|quan)\.?\s*\d+", re.IGNORECASE)


@value(frozen=True, slots=True)
class TextReading:
    """The result of reading a text and the columns beside it."""

    door: DoorParts
    commune: CommuneReading
    """According to the text alone."""
    beside: str | None = None
    """A value of `registry.files.spellings.beside`."""
    doubt: str = ""
    """A value of `registry.files.spellings.doubts`."""


class TextReader:
    """Reads texts, completed by the columns beside them.

    Beside a commune code, names in columns add nothing. An address on the former map completes the
    text too (`registry.files.spellings.beside`).
    """

    def __init__(
        self, gazetteer: Gazetteer, day: datetime.date, of_before: OfBefore = NOTHING_OF_BEFORE
    ) -> None:
        self._gazetteer = gazetteer
        self._addresses = HouseByHouse(gazetteer)
        self._of_before = of_before
        self._today = CommuneReader(gazetteer, day, ())
        self._before = CommuneReader(gazetteer, day, (), names_are_former=True)
        self._of_namings: dict[object, CommuneReading] = {}
        self._of_columns: dict[tuple[str, ...], CommuneReading] = {}

    def read(self, address: str, former: str, place: str, *others: str) -> TextReading:
        """Read a row; `others` are the columns of `communes.CommuneSpelling`, then of a door.

        Of the door's columns only the number is used here, in front of the text: `Quán Thánh` alone
        may be anything, behind a number it is a street.
        """
        address, former = without_numbers(address), without_numbers(former)
        code, commune, district, province, former_code, _, *door = others
        beside = (place,) if code or former_code else (place, commune, district, province)
        words = [word for word in beside if word and not is_ditto(word)]
        if not address and former and not any(door):
            return self._of_former(former, code, former_code, commune, district, province)
        coded = bool(code or former_code)
        readings = self._readings(address, words, coded=coded) if address or any(door) else []
        if not readings:
            problem = "commune_missing" if any(door) else "address_missing"
            stated = self._of_column(code, former_code, commune, district, province).candidates
            return TextReading(DoorParts(), CommuneReading(stated, problem=problem))
        number, street = door[:2] if door else ("", "")
        if address and not street and _may_stand_before(number, readings[0].door.house_number):
            readings = self._readings(f"{number} {address}", words, coded=coded) or readings
        former_map = self._is_on_former_map(address)
        today = Beside(readings[0].door, self._commune(readings[0], former=former_map))
        if former and former != address:
            written = fold(former)
            same_words = all(fold(words) in written for words in readings[0].unread)
            for read in self._addresses.read(former)[:1]:
                before = Beside(read.door, self._commune(read, former=True))
                today = completed(today, before, same_words=same_words)
        communes = today.commune
        if (column := self._of_column(code, former_code, commune, district, province)).candidates:
            communes = self._beside_column(address, communes, column)
        doubt = SECOND_NUMBER if TWO_NUMBERS.intersection(readings[0].notes) else ""
        if not doubt and not number and _has_unread_number(address, today.door):
            doubt = NUMBER_UNREAD
        return TextReading(_door(address, today.door), communes, today.beside, doubt)

    def _of_former(self, former: str, *units: str) -> TextReading:
        """Read a row without a current address: the former one, in the current commune."""
        read = self._addresses.read(former)[:1]
        if not read:
            return TextReading(DoorParts(), CommuneReading(problem="address_missing"))
        before = self._commune(read[0], former=True)
        named = self._of_column(*units).candidates
        common = tuple(unit for unit in before.candidates if unit in named)
        if common:
            before = replace(before, candidates=common)
        elif named and before.candidates:
            before = CommuneReading(problem="commune_differs_from_address")
        elif named:
            before = CommuneReading(named)
        return TextReading(_door(former, read[0].door), before, COMPLETED)

    def _readings(
        self, address: str, words: Sequence[str], *, coded: bool
    ) -> Sequence[ReadAddress]:
        """Readings of the address with the `words` behind it that it does not contain.

        A word that it contains may be its street's name (`12 Cầu Giấy`); if no commune is read
        then, all words are appended. If a damaged text is not read completely, the commune is
        searched by letters, unless a code states it.
        """
        whole = ", ".join(filter(None, (address, *words)))
        tried = []
        for text in dict.fromkeys((_joined(address, words), whole)):
            tried.append(self._addresses.read(text))
            if not tried[-1] or any(naming.commune for naming in tried[-1][0].namings):
                break
        exact = tried[-1] if tried[-1] and outermost(tried[-1][0]) == 0 else tried[0]
        if coded or not exact or is_sure(exact[0], whole) or not is_damaged(whole):
            return exact
        return read_by_letters(self._gazetteer, whole, exact[0]) or exact

    def _of_column(self, code: str, former_code: str, *names: str) -> CommuneReading:
        """The commune of the name columns alone, if no code decides."""
        if code or former_code or not any(names):
            return _UNNAMED
        stated = [None if is_ditto(name) or not fold(name) else name for name in names]
        if stated[0] is None:
            return _UNNAMED
        known = self._of_columns.get(names)
        if known is None:
            reader = self._before if self._of_before.units else self._today
            known = self._of_columns[names] = reader.read(CommuneSpelling(None, *stated))
        return known

    def _beside_column(
        self, address: str, together: CommuneReading, of_column: CommuneReading
    ) -> CommuneReading:
        """The communes that both the text and a column of communes may mean.

        A name of a ward and a former district means the ward in such a column.
        """
        wide, named = of_column.candidates, of_column.candidates
        if of_column.assumed_id is not None:
            named = (of_column.assumed_id,)
        elif set(together.candidates) <= set(wide):
            return together
        alone = self._addresses.read(address)
        former = self._of_before.texts
        of_text = self._commune(alone[0], former=former).candidates if alone else ()
        if of_text and set(of_text).isdisjoint(named):
            return CommuneReading(problem="commune_differs_from_address")
        common = tuple(unit for unit in together.candidates if unit in wide)
        if len(common) == len(together.candidates):
            return together
        return replace(together, candidates=common, assumed_id=None) if common else of_column

    def _is_on_former_map(self, address: str) -> bool:
        """Whether the address, or the columns behind it, name a commune of the former map."""
        texts, units = self._of_before.texts, self._of_before.units
        if texts == units:
            return texts
        alone = self._addresses.read(address)[:1]
        return texts if any(n.commune for read in alone for n in read.namings) else units

    def _commune(self, read: ReadAddress, *, former: bool) -> CommuneReading:
        # The rows of a file are in the same few communes.
        missing = read.door != Door() and not any(
            any(map(str.isalpha, words)) for words in read.unread
        )
        named = (
            *(former, missing),
            *((_id(n.commune), _id(n.district), n.corrected, n.contradicted) for n in read.namings),
        )
        reading = self._of_namings.get(named)
        if reading is None:
            reading = CommuneReading(problem="commune_missing" if missing else "commune_unknown")
            if any(naming.commune for naming in read.namings):
                reader = self._before if former else self._today
                reading = reader.of_namings(read.namings)
            self._of_namings[named] = reading
        return reading


def _has_unread_number(address: str, door: Door) -> bool:
    """Whether a text without a parsed house number contains a number that is not in a name.

    `Láng 16` beside Phường Láng: 16 may be a house number.
    """
    if door.house_number is not None or door.flat is not None or REMOVED in address:
        return False
    street = (door.street,) if door.street else ()
    named = {part for each in (*street, *door.localities) for part in _FIGURES.findall(each.name)}
    left = _FIGURES.findall(without_counts(_NUMBERED_UNITS.sub("", address)))
    return not named.issuperset(part.lstrip("0") for part in left)


def _door(address: str, door: Door) -> DoorParts:
    if is_garbled(address):
        return DoorParts(number=GARBLED)
    if refused := refusal("text", address):
        return DoorParts(number=refused)
    number, street = door.house_number, door.street
    person = person_after_dash(address)
    if person and street and fold(street.name).endswith(f" {fold(person)}"):
        return DoorParts(number=PERSON)
    if street and ends_in_person(street.name):
        return DoorParts(number=PERSON)
    if street and street.kind is None and _is_not_street(street.name):
        return DoorParts(number=unread(address))
    if number and is_falling(number.written):
        return DoorParts(number=unread(address))
    return parts_of(door)


def _is_not_street(street: str) -> bool:
    """Whether a street name has extra words or another number: `trệt Lê Lai`, `14 Láng`."""
    return is_unclear("name", street) or (
        street[0].isdigit() and parse_components(street=street).house_number is not None
    )


class TextReaders:
    """Like `TextReader`, with one process for each processor once there is much to read."""

    def __init__(
        self, gazetteer: Gazetteer, day: datetime.date, of_before: OfBefore = NOTHING_OF_BEFORE
    ) -> None:
        self._map = (gazetteer, day, of_before)
        self._alone = TextReader(*self._map)
        self._pool: ProcessPoolExecutor | None = None
        self._shared: SharedMemory | None = None

    def read(self, texts: Sequence[Text]) -> Iterator[TextReading]:
        """The reading of each text, in order; other processes start at once."""
        count = os.cpu_count() or 1
        if count == 1 or (self._pool is None and len(texts) < _TOGETHER):
            return (self._alone.read(*text) for text in texts)
        if self._pool is None:
            self._shared = _shared(pickle.dumps(self._map, pickle.HIGHEST_PROTOCOL))
            self._pool = side_processes(count, _open_reader, self._shared.name)
        chunks = [texts[at : at + _CHUNK] for at in range(0, len(texts), _CHUNK)]
        return chain.from_iterable(self._pool.map(_read, chunks))

    def close(self) -> None:
        """Stop the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        if self._shared is not None:
            self._shared.close()
            self._shared.unlink()
            self._shared = None


def _may_stand_before(number: str, of_text: HouseNumber | None) -> bool:
    """Whether a number completes a text without a number, or with only an alley."""
    read = parse_house_number(number) if number else None
    if read is None or read.alley_only:
        return False
    return of_text is None or (of_text.alley_only and len(read.parts) == 1)


def _id(unit: Unit | None) -> int:
    return unit.id if unit else 0


_reader: TextReader | None = None


def _shared(written: bytes) -> SharedMemory:
    """Shared memory that each process reads; passing the data would delay starting the next."""
    memory = SharedMemory(create=True, size=len(written))
    memoryview(memory.buf or b"")[: len(written)] = written
    return memory


def _open_reader(shared: str) -> None:
    global _reader
    memory = SharedMemory(shared)
    _reader = TextReader(*pickle.loads(memory.buf or b""))  # noqa: S301 - written by `_shared`
    memory.close()


def _read(texts: Iterable[Text]) -> list[TextReading]:
    if _reader is None:
        raise RuntimeError("the process was not opened")
    return [_reader.read(*text) for text in texts]


def _joined(address: str, words: Sequence[str]) -> str:
    """The address with the `words` behind it that it does not contain."""
    if not any(words):
        return address
    contained = f" {fold(address)} "
    texts = [address] if address else []
    return ", ".join(
        [*texts, *(word for word in words if word and f" {fold(word)} " not in contained)]
    )
