"""From an address, as people write it, to its door; or to the smallest place that is sure.

No answer is better than a wrong one: another house number than the one asked for is never
answered, and two doors that fit equally are both returned and said to be ambiguous.
"""

import datetime
import math
from dataclasses import replace
from functools import partial
from typing import Final

from geo.address import Door, parse_components
from geo.plus_code import completed, short_code_in
from geo.points import point_in
from geo.values import value
from registry.access import budget
from registry.address_reader import ReadAddress, read_address
from registry.errors import InvalidInputError
from registry.foreign import ends_in_other_country
from registry.gazetteer import Gazetteer, Unit, today
from registry.mistyped_codes import MistypedCode, mistyped_code
from registry.reads import Reads
from registry.records import Record
from registry.reverse import check_point, reverse
from registry.search.answers import LEVELS, Answer, of_record
from registry.search.areas import area_of, communes_of
from registry.search.ask import Asker
from registry.search.asking import Steps, alone
from registry.search.direct import codes_in, whole_code
from registry.search.doors import active_records, records_of
from registry.search.explanation import Tried
from registry.search.faults import confidence
from registry.search.likeness import vocabulary_of
from registry.search.respelling import Respelling, respellings
from registry.search.set_apart import set_apart
from registry.units import LAST_DAY_OF_OLD_MAP, unit_by_code
from registry.units.text import read_units

MAX_TEXT: Final = 2_000
DEFAULT_LIMIT: Final = 5
MAX_LIMIT: Final = 20
_MAX_READINGS: Final = 3
_SURE: Final = 0.95
"""A reading with such an answer is not compared with less likely readings."""
_DOORS: Final = ("household", "building")
_TWO_NUMBERS: Final = "second_number_dropped"
"""Step of the grammar that had two house numbers before it."""
CODE_UNKNOWN: Final = "unit_code_unknown"
"""Note of a reading, and fault of what is found: a unit is given by a code that none bears."""
_CODES: Final = {"commune": 5, "district": 3, "province": 2}
"""Level → digits of its codes."""
_PLACED: Final = (*_DOORS, "alley", "street", "locality")


@value(frozen=True, slots=True)
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


@value(frozen=True, slots=True)
class Question:
    """What is asked: a text, or components."""

    text: str | None = None
    components: Components | None = None
    limit: int = DEFAULT_LIMIT
    near: tuple[float, float] | None = None
    """(lon, lat): orders what fits equally well; never makes anything fit better."""
    within: str | None = None
    """Code of a unit of any map; nothing outside it is answered."""


@value(frozen=True, slots=True)
class Located:
    """Answers, and how the question was read."""

    answers: list[Answer]
    reading: ReadAddress | None
    """What was read of the text, the likeliest reading where nothing was found; None where the text
    is a code or a point, or holds no word."""
    tried: tuple[Tried, ...] = ()
    """Every reading that was asked of the register, in that order."""
    mistyped: MistypedCode | None = None
    """Where the text leads nowhere, and all of it was meant as a code."""


def geocode(gazetteer: Gazetteer, reads: Reads, question: Question) -> list[Answer]:
    """At most `limit` answers, the best first; empty where nothing of the address is known.

    Raises InvalidInputError for a text that is too long, a unit's code that is none, a point that
    is not on the earth.
    """
    return locate(gazetteer, reads, question).answers


def locate(gazetteer: Gazetteer, reads: Reads, question: Question) -> Located:
    """What `geocode` answers, with the reading that it answers; raises what `geocode` raises."""
    return alone(reads, locating(gazetteer, question))


def locating(gazetteer: Gazetteer, question: Question) -> Steps[Located]:
    """`locate` as a search of which many can be answered together."""
    search = _Search(gazetteer, question, today())
    if question.near is not None:
        check_point(lon=question.near[0], lat=question.near[1])
    found = yield from search.answers()
    if question.near is not None:
        found = _nearest_first(found, *question.near)
    meant = None
    if not found and question.text is not None:
        meant = yield partial(_meant_as_code, question.text)
    return Located(found[: question.limit], search.reading, tuple(search.tried), meant)


def _meant_as_code(text: str, reads: Reads) -> MistypedCode | None:
    return mistyped_code(reads, text)


