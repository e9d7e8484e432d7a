"""Validates an address for delivery: a verdict that a shop can act on, and what to ask.

A door is certain only without assumptions: every unit was named, the number is the given one, and
no second registered place fits. Most doors of the country are not registered yet, so a well-formed
address with a known place is `unverified`, never wrong.
"""

import datetime
from dataclasses import astuple, replace
from functools import partial
from typing import Final

from geo.admin import postcode_in
from geo.foreign import is_foreign
from geo.label import label
from registry.core.batching import Query, alone
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.reads import Reads
from registry.files.spellings.footer_words import is_total
from registry.records.past import with_past
from registry.search.answers import Answer, of_record
from registry.search.faults import OTHER_COUNTRY
from registry.search.find.doors import active_records
from registry.search.find.exchanged import exchanged_doors
from registry.search.find.groups import is_group_alone
from registry.search.find.mistyped_codes import MeantCode
from registry.search.find.next_door import doors_next_door
from registry.search.geocode import Question, locating
from registry.search.judge import questions
from registry.search.judge.choices import choices_of_places
from registry.search.judge.components import components_read, components_unread
from registry.search.judge.postcodes import postcode_component
from registry.search.judge.ranking import Located
from registry.search.judge.validation import Judge
from registry.search.judge.verdicts import NextAction, Validation, VerdictCode
from registry.search.judge.verdicts import Question as Asked
from registry.search.judge.wording import door_parts, todays_wording
from registry.search.read.completed_text import UNITS
from registry.search.read.door_with_units import ReadAddress
from registry.search.read.postcode_text import registered_postcode
from registry.units import LAST_DAY_OF_OLD_MAP, unit_by_code
from registry.units.by_codes import CODE_UNKNOWN
from registry.units.gazetteer import Gazetteer, Unit, today

_LOOKED_AT: Final = 20


def validate(gazetteer: Gazetteer, reads: Reads, question: Question) -> Validation:
    """Return the verdict on an address. `limit` and `near` of the question are ignored.

    Raises what `registry.search.geocode.geocode` raises.
    """
    return alone(reads, validating(gazetteer, question))


def validating(gazetteer: Gazetteer, question: Question) -> Query[Validation]:
    """As `validate`, as a query to be batched with others."""
    located = yield from locating(gazetteer, replace(question, limit=_LOOKED_AT, near=None))
    judged: Validation = yield partial(_judged, gazetteer, question, located)
    given, text = question.components and question.components.postcode, question.text or ""
    written = registered_postcode(gazetteer, today(), text) or (
        postcode_in(text) if judged.province else None
    )
    if postcode := given or written:
        more = postcode_component(judged, postcode, today())
        named = judged.components
        if not _has_words(question):
            named = tuple(
                replace(one, status="inferred", given=None) if one.name in UNITS else one
                for one in named
            )
        judged = replace(judged, components=(*named, *more))
    return judged


def _has_words(question: Question) -> bool:
    """Whether it has more than a postcode."""
    components = question.components
    others = replace(components, postcode=None) if components else None
    return any(map(str.isalpha, question.text or "")) or bool(others and any(astuple(others)))


def _judged(gazetteer: Gazetteer, question: Question, located: Located, reads: Reads) -> Validation:
    former = _former(gazetteer, question, today())
    if located.answers and not _is_abroad(located) and not _is_group_anywhere(located):
        day, answers, reading = today(), located.answers, located.reading
        exchanged: list[Answer] = []
        next_door: list[Answer] = []
        if not question.chosen:  # a shopper who picked the address from choices has seen them
            # Where names were corrected, what is written is in the first reading.
            readings = [*filter(None, [reading]), *(one.reading for one in located.tried[:1])]
            exchanged = exchanged_doors(gazetteer, reads, day, answers, readings)
            next_door = exchanged or doors_next_door(gazetteer, reads, day, answers, reading)
        judge = Judge(
            *(gazetteer, reads, day, located, next_door),
            exchanged=bool(exchanged),
            on=question.on,
            former=former,
        )
        return judge.validation()
    if located.meant is not None:
        return _meant(gazetteer, reads, located.meant, question.on)
    return _unplaced(located.reading, question.text or "")


def _former(gazetteer: Gazetteer, question: Question, day: datetime.date) -> Unit | None:
    if question.former is None:
        return None
    on = min(question.on or LAST_DAY_OF_OLD_MAP, day)
    try:
        return unit_by_code(gazetteer, question.former, on)
    except NotFoundError as error:
        raise InvalidInputError.of_field("former_commune", "unit_unknown", error.message) from None


def _rejected(reason: str | None = None) -> Validation:
    found = _validation("reject", "ask_again", questions.ask_again(reason))
    return replace(found, reason=reason)


def _meant(
    gazetteer: Gazetteer, reads: Reads, meant: MeantCode, on: datetime.date | None
) -> Validation:
    """Return the question with the doors whose codes may be meant, the likeliest first."""
    day, units, suggestions = today(), gazetteer.units, meant.suggestions
    records = alone(reads, with_past(alone(reads, active_records(suggestions)), on))
    records.sort(key=lambda record: suggestions.index(record.code))
    doors = [
        of_record(record, units.get(record.unit_id or 0), units.get(record.former_unit_id or 0))
        for record in records
    ]
    places = [(door, todays_wording(gazetteer, day, door, None, on)) for door in doors]
    rejected = _rejected(meant.reason)
    choices = choices_of_places(gazetteer, day, places, None)
    question = rejected.question and replace(rejected.question, choices=tuple(choices))
    return replace(rejected, suggestions=suggestions, question=question)


def _is_abroad(located: Located) -> bool:
    """Whether another country is named, without a unit of Viet Nam: `12 Lê Lợi, Paris, France`."""
    named = located.reading is not None and bool(located.reading.namings)
    return OTHER_COUNTRY in located.answers[0].faults and not named


def _is_group_anywhere(located: Located) -> bool:
    """Whether only a numbered locality is given, `Thôn 9`: every commune has one."""
    reading = located.reading
    return reading is not None and not reading.namings and is_group_alone(reading.door)


def _unplaced(reading: ReadAddress | None, text: str) -> Validation:
    """Return the verdict if nothing was found: the commune is missing, or it is not an address."""
    if is_foreign(text, reading.unread if reading else ()):
        return _rejected("elsewhere")
    if reading is None or is_total([text]):
        return _rejected()
    if not _is_address(reading):
        return replace(_rejected(), components=components_unread(reading))
    missing = frozenset({"commune", "province"})
    return replace(
        _validation("complete", "ask_missing", questions.ask("ask_commune")),
        address=label(door_parts(reading.door, reading.unread), ()),
        components=components_read(reading, missing),
        reason=CODE_UNKNOWN if CODE_UNKNOWN in reading.notes else None,
    )


def _is_address(reading: ReadAddress) -> bool:
    """Whether it may be an address: with a street or a locality by name, not arbitrary words."""
    door = reading.door
    if reading.namings or door.localities or (door.flat is not None and door.flat.building):
        return True
    street = door.street
    if street is None or not any(len(word) > 1 and word.isalpha() for word in street.key.split()):
        return False
    return street.kind is not None or door.house_number is not None


def _validation(
    verdict: VerdictCode, next_action: NextAction, question: Asked | None
) -> Validation:
    return Validation(
        verdict, next_action, None, None, None, None, None, None, None, None, (), question
    )
