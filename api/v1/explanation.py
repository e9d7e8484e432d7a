"""`explain=true`: how a text was read, what was tried, and the weights of each answer's faults."""

from typing import Final

from typing_extensions import TypedDict

from geo.address import Door
from geo.admin import split_parts
from geo.understanding import STEPS
from registry.core.personal import without_people
from registry.records.record import wording
from registry.search.answers import Answer
from registry.search.faults import FAULTS
from registry.search.judge.explanation import Tried
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.text import Naming

_MAX_SHOWN: Final = 5


class ReadParts(TypedDict):
    """The door as read."""

    house_number: str | None
    """Canonical path"""
    street: str | None
    street_keys: list[str]
    """Search keys, the likeliest first"""
    localities: list[str]
    building: str | None
    flat: str | None
    hint: str | None


def read_parts(door: Door) -> ReadParts:
    """Return the parts of a door as an answer."""
    street, flat = door.street, door.flat
    return ReadParts(
        house_number=door.house_number.key if door.house_number else None,
        street=f"{street.kind or ''} {street.name}".strip() if street else None,
        street_keys=[street.key, *street.alt_keys] if street else [],
        localities=[f"{place.kind} {place.name}".strip() for place in door.localities],
        building=flat.building if flat else None,
        flat=flat.unit if flat else None,
        hint=next(iter(without_people([door.hint] if door.hint else [])), None),
    )


class ReadUnits(TypedDict):
    """One reading of the units; `corrected` if a name was misspelt."""

    commune: str | None
    district: str | None
    province: str | None
    corrected: bool


def read_units(naming: Naming) -> ReadUnits:
    """Return a reading of the units as an answer."""
    return ReadUnits(
        commune=_name(naming.commune),
        district=_name(naming.district),
        province=_name(naming.province),
        corrected=naming.corrected,
    )


class Scored(TypedDict):
    """An answer of this reading: `confidence` is 1 minus the weights of its faults."""

    level: str
    label: str
    code: str | None
    confidence: float
    weights: dict[str, float]
    """Weight of each fault"""


def scored(known: Gazetteer, answer: Answer) -> Scored:
    """Return a summary of an answer."""
    return Scored(
        level=answer.level,
        label=wording(known, today(), answer.parts, answer.unit, answer.former).label,
        code=answer.record.code if answer.record else None,
        confidence=answer.confidence,
        weights={code: FAULTS[code].weight for code in answer.faults},
    )


class StepTaken(TypedDict):
    """A step of the grammar that deviates from regular writing."""

    step: str
    meaning: str


class Reading(TypedDict):
    """One reading that was searched."""

    text: str | None
    """The text as read, without people; null for components"""
    penalty: int
    """Lower is likelier"""
    notes: list[str]
    """Grammar steps with a penalty"""
    steps: list[StepTaken]
    """The same steps, with their meaning"""
    read: ReadParts
    units: list[ReadUnits]
    unread: list[str]
    candidates: list[Scored]


def reading_of(known: Gazetteer, tried: Tried) -> Reading:
    """Return a reading, with the first of its answers."""
    reading = tried.reading
    return Reading(
        text=None if tried.text is None else _without_people(tried.text),
        penalty=reading.penalty,
        notes=list(reading.notes),
        steps=[
            StepTaken(step=note, meaning=STEPS[note].english)
            for note in reading.notes
            if note in STEPS
        ],
        read=read_parts(reading.door),
        units=[read_units(naming) for naming in reading.namings[:_MAX_SHOWN]],
        unread=list(without_people(reading.unread)),
        candidates=[scored(known, answer) for answer in tried.answers[:_MAX_SHOWN]],
    )


def _without_people(text: str) -> str:
    return ", ".join(without_people(split_parts(text)))


def _name(unit: Unit | None) -> str | None:
    return unit.version_on(today()).full_name if unit is not None else None