class _Search:
    def __init__(self, gazetteer: Gazetteer, question: Question, day: datetime.date) -> None:
        self.gazetteer = gazetteer
        self.question = question
        self.day = day
        self.within = unit_by_code(gazetteer, question.within, None) if question.within else None
        self.reading: ReadAddress | None = None
        """That of the answers, or the likeliest."""
        self.tried: list[Tried] = []

    def answers(self) -> Steps[list[Answer]]:
        """The answers, before near and limit."""
        if self.question.components is not None:
            located = yield from self._best([self._components(self.question.components)])
            self.reading = located.reading
            return located.answers
        text = (self.question.text or "").strip()
        if len(text) > MAX_TEXT:
            raise InvalidInputError.of_field(
                "q", "text_too_long", f"more than {MAX_TEXT:,} characters"
            )
        if "\0" in text:
            raise InvalidInputError.of_field("q", "nul_character", "holds a NUL character")
        return (yield from self._text(text))

    def _text(self, text: str) -> Steps[list[Answer]]:
        if point := point_in(text):
            return (yield from self._at(*point))
        if short := short_code_in(text):
            found = yield from self._beside(*short)
            if found:
                return found
        if code := whole_code(text):
            record = yield from self._record(code)
            if record:
                return (yield from self._of_code(record))
        for mention in codes_in(text):
            if mention.code == code:
                continue  # asked for already
            record = yield from self._record(mention.code)
            if record:
                rest = yield from self._read(mention.rest)
                return (yield from self._of_code_in(record, rest))
        return (yield from self._read(text))

    def _at(self, lon: float, lat: float) -> Steps[list[Answer]]:
        def near(reads: Reads) -> list[Answer]:
            return reverse(self.gazetteer, reads, lon=lon, lat=lat, limit=self.question.limit)

        found: list[Answer] = yield near
        return [answer for answer in found if self._inside(answer.unit)]

    def _beside(self, short: str, place: str) -> Steps[list[Answer]]:
        """Of a short Plus Code beside a place: only where it is certainly in that place."""
        places = yield from self._read(place)
        points = {
            completed(short, lon=a.lon, lat=a.lat)
            for a in places
            if a.lon is not None and a.lat is not None
        }
        point = points.pop() if len(points) == 1 else None
        self.reading = None  # it is a point that is answered
        if point is None:
            return []
        provinces = {self._province(answer.unit) for answer in places}
        found = yield from self._at(*point)
        return [answer for answer in found if self._province(answer.unit) in provinces]

    def _province(self, unit: Unit | None) -> Unit | None:
        return (self.gazetteer.province_of(unit, self.day) or unit) if unit else None

    # Codes

    def _record(self, code: str) -> Steps[Record | None]:
        """The record of a code that is written in a text: registered, and open to everybody."""
        budget.check()
        found = yield from records_of([code])
        if found:
            budget.check()  # those that were asked together may have spent it meanwhile
        else:
            budget.pay()
        for record in found:
            if not record.restricted and record.status in ("active", "retired"):
                return record
        return None

    def _of_code(self, record: Record) -> Steps[list[Answer]]:
        if record.status == "active":
            return [a for a in [self._of_record(record, ())] if self._inside(a.unit)]
        onward = yield from active_records(record.successors or [])
        faults = ("retired", "ambiguous") if len(onward) > 1 else ("retired",)
        answers = [self._of_record(successor, faults) for successor in onward]
        return [answer for answer in answers if self._inside(answer.unit)]

    def _of_code_in(self, record: Record, rest: list[Answer]) -> Steps[list[Answer]]:
        """The code's door, unless the rest of the text names another place."""
        answers = yield from self._of_code(record)
        if not rest or not all(_contradict(a, b) for a in answers for b in rest):
            return answers
        return [_with_fault(answer, "code_contradicts_text") for answer in rest]

    def _of_record(self, record: Record, faults: tuple[str, ...]) -> Answer:
        units = self.gazetteer.units
        unit, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
        return of_record(record, unit, former, faults=faults)

    # Addresses

    def _read(self, text: str) -> Steps[list[Answer]]:
        """The answers to a text as it stands, or with a slip in a word for a kind corrected."""
        best = plain = yield from self._as_written(text)
        sure = _is_door(plain) and _is_sure(plain.answers[0])
        for respelling in respellings(vocabulary_of(self.gazetteer), text):
            if sure and not respelling.sure:
                continue
            other = yield from self._as_written(respelling.text)
            if best is plain and respelling.sure and _is_other_door(plain, other, respelling):
                # Without the alley or the flat of the misspelt word it is another door.
                best = Located([], other.reading)
            best = _better(best, other)
        if not best.answers:
            best = yield from self._with_units_apart(text, best)
        self.reading = best.reading
        return best.answers

    def _with_units_apart(self, text: str, nothing: Located) -> Steps[Located]:
        """The answers to a text without commas where its units stand, as far as they are sure.

        `quang trung ha dong` may be a ward of Hà Đông: where more is found, it is a street there.
        """
        best = nothing
        for apart in set_apart(self.gazetteer, text):
            other = yield from self._as_written(apart.text)
            if not other.answers or not (apart.sure or other.answers[0].level in _PLACED):
                continue
            if not best.answers or _rank(other.answers[0]) < _rank(best.answers[0]):
                best = other
        return best

    def _as_written(self, text: str) -> Steps[Located]:
        readings = read_address(self.gazetteer, text)[:_MAX_READINGS]
        return (yield from self._best(readings, text))

    def _components(self, given: Components) -> ReadAddress:
        door = parse_components(
            house_number=given.house_number,
            street=given.street,
            locality=given.locality,
            building=given.building,
            floor=given.floor,
            unit=given.unit,
        )
        units, notes = self._by_codes(given)
        words = [w for w in units if w and any(map(str.isalnum, w))]
        namings = read_units(self.gazetteer, ", ".join(words)) if words else []
        left = namings[0].unread if namings else tuple(words)
        return ReadAddress(door, tuple(namings), left, 0, notes)

    def _by_codes(self, given: Components) -> tuple[list[str | None], tuple[str, ...]]:
        """The units as they are called, where a program gives their codes; with the notes of it."""
        units: list[str | None] = []
        above: Unit | None = None
        unknown = False
        for level in ("commune", "district", "province"):
            written = getattr(given, level)
            unit = self._bearing(written, level)
            unknown |= unit is None and _is_code(written, level)
            if level == "commune" and unit is not None:
                above = self._province(unit)  # a commune's name alone may be that of others
            if level == "province" and not written:
                unit = above
            units.append(self._called(unit) or written)
        return units, (CODE_UNKNOWN,) * unknown

    def _bearing(self, code: str | None, level: str) -> Unit | None:
        """The unit of today that bears the code, or else that of the map with districts."""
        found = self.gazetteer.with_code(code.strip()) if code else ()
        found = [unit for unit in found if unit.level == level]
        for day in (self.day, LAST_DAY_OF_OLD_MAP):
            for unit in found:
                if unit.alive_on(day):
                    return unit
        return None

    def _called(self, unit: Unit | None) -> str | None:
        return unit.version_on(self.day).full_name if unit else None

    def _best(self, readings: list[ReadAddress], text: str | None = None) -> Steps[Located]:
        """The answers of the reading that fits best; a likelier reading wins among equals."""
        best = Located([], readings[0] if readings else None)
        unit: Located | None = None
        for reading in readings:
            asked = yield from self._asked(reading)
            found = [a for a in asked if self._inside(a.unit)]
            self.tried.append(Tried(text, reading, tuple(_told_unread(found, reading, text))))
            if found and unit is None and _is_unit_alone(reading, self.day):
                unit = Located(found, reading)
            if found and (
                best.reading is None
                or not best.answers
                or _fits_better(found[0], reading, best.answers[0], best.reading)
            ):
                best = Located(found, reading)
            if best.answers and _is_sure(best.answers[0]):
                break
        if unit is not None and unit.reading is not best.reading:
            best = _beside_unit(unit, best)
        # Which reading fits best is decided without: all leave such words unread.
        return Located(_told_unread(best.answers, best.reading, text), best.reading)

    def _asked(self, reading: ReadAddress) -> Steps[list[Answer]]:
        door = reading.door
        area = area_of(self.gazetteer, self.day, reading.namings, self.within, reading.unread)
        if area.communes is None and door.street is None and not _is_named(door):
            return []
        if CODE_UNKNOWN in reading.notes:
            area = replace(area, faults=(*area.faults, CODE_UNKNOWN))
        found = yield from Asker(self.gazetteer, self.day, door, area).answers()
        if _TWO_NUMBERS in reading.notes:
            found = [_with_fault(answer, "second_number") for answer in found]
        return found

    def _inside(self, unit: Unit | None) -> bool:
        if self.within is None or unit is None:
            return self.within is None
        return unit is self.within or unit.id in communes_of(self.gazetteer, self.day, self.within)


