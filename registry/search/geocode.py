"""Geocodes an address as people write it to its door, or to the smallest place that is certain.

No answer is better than a wrong one: another house number than the given one is never returned, and
two doors that fit equally are both returned as ambiguous.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from geo.address import Door, parse_components
from geo.alternatives import FIRST_NUMBER_DROPPED
from geo.label import number_of
from geo.number_or_name import DASH_UNSURE, LETTER_UNSURE, NUMBER_BEHIND, WORDS_BESIDE
from geo.plus_code import complete_short_code
from geo.points import Evidence, evidence_in, point_in
from geo.text import to_plain_signs
from geo.values import value
from registry.access import budget
from registry.core.batching import Query, alone, bounded, side_by_side
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.text_work import Work, WorkSpentError
from registry.records.record import Record
from registry.search.answers import (
    DOORS,
    PLACED,
    Answer,
    answers_with_past,
    of_record,
    with_fault,
    without_fault,
)
from registry.search.faults import POINT_CONTRADICTS, SEARCH_INCOMPLETE
from registry.search.find.areas import area_of
from registry.search.find.by_use import with_doors_by_use
from registry.search.find.door_search import Asker
from registry.search.find.doors import active_records, records_of
from registry.search.find.estimated import with_estimates
from registry.search.find.groups import has_named_locality, is_group_alone, lacks_commune
from registry.search.find.mistyped_codes import MeantCode, meant_code
from registry.search.judge.doubts import add_doubts, add_missing, doubts_of_door
from registry.search.judge.explanation import Tried
from registry.search.judge.postcodes import by_postcode
from registry.search.judge.ranking import (
    SECOND_NUMBER,
    Located,
    contradict,
    either_door,
    filter_by_named_place,
    filter_by_unread_unit,
    fits_better,
    is_sure,
    is_unit_alone,
    metres_from,
    nearest_first,
    rank,
    with_named_places,
    with_unit_first,
)
from registry.search.read.address_reader import TWO_NUMBERS, read_address
from registry.search.read.codes_in_text import (
    CodeInText,
    UnreadCode,
    codes_in,
    unread_code,
    whole_code,
)
from registry.search.read.completed_text import UNITS, completed_text
from registry.search.read.door_with_units import ReadAddress, with_building
from registry.search.read.postcode_text import units_of_postcode, without_postcode
from registry.search.rereading import IN_BUILDING, Rereading
from registry.search.reverse import check_point, reverse
from registry.units import unit_by_code
from registry.units.by_codes import CODE_UNKNOWN, CONTRADICTED, called_by_codes, is_code
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.one_map import doubt
from registry.units.onward import communes_of
from registry.units.postcodes import communes_with_postcode
from registry.units.text import read_units

MAX_TEXT: Final = 2_000
DEFAULT_LIMIT: Final = 5
MAX_LIMIT: Final = 20
_EVIDENCE_M: Final = 150.0
"""Greatest distance of a point from the door that the words name: pins are placed by hand."""
_AT_POINT_M: Final = 50.0
"""Greatest distance of a street's door from a point beside its name."""
_MAX_READINGS: Final = 3


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
    postcode: str | None = None
    """Evidence only: it contradicts an answer in another commune."""


@value(frozen=True, slots=True)
class Question:
    """A query: a text, or components; those that name units may complete a text."""

    text: str | None = None
    components: Components | None = None
    limit: int = DEFAULT_LIMIT
    near: tuple[float, float] | None = None
    """(lon, lat): orders equally good matches; never makes a match better."""
    within: str | None = None
    """Code of a unit of any map; nothing outside it is returned."""
    chosen: bool = False
    """Whether it was picked from the choices of a question; affects only the verdict."""
    on: datetime.date | None = None
    """A day for which labels are wanted as well."""
    former: str | None = None
    """Code of the commune on that day, or before July 2025, if the shopper was asked for it."""


