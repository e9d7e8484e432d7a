"""Addresses that come as one text: each read by the grammar, thousands by several processes."""

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
"""Texts from which on it pays to start further processes, which takes them a second."""
_CHUNK: Final = 250

Text = Sequence[str]
"""What `TextReader.read` takes."""

_UNSAID: Final = CommuneReading()


@value(frozen=True, slots=True)
class OfBefore:
    """What of a file is of the map before July 2025, where names mean their bearers of then."""

    texts: bool = False
    units: bool = False
    """The columns of units beside the texts."""


NOTHING_OF_BEFORE: Final = OfBefore()


_FIGURES: Final = re.compile(r"\d+")
_NUMBERED_UNITS: Final = re.compile(r"\b(?:phường|quận|p|q|phuong|quan)\.?\s*\d+", re.IGNORECASE)


@value(frozen=True, slots=True)
class TextReading:
    """What a text, and the columns beside it, say."""

    door: DoorParts
    commune: CommuneReading
    """By the text alone."""
    beside: str | None = None
    """A value of `registry.files.spellings.beside`."""
    doubt: str = ""
    """A value of `registry.files.spellings.doubts`."""


class TextReader:
    """Reads texts; columns beside them may complete them.

    With a code of a commune, the words of columns only say what it says. An address of an earlier
    map beside the text completes it as well (`registry.files.spellings.beside`).
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
        """What they say; `others` are the columns of `communes.CommuneSpelling`, then of a door.

        Of those of the door only the number is read here, as it would stand before the text: alone
        `Quán Thánh` may be anything, behind a number it is a street.
        """
        address, former = without_numbers(address), without_numbers(former)
        code, commune, district, province, former_code, _, *door = others
        beside = (place,) if code or former_code else (place, commune, district, province)
        words = [word for word in beside if word and not is_ditto(word)]
        if not address and former and not any(door):
            return self._of_former(former, code, former_code, commune, district, province)
        said = bool(address) or any(door)
        readings = self._readings(address, words, coded=bool(code or former_code)) if said else []
        if not readings:
            problem = "commune_missing" if any(door) else "address_missing"
            stated = self._of_column(code, former_code, commune, district, province).candidates
            return TextReading(DoorParts(), CommuneReading(stated, problem=problem))
        number, street = door[:2] if door else ("", "")
        if address and not street and _may_stand_before(number, readings[0].door.house_number):
            coded = bool(code or former_code)
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
        """Of a row whose address of today was left blank: that of before, in today's commune."""
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
        """Of the address with those of `words` behind it that it does not hold itself.

        A word that it holds may be its street's (`12 Cầu Giấy`): where no commune is read then, all
        of them stand behind it. Where words of a damaged text are left unread, letters tell the
        commune, unless a code does.
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
        """What the columns of names say by themselves, where no code decides."""
        if code or former_code or not any(names):
            return _UNSAID
        said = [None if is_ditto(name) or not fold(name) else name for name in names]
        if said[0] is None:
            return _UNSAID
        known = self._of_columns.get(names)
        if known is None:
            reader = self._before if self._of_before.units else self._today
            known = self._of_columns[names] = reader.read(CommuneSpelling(None, *said))
        return known

    def _beside_column(
        self, address: str, together: CommuneReading, of_column: CommuneReading
    ) -> CommuneReading:
        """The communes of a text and of a column of communes: those that both may mean.

        A name that is a ward's and was a district's is the ward in such a column.
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
        """Whether the commune of the address, or of the columns behind it, is of before."""
        texts, units = self._of_before.texts, self._of_before.units
        if texts == units:
            return texts
        alone = self._addresses.read(address)[:1]
        return texts if any(n.commune for read in alone for n in read.namings) else units

    def _commune(self, read: ReadAddress, *, former: bool) -> CommuneReading:
        # The rows of a file lie in the same few communes.
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
    """Whether a text of which no number was read holds one that none of its names has.

    `Láng 16` beside Phường Láng: the number of a house, or of nothing.
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
    if street and street.kind is None and _is_no_name(street.name):
        return DoorParts(number=unread(address))
    if number and is_falling(number.written):
        return DoorParts(number=unread(address))
    return parts_of(door)


def _is_no_name(street: str) -> bool:
    """Whether it is what stands beside a street, or has another number: `trệt Lê Lai`, `14 Láng`"""
    return is_unclear("name", street) or (
        street[0].isdigit() and parse_components(street=street).house_number is not None
    )


class TextReaders:
    """The same in several processes, one for each processor, as soon as there is much to read."""

    def __init__(
        self, gazetteer: Gazetteer, day: datetime.date, of_before: OfBefore = NOTHING_OF_BEFORE
    ) -> None:
        self._map = (gazetteer, day, of_before)
        self._alone = TextReader(*self._map)
        self._pool: ProcessPoolExecutor | None = None
        self._shared: SharedMemory | None = None

    def read(self, texts: Sequence[Text]) -> Iterator[TextReading]:
        """What each of the texts says, in their order; other processes begin with it at once."""
        count = os.cpu_count() or 1
        if count == 1 or (self._pool is None and len(texts) < _TOGETHER):
            return (self._alone.read(*text) for text in texts)
        if self._pool is None:
            self._shared = _shared(pickle.dumps(self._map, pickle.HIGHEST_PROTOCOL))
            self._pool = side_processes(count, _open_reader, self._shared.name)
        chunks = [texts[at : at + _CHUNK] for at in range(0, len(texts), _CHUNK)]
        return chain.from_iterable(self._pool.map(_read, chunks))

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        if self._shared is not None:
            self._shared.close()
            self._shared.unlink()
            self._shared = None


def _may_stand_before(number: str, of_text: HouseNumber | None) -> bool:
    """Whether a number completes a text that has none, or that names the alley that it is in."""
    read = parse_house_number(number) if number else None
    if read is None or read.alley_only:
        return False
    return of_text is None or (of_text.alley_only and len(read.parts) == 1)


def _id(unit: Unit | None) -> int:
    return unit.id if unit else 0


_reader: TextReader | None = None


def _shared(written: bytes) -> SharedMemory:
    """Memory that each process reads for itself: handed over, it keeps the next from starting."""
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
    """The address with those of `words` behind it that it does not hold itself."""
    if not any(words):
        return address
    held = f" {fold(address)} "
    texts = [address] if address else []
    return ", ".join([*texts, *(word for word in words if word and f" {fold(word)} " not in held)])
