"""From an address, as people write it, to its door; or to the smallest place that is sure.

No answer is better than a wrong one: another house number than the one asked for is never
answered, and two doors that fit equally are both returned and said to be ambiguous.
"""

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from geo.address import Door, parse_components
from registry.address_reader import read_address
from registry.errors import InvalidInputError
from registry.gazetteer import Gazetteer, Unit, today
from registry.lookup import by_code
from registry.reads import Reads
from registry.records import Record
from registry.reverse import check_point, reverse
from registry.search.answers import LEVELS, Answer, of_record
from registry.search.areas import area_of, communes_of
from registry.search.ask import Asker
from registry.search.direct import codes_in, point_in, whole_code
from registry.search.doors import active_records
from registry.unit_text import Naming, read_units
from registry.units import unit_by_code

MAX_TEXT: Final = 2_000
DEFAULT_LIMIT: Final = 5
MAX_LIMIT: Final = 20
_MAX_READINGS: Final = 3
_SURE: Final = 0.95
"""A reading with such an answer is not compared with less likely readings."""
_DOORS: Final = ("household", "building")


@dataclass(frozen=True, slots=True)
class Components:
    """An address in columns."""

    house_number: str | None = None
    street: str | None = None
    locality: str | None = None
    building: str | None = None
    floor: str | None = None
    unit: str | None = None
    commune: str | None = None
    district: str | None = None
    province: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a text, or components."""

    text: str | None = None
    components: Components | None = None
    limit: int = DEFAULT_LIMIT
    near: tuple[float, float] | None = None
    """(lon, lat): orders what fits equally well; never makes anything fit better."""
    within: str | None = None
    """Code of a unit of any map; nothing outside it is answered."""


_Reading = tuple[Door, tuple[Naming, ...]]


def geocode(gazetteer: Gazetteer, reads: Reads, question: Question) -> list[Answer]:
    """At most `limit` answers, the best first; empty where nothing of the address is known.

    Raises InvalidInputError for a text that is too long, a unit's code that is none, a point that
    is not on the earth.
    """
    search = _Search(gazetteer, reads, question, today())
    if question.near is not None:
        check_point(lon=question.near[0], lat=question.near[1])
    found = search.answers()
    if question.near is not None:
        found = _nearest_first(found, *question.near)
    return found[: question.limit]


class _Search:
    def __init__(
        self, gazetteer: Gazetteer, reads: Reads, question: Question, day: datetime.date
    ) -> None:
        self.gazetteer = gazetteer
        self.reads = reads
        self.question = question
        self.day = day
        self.within = unit_by_code(gazetteer, question.within, None) if question.within else None

    def answers(self) -> list[Answer]:
        """The answers, before near and limit."""
        if self.question.components is not None:
            return self._best(iter([self._components(self.question.components)]))
        text = (self.question.text or "").strip()
        if len(text) > MAX_TEXT:
            raise InvalidInputError.of_field(
                "q", "text_too_long", f"more than {MAX_TEXT:,} characters"
            )
        if "\0" in text:
            raise InvalidInputError.of_field("q", "nul_character", "holds a NUL character")
        return self._text(text)

    def _text(self, text: str) -> list[Answer]:
        if point := point_in(text):
            found = reverse(
                self.gazetteer, self.reads, lon=point[0], lat=point[1], limit=self.question.limit
            )
            return [answer for answer in found if self._inside(answer.unit)]
        if (code := whole_code(text)) and (record := self._record(code)):
            return self._of_code(record)
        for mention in codes_in(text):
            if record := self._record(mention.code):
                return self._of_code_in(record, self._read(mention.rest))
        return self._read(text)

    # Codes

    def _record(self, code: str) -> Record | None:
        """The record of a code that is written in a text: registered, and open to everybody."""
        record = by_code(self.reads, code)
        if record is None or record.restricted or record.status not in ("active", "retired"):
            return None
        return record

    def _of_code(self, record: Record) -> list[Answer]:
        if record.status == "active":
            return [a for a in [self._of_record(record, ())] if self._inside(a.unit)]
        onward = active_records(self.reads, record.successors or [])
        faults = ("retired", "ambiguous") if len(onward) > 1 else ("retired",)
        answers = [self._of_record(successor, faults) for successor in onward]
        return [answer for answer in answers if self._inside(answer.unit)]

    def _of_code_in(self, record: Record, rest: list[Answer]) -> list[Answer]:
        """The code's door, unless the rest of the text names another place."""
        answers = self._of_code(record)
        if not rest or not all(_contradict(a, b) for a in answers for b in rest):
            return answers
        fault = "code_contradicts_text"
        return [replace(answer, faults=(*answer.faults, fault)) for answer in rest]

    def _of_record(self, record: Record, faults: tuple[str, ...]) -> Answer:
        units = self.gazetteer.units
        unit, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
        return of_record(record, unit, former, faults=faults)

    # Addresses

    def _read(self, text: str) -> list[Answer]:
        readings = read_address(self.gazetteer, text)[:_MAX_READINGS]
        return self._best((reading.door, reading.namings) for reading in readings)

    def _components(self, given: Components) -> _Reading:
        door = parse_components(
            house_number=given.house_number,
            street=given.street,
            locality=given.locality,
            building=given.building,
            floor=given.floor,
            unit=given.unit,
        )
        words = [w for w in (given.commune, given.district, given.province) if w and w.strip()]
        words = [word for word in words if any(map(str.isalnum, word))]
        return door, tuple(read_units(self.gazetteer, ", ".join(words))) if words else ()

    def _best(self, readings: Iterator[_Reading]) -> list[Answer]:
        """The answers of the reading that fits best; a likelier reading wins among equals."""
        best: list[Answer] = []
        for door, namings in readings:
            found = [a for a in self._asked(door, namings) if self._inside(a.unit)]
            if found and (not best or _rank(found[0]) < _rank(best[0])):
                best = found
            if best and best[0].level in _DOORS and best[0].confidence >= _SURE:
                break
        return best

    def _asked(self, door: Door, namings: tuple[Naming, ...]) -> list[Answer]:
        area = area_of(self.gazetteer, self.day, namings, self.within)
        if area.communes is None and door.street is None and not door.localities:
            return []
        return Asker(self.gazetteer, self.reads, self.day, door, area).answers()

    def _inside(self, unit: Unit | None) -> bool:
        if self.within is None or unit is None:
            return self.within is None
        return unit is self.within or unit.id in communes_of(self.gazetteer, self.day, self.within)


