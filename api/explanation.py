"""`explain=true`: what was read, what was tried, and what each answer lost to which fault."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import Field

from api.openapi import Answer as Body
from registry.gazetteer import Gazetteer, Unit, today
from registry.records import wording
from registry.search.answers import Answer
from registry.search.explanation import Tried
from registry.search.faults import FAULTS

_SHOWN: Final = 5


class ReadParts(Body):
    """The door as it was read."""

    house_number: str | None = Field(description="Canonical path")
    street: str | None
    street_keys: list[str] = Field(description="What is looked for, the likeliest first")
    localities: list[str]
    building: str | None
    flat: str | None
    hint: str | None


class ReadUnits(Body):
    """One way to read the units; `corrected` where a name was misspelt."""

    commune: str | None
    district: str | None
    province: str | None
    corrected: bool


class Scored(Body):
    """An answer of this reading: `confidence` is 1 less the weights of its faults."""

    level: str
    label: str
    code: str | None
    confidence: float
    weights: dict[str, float] = Field(description="Weight of each fault")


class Reading(Body):
    """One reading that was asked of the register."""

    text: str | None = Field(description="As it was read; null for components")
    penalty: int = Field(description="Lower is likelier")
    notes: list[str] = Field(description="Steps of the grammar that cost")
    read: ReadParts
    units: list[ReadUnits]
    unread: list[str]
    candidates: list[Scored]


def explained(known: Gazetteer, tried: Iterable[Tried]) -> list[dict[str, Any]]:
    """`Reading` for each reading tried, in their order."""
    return [_reading(known, one) for one in tried]


def _reading(known: Gazetteer, tried: Tried) -> dict[str, Any]:
    reading, door = tried.reading, tried.reading.door
    street, flat = door.street, door.flat
    return {
        "text": tried.text,
        "penalty": reading.penalty,
        "notes": list(reading.notes),
        "read": {
            "house_number": door.house_number.key if door.house_number else None,
            "street": f"{street.kind or ''} {street.name}".strip() if street else None,
            "street_keys": [street.key, *street.alt_keys] if street else [],
            "localities": [f"{place.kind} {place.name}".strip() for place in door.localities],
            "building": flat.building if flat else None,
            "flat": flat.unit if flat else None,
            "hint": door.hint,
        },
        "units": [
            {
                "commune": _name(naming.commune),
                "district": _name(naming.district),
                "province": _name(naming.province),
                "corrected": naming.corrected,
            }
            for naming in reading.namings[:_SHOWN]
        ],
        "unread": list(reading.unread),
        "candidates": [_scored(known, answer) for answer in tried.answers[:_SHOWN]],
    }


def _name(unit: Unit | None) -> str | None:
    return unit.version_on(today()).full_name if unit is not None else None


def _scored(known: Gazetteer, answer: Answer) -> dict[str, Any]:
    words = wording(known, today(), answer.parts, answer.unit, answer.former)
    return {
        "level": answer.level,
        "label": words.label,
        "code": answer.record.code if answer.record else None,
        "confidence": answer.confidence,
        "weights": {code: FAULTS[code].weight for code in answer.faults},
    }