def geocode(gazetteer: Gazetteer, reads: Reads, question: Question) -> list[Answer]:
    """Return at most `limit` answers, the best first; empty if nothing of the address is known.

    Raises InvalidInputError for a text that is too long, an unknown unit code, or a point that is
    not on the earth.
    """
    return locate(gazetteer, reads, question).answers


def locate(
    gazetteer: Gazetteer, reads: Reads, question: Question, work: Work | None = None
) -> Located:
    """As `geocode`, with the reading that was answered; raises what `geocode` raises.

    `work` limits the work below the default for a text.
    """
    return alone(reads, locating(gazetteer, question, work))


def locating(gazetteer: Gazetteer, question: Question, work: Work | None = None) -> Query[Located]:
    """As `locate`, as a query to be batched with others."""
    search = _Search(gazetteer, question, today())
    if question.near is not None:
        check_point(lon=question.near[0], lat=question.near[1])
    work = work or Work()
    found = yield from bounded(search.answers(), [], work)
    if work.spent:
        found = [with_fault(answer, SEARCH_INCOMPLETE) for answer in found]
    if question.components is not None and question.components.postcode:
        found = by_postcode(gazetteer, search.day, found, question.components.postcode)
    if question.near is not None:
        found = nearest_first(found, *question.near)
    found = yield from add_missing(found[: question.limit], search.reading)
    found = yield from with_estimates(found, search.reading)
    if not (found and found[0].level in DOORS and is_sure(found[0])):
        doubt()  # the door may be in a unit newer than this map
    meant = None
    if not found and question.text is not None:
        meant = yield partial(_meant_as_code, question.text)
    found = yield from answers_with_past(found, question.on)
    coded = yield from answers_with_past(search.coded, question.on)
    tried = tuple(search.tried)
    return Located(found, search.reading, tried, meant, tuple(coded))


def _meant_as_code(text: str, reads: Reads) -> MeantCode | None:
    return meant_code(reads, text)