def _is_named(door: Door) -> bool:
    """Whether a locality has a name that tells it from those of other communes: no `Khu 5`."""
    return any(not place.name.replace(" ", "").isdigit() for place in door.localities)


def _is_code(written: str | None, level: str) -> bool:
    """Whether a unit is given by what can only be a code: `1` may be Phường 1."""
    code = (written or "").strip()
    return code.isdecimal() and len(code) == _CODES[level]


def _rank(answer: Answer) -> tuple[int, float]:
    """The nearer to the door the better: what understands less of a text has fewer faults."""
    return (LEVELS.index(answer.level), -answer.confidence)


def _fits_better(one: Answer, reading: ReadAddress, other: Answer, before: ReadAddress) -> bool:
    """Whether a reading's answer beats that of a likelier reading.

    Where no more than the commune is found, leaving the street unread is no better fit; nor is a
    single door a better one than several of the likelier reading.
    """
    if one.level == other.level and one.level not in _PLACED:
        return len(reading.unread) < len(before.unread)
    if "street_not_found" in one.faults and before.door.street is None and other.unit is not None:
        return False  # `p Trảng Dài` is the ward, where no street is called so
    sure = confidence(fault for fault in other.faults if fault != "ambiguous")
    return _rank(one) < (LEVELS.index(other.level), -sure)