def _rank(answer: Answer) -> tuple[int, float]:
    """The nearer to the door the better: what understands less of a text has fewer faults."""
    return (LEVELS.index(answer.level), -answer.confidence)


def _contradict(coded: Answer, read: Answer) -> bool:
    """Whether what was read names another commune, street or number than the code's door."""
    one, other = coded.parts, read.parts
    known = read.record.code if read.record else None
    if known is not None and coded.record is not None and known != coded.record.code:
        # The building of the flat is no contradiction.
        return known != coded.record.parent_code
    return (
        _elsewhere(coded.unit, read.unit)
        or "house_number_not_found" in read.faults
        or (other.number_key is not None and other.number_key != one.number_key)
        or (other.street_name is not None and other.street_name != one.street_name)
    )


def _elsewhere(one: Unit | None, other: Unit | None) -> bool:
    if one is None or other is None or other.level != "commune":
        return False
    return one.id != other.id


def _nearest_first(answers: list[Answer], lon: float, lat: float) -> list[Answer]:
    """Among answers of equal level and confidence, those near the point first."""

    def distance(answer: Answer) -> float:
        if answer.lon is None or answer.lat is None:
            return math.inf
        return math.hypot((answer.lon - lon) * math.cos(math.radians(lat)), answer.lat - lat)

    return sorted(answers, key=lambda answer: (*_rank(answer), distance(answer)))