class _Search:
    def __init__(self, gazetteer: Gazetteer, question: Question, day: datetime.date) -> None:
        self.gazetteer = gazetteer
        self.question = question
        self.day = day
        self.within = unit_by_code(gazetteer, question.within, None) if question.within else None
        self.reading: ReadAddress | None = None
        """Reading of the answers, or the likeliest one."""
        self.tried: list[Tried] = []
        self.coded: tuple[Answer, ...] = ()
        """Doors of a code in the text that contradicts the rest."""

    def answers(self) -> Query[list[Answer]]:
        """Return the answers, before `near` and `limit` apply."""
        given, text = self.question.components, (self.question.text or "").strip()
        if given is not None and not text:
            read = partial(self._read_components, given)
            return (yield from self._completed_by_postcode(read, given.postcode))
        if len(text) > MAX_TEXT:
            raise InvalidInputError.of_field(
                "q", "text_too_long", Message("more_than_characters", most=MAX_TEXT)
            )
        if "\0" in text:
            raise InvalidInputError.of_field("q", "nul_character", Message("text_has_nul"))
        if given is None:
            return (yield from self._text(text))
        units, notes = self._by_codes(given)
        named = {
            level: unit
            for level, unit in zip(UNITS, units, strict=True)
            if not is_code(unit, level)
        }
        whole = completed_text(text, named)
        code = whole_code(text)
        point = point_in(text)
        # Digits that are a code, or a point, only as the whole text.
        loose = point or (code and all(mention.code != code for mention in codes_in(whole)))
        found = yield from self._text(text if loose else whole)
        if code or point:
            found = yield from self._checked_by_units(found, completed_text("", named).strip(", "))
        for note in notes:
            found = [with_fault(answer, note) for answer in found]
        return found

    def _text(self, text: str) -> Query[list[Answer]]:
        if point := point_in(text):
            return (yield from self._at(*point))
        if evidence := evidence_in(text):
            found = yield from self._with_point(evidence)
            if found:
                return found
        if code := whole_code(text):
            record = yield from self._record(code)
            if record:
                return (yield from self._of_code(record))
        coded = yield from self._of_codes_in(text, code)
        if coded is not None:
            return coded
        found = yield from self._with_postcode(text)
        named = yield from with_doors_by_use(self.gazetteer, self.day, text, self.within, found)
        if named[:1] != found[:1]:
            self.reading = None  # an organization's name accounts for all of the text
        if named is not found:
            return [answer for answer in named if self._inside(answer.unit)]
        if unread := unread_code(text):
            return (yield from self._without_code(unread, found))
        return found

    def _with_postcode(self, text: str) -> Query[list[Answer]]:
        """Answer a text by its words, with the postcode at its end, or beside it, as evidence."""
        given = self.question.components
        words, written = without_postcode(self.gazetteer, self.day, text)
        postcode = written or (given.postcode if given else None)
        found = yield from self._completed_by_postcode(partial(self._read_words, words), postcode)
        # The parameter is weighed with all answers, also those of a code or a point (`locating`).
        return by_postcode(self.gazetteer, self.day, found, written) if written else found

    def _completed_by_postcode(
        self, read: Callable[[Mapping[str, str]], Query[list[Answer]]], postcode: str | None
    ) -> Query[list[Answer]]:
        """Answer what is read, with the commune of a postcode if it names at most a province of
        today: a postcode beside units of an earlier map may be another commune's.
        """
        found = yield from read({})
        if not postcode:
            return found
        named = (one.unit for one in found if "province_missing" not in one.faults)
        provinces = filter(None, map(self._province, named))
        communes = communes_with_postcode(self.gazetteer, postcode, self.day)
        is_open = all(
            (one.level == "province" or "commune_missing" in one.faults)
            and "commune_former" not in one.faults
            and (one.unit is None or one.unit.id not in communes)
            for one in found
        )
        if is_open and (units := units_of_postcode(self.gazetteer, self.day, postcode, provinces)):
            return (yield from read(units)) or found
        return found

    def _checked_by_units(self, found: list[Answer], units: str) -> Query[list[Answer]]:
        """Return the answers, with a fault if the units are in another province."""
        reading = self.reading
        places = yield from self._read(units)
        self.reading = reading
        provinces = {self._province(answer.unit) for answer in places}
        return [
            with_fault(answer, CONTRADICTED)
            if provinces and self._province(answer.unit) not in provinces
            else answer
            for answer in found
        ]

    def _at(self, lon: float, lat: float) -> Query[list[Answer]]:
        def near(reads: Reads) -> list[Answer]:
            question = self.question
            return reverse(
                self.gazetteer, reads, lon=lon, lat=lat, limit=question.limit, on=question.on
            )

        found: list[Answer] = yield near
        return [with_fault(a, "point_given") for a in found if self._inside(a.unit)]

    def _with_point(self, evidence: Evidence) -> Query[list[Answer]]:
        """Answer a text with a point: what is at the point, if it is in the place that the words
        name.

        Words that name more than units are answered, with the point as evidence.
        """
        places = yield from self._read(evidence.rest)
        point = evidence.point
        if evidence.plus_code is not None:
            points = {
                complete_short_code(evidence.plus_code, lon=a.lon, lat=a.lat)
                for a in places
                if a.lon is not None and a.lat is not None
            }
            point = points.pop() if len(points) == 1 else None
        if point is not None and self._names_more_than_units():
            return (yield from self._ranked_by_point(places, *point))
        named = self._named_communes()
        self.reading = None  # the point is answered, not the words
        if point is None:
            return []
        provinces = {self._province(answer.unit) for answer in places}
        found = yield from self._at(*point)
        return [
            with_fault(answer, POINT_CONTRADICTS) if _is_outside(answer, named) else answer
            for answer in found
            if self._province(answer.unit) in provinces
        ]

    def _named_communes(self) -> frozenset[int]:
        """Return ids of the communes that the text names, or those of a district that it names."""
        namings = self.reading.namings if self.reading else ()
        units = (naming.commune or naming.district for naming in namings)
        return frozenset().union(
            *(communes_of(self.gazetteer, self.day, unit) for unit in units if unit)
        )

    def _names_more_than_units(self) -> bool:
        reading = self.reading
        return reading is not None and (reading.door != Door() or bool(reading.unread))

    def _ranked_by_point(self, places: list[Answer], lon: float, lat: float) -> Query[list[Answer]]:
        """Rank what the words name by a point beside them, with a fault if it contradicts.

        For a street or hamlet without a number, return its door at the point, if there is one.
        """
        if any(answer.level in DOORS for answer in places):
            return [
                answer
                if metres_from(answer, lon, lat) <= _EVIDENCE_M + (answer.accuracy_m or 0)
                else with_fault(answer, POINT_CONTRADICTS)
                for answer in nearest_first(places, lon, lat)
            ]
        reading = self.reading
        at = yield from self._at(lon, lat)
        self.reading = reading
        here = {unit for a in at for unit in (a.unit, self._province(a.unit)) if unit is not None}
        inside = [place for place in places if place.unit in here]
        if len(inside) == 1:
            inside = [without_fault(inside[0], "ambiguous")]
        if not inside or reading is None or reading.door.house_number is not None:
            return inside or [with_fault(place, POINT_CONTRADICTS) for place in places]
        doors = [
            answer
            for answer in at
            if answer.level in DOORS
            and metres_from(answer, lon, lat) <= _AT_POINT_M
            and any(_is_of(answer, place) for place in inside)
        ]
        return doors[:1] or inside

    def _province(self, unit: Unit | None) -> Unit | None:
        return (self.gazetteer.province_of(unit, self.day) or unit) if unit else None

    # Codes

    def _record(self, code: str) -> Query[Record | None]:
        """Return the record of a code in a text, if it is registered and public."""
        budget.check()
        found = yield from records_of([code])
        if found:
            budget.check()  # queries of the same batch may have spent it meanwhile
        else:
            budget.pay()
        for record in found:
            if not record.restricted and record.status in ("active", "retired"):
                return record
        return None

    def _of_code(self, record: Record) -> Query[list[Answer]]:
        if record.status == "active":
            return [a for a in [self._of_record(record, ())] if self._inside(a.unit)]
        onward = yield from active_records(record.successors or [])
        faults = ("retired", "ambiguous") if len(onward) > 1 else ("retired",)
        answers = [self._of_record(successor, faults) for successor in onward]
        return [answer for answer in answers if self._inside(answer.unit)]

    def _of_codes_in(self, text: str, whole: str | None) -> Query[list[Answer] | None]:
        """Return the doors of registered codes inside a text; None without any."""
        mentioned: list[tuple[CodeInText, Record]] = []
        for mention in codes_in(text):
            if mention.code == whole:
                continue  # already looked up
            if record := (yield from self._record(mention.code)):
                mentioned.append((mention, record))
        if not mentioned:
            return None
        (mention, record), *others = mentioned
        rest = yield from self._read(mention.rest)
        found = yield from self._of_code_in(record, rest, mention.written)
        known = {answer.record.code for answer in found if answer.record}
        more: list[Answer] = []
        for _, other in others:
            more += yield from self._of_code(other)
        more = [answer for answer in more if answer.record and answer.record.code not in known]
        # Only the writer knows which is meant.
        return [with_fault(answer, "ambiguous") for answer in (*found, *more)] if more else found

    def _of_code_in(self, record: Record, rest: list[Answer], written: str) -> Query[list[Answer]]:
        """Return the code's door, unless the rest of the text names another place."""
        answers = yield from self._of_code(record)
        rest = [answer for answer in rest if not answer.is_of_other_former]
        if not rest or not all(contradict(a, b) for a in answers for b in rest):
            return [self._doubted(answer) for answer in answers]
        self.coded = tuple(answers)
        self._leave_unread(written)
        return [with_fault(answer, "code_contradicts_text") for answer in rest]

    def _doubted(self, answer: Answer) -> Answer:
        """Return the door of a code, with the doubts from the rest of the text."""
        if self.reading is None:
            return answer
        doubts = doubts_of_door(self.gazetteer, self.day, answer, self.reading, coded=True)
        return with_fault(answer, *doubts)

    def _without_code(self, unread: UnreadCode, found: list[Answer]) -> Query[list[Answer]]:
        """Return the answers to a text without its unknown code, unless the text with it leads to a
        sure door, or to more: `K203-1205` may be a flat.
        """
        reading = self.reading
        if (
            found
            and found[0].level in DOORS
            and is_sure(found[0])
            and not (reading and (reading.unread or TWO_NUMBERS.intersection(reading.notes)))
        ):
            return found
        rest = yield from self._read(unread.rest)
        if not rest or (found and rank(found[0]) < rank(rest[0])):
            self.reading = reading
            return found
        self._leave_unread(unread.written)
        return [with_fault(answer, "code_unread") for answer in rest]

    def _leave_unread(self, written: str) -> None:
        if self.reading is not None:
            self.reading = replace(self.reading, unread=(*self.reading.unread, written))

    def _of_record(self, record: Record, faults: tuple[str, ...]) -> Answer:
        units = self.gazetteer.units
        unit, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
        return of_record(record, unit, former, faults=faults)

    # Addresses

    def _read(self, text: str) -> Query[list[Answer]]:
        rereading = Rereading(self.gazetteer, self._as_written, self._rewritten, self._in_building)
        best = yield from rereading.located(to_plain_signs(text))
        self.reading = best.reading
        return best.answers

    def _read_words(self, words: str, units: Mapping[str, str]) -> Query[list[Answer]]:
        whole = completed_text(words, units).strip(" ,")
        return (yield from self._read(whole)) if whole else []

    def _read_components(self, given: Components, units: Mapping[str, str]) -> Query[list[Answer]]:
        located = yield from self._best([self._components(replace(given, **units))])
        self.reading = located.reading
        return located.answers

    def _as_written(self, text: str) -> Query[Located]:
        readings = read_address(self.gazetteer, text)[:_MAX_READINGS]
        return (yield from self._best(readings, text))

    def _rewritten(self, text: str, step: str) -> Query[Located]:
        readings = read_address(self.gazetteer, text)[:_MAX_READINGS]
        return (yield from self._best([one.by(step) for one in readings], text))

    def _in_building(self, text: str, name: str) -> Query[Located]:
        readings = read_address(self.gazetteer, text)[:_MAX_READINGS]
        return (
            yield from self._best(
                [with_building(one, name).by(IN_BUILDING) for one in readings], text
            )
        )

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
        units = [getattr(given, level) for level in UNITS]
        return called_by_codes(self.gazetteer, self.day, units)

    def _best(self, readings: list[ReadAddress], text: str | None = None) -> Query[Located]:
        """Return the answers of the reading that fits best; a likelier reading wins among
        equals."""
        best = Located([], readings[0] if readings else None)
        doubted_best: list[Answer] = []
        read = best.reading
        unit: Located | None = None
        every: list[Answer] = []
        asked: list[list[Answer]] = []
        for at, reading in enumerate(readings):
            if at == len(asked):
                # Mostly the likeliest is sure; if not, the others are queried together.
                together = readings[at:] if at else readings[:1]
                try:
                    asked += yield from side_by_side(map(self._queried, together))
                except WorkSpentError:
                    break
            if NUMBER_BEHIND in reading.notes and best.answers and best.answers[0].level in PLACED:
                continue  # the number belongs to the place's name
            found = [a for a in asked[at] if self._inside(a.unit)]
            found = filter_by_named_place(found, reading.unread)
            known = with_named_places(found, reading)
            doubted = add_doubts(self.gazetteer, self.day, found, known, text)
            self.tried.append(Tried(text, reading, tuple(doubted)))
            every += doubted
            if FIRST_NUMBER_DROPPED in reading.notes:
                continue  # only an alternative to the door of the first number
            if found and unit is None and is_unit_alone(reading, self.day):
                unit = Located(found, reading)
            if found and (
                best.reading is None
                or not best.answers
                or fits_better(found[0], reading, best.answers[0], best.reading)
            ):
                # Doubts do not decide which reading fits best: all leave such words unread.
                best, doubted_best, read = Located(found, reading), doubted, known
            if best.answers and is_sure(best.answers[0]):
                break
        if unit is not None and unit.reading is not best.reading:
            best = with_unit_first(unit, best)
            doubted_best = add_doubts(self.gazetteer, self.day, best.answers, best.reading, text)
            read = best.reading
        return Located(either_door(doubted_best, every, read), read)

    def _queried(self, reading: ReadAddress) -> Query[list[Answer]]:
        door = reading.door
        area = area_of(self.gazetteer, self.day, reading.namings, self.within, reading.unread)
        # Places of that name are found in the whole country, as suggestions do, but no door in
        # them.
        is_findable = has_named_locality(door) or (is_group_alone(door) and not reading.unread)
        if area.communes is None and door.street is None and not is_findable:
            return []
        if code_faults := tuple({CODE_UNKNOWN, CONTRADICTED}.intersection(reading.notes)):
            area = replace(area, faults=(*area.faults, *code_faults))
        asker = Asker(self.gazetteer, self.day, door, area, whole=not reading.unread)
        found = yield from asker.answers()
        if area.communes is None:
            found = filter_by_unread_unit(self.gazetteer, found, reading.unread)
        if lacks_commune(found, door, area):
            found = [with_fault(answer, "commune_undecided") for answer in found]
        if DASH_UNSURE in reading.notes:
            # A dash read as a slash, and the path backwards as well: two assumptions.
            found = [answer for answer in found if "path_order" not in answer.faults]
        if NUMBER_BEHIND in reading.notes:
            # `Hòa Bình 1` is a hamlet of its own, not a house in Hòa Bình.
            found = [a for a in found if not (a.record and "street_not_found" in a.faults)]
        for note in {NUMBER_BEHIND, LETTER_UNSURE, DASH_UNSURE}.intersection(reading.notes):
            found = [a if _is_written_so(a, door, note) else with_fault(a, note) for a in found]
        if WORDS_BESIDE in reading.notes:
            found = [with_fault(answer, WORDS_BESIDE) for answer in found]
        if TWO_NUMBERS.intersection(reading.notes):
            found = [with_fault(answer, SECOND_NUMBER) for answer in found]
        return found

    def _inside(self, unit: Unit | None) -> bool:
        if self.within is None or unit is None:
            return self.within is None
        return unit is self.within or unit.id in communes_of(self.gazetteer, self.day, self.within)


def _is_outside(answer: Answer, communes: frozenset[int]) -> bool:
    """Whether the answer's commune is known and none of `communes`, if there are any."""
    unit = answer.unit
    return (
        bool(communes) and unit is not None and unit.level == "commune" and unit.id not in communes
    )


def _is_of(door: Answer, place: Answer) -> bool:
    """Whether a door is in the street or hamlet of an answer."""
    if place.parts.street_name:
        return place.parts.street_name == door.parts.street_name
    return bool(place.parts.localities) and place.parts.localities == door.parts.localities


def _is_written_so(answer: Answer, door: Door, note: str) -> bool:
    """Whether the number was delivered as it is written in the query, so that its dash, or the `Đ`
    after it, is not in doubt.
    """
    number = door.house_number
    if number is None or number.written != number_of(answer.parts):
        return False
    return note == DASH_UNSURE or (note == LETTER_UNSURE and number.written[-1] in "Đđ")