def _is_door(located: Located) -> bool:
    return bool(located.answers) and located.answers[0].level in _DOORS


def _better(best: Located, other: Located) -> Located:
    """The answers to the text with a slip corrected, where they fit better.

    Where no more than the same unit is found, a word of a street was taken for a kind: `xã Tượng`.
    """
    faulty = [_with_fault(answer, "spelling_corrected") for answer in other.answers]
    if not faulty or (best.answers and _rank(best.answers[0]) <= _rank(faulty[0])):
        return best
    if best.answers and faulty[0].level == best.answers[0].level not in _PLACED:
        return best
    return Located(faulty, other.reading)


def _is_other_door(one: Located, other: Located, respelling: Respelling) -> bool:
    """Whether a door was found that the other reading does not name."""
    if not _is_door(one) or one.reading is None or other.reading is None:
        return False
    street = one.reading.door.street
    if street is not None and street.name.split()[0] == respelling.word and not _is_door(other):
        # `Ttôn Đức Thắng` is one name with a slip, and no `thôn Đức Thắng`.
        return False
    return _door_said(one.reading.door) != _door_said(other.reading.door)


def _door_said(door: Door) -> tuple[str | None, str | None, tuple[str, ...]]:
    """What tells a door from its neighbours: number, flat and localities."""
    number, flat = door.house_number, door.flat
    return (
        number.key if number else None,
        flat.unit if flat else None,
        tuple(locality.key for locality in door.localities),
    )


def _is_sure(answer: Answer) -> bool:
    return answer.level in _DOORS and answer.confidence >= _SURE


def _with_fault(answer: Answer, fault: str) -> Answer:
    return replace(answer, faults=(*answer.faults, fault))


def _is_unit_alone(reading: ReadAddress, day: datetime.date) -> bool:
    """Whether the text says nothing but a commune of today, as it is called."""
    named = any(n.commune is not None and n.commune.alive_on(day) for n in reading.namings)
    return named and reading.door == Door() and not reading.unread


def _beside_unit(unit: Located, streets: Located) -> Located:
    """A unit before the streets of its name: `Trường Sa` is an archipelago as well."""
    answers = [*unit.answers, *streets.answers]
    told = [a if "ambiguous" in a.faults else _with_fault(a, "ambiguous") for a in answers]
    return Located(told, unit.reading)


def _told_unread(
    answers: list[Answer], reading: ReadAddress | None, text: str | None
) -> list[Answer]:
    """The answers, each with a fault where words of the text were not understood."""
    if reading is None or not any(any(map(str.isalpha, part)) for part in reading.unread):
        return answers
    last = text if text is not None else reading.unread[-1]
    fault = "other_country" if ends_in_other_country(last) else "unread_words"
    return [_with_fault(answer, fault) for answer in answers]


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
