"""Answers of a search: a place at some level, with the faults of the match."""

import datetime
from collections.abc import Iterable
from dataclasses import field, replace
from typing import Any, Final, Literal

from geo.label import LabelParts
from geo.values import value
from registry.core.batching import Query
from registry.records.past import with_past
from registry.records.record import Record, Span, Wording, wording
from registry.search.faults import confidence
from registry.units.gazetteer import Gazetteer, Unit

LEVELS: Final = ("household", "building", "alley", "street", "locality", "commune", "province")
"""Levels from the door outwards."""
DOORS: Final = LEVELS[:2]
"""Levels that have codes."""
PLACED: Final = (*DOORS, "alley", "street", "locality")
"""Levels below the commune."""


Level = Literal["household", "building", "alley", "street", "locality", "commune", "province"]


@value(frozen=True, slots=True)
class Answer:
    """One place."""

    level: Level
    parts: LabelParts
    unit: Unit | None
    """The commune, or the province if no commune is known."""
    former: Unit | None = None
    """The former commune, if known."""
    faults: tuple[str, ...] = ()
    """Codes of `registry.search.faults`."""
    record: Record | None = None
    """The household or building; None for other levels."""
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    distance_m: float | None = None
    """From the query point; for a door with entrances, to the nearest of them."""
    entrance: dict[str, Any] | None = None
    """The nearest entrance (`registry.records.entrances`)."""
    on_sole_street: bool = False
    """Whether it is a door on a street that none of the other named communes has."""
    name: str | None = None
    """Name of the organisation or public place that the query named, if that is what was found."""
    map: Span | None = field(default=None)
    """The map that the query refers to; today's if it named no unit."""

    @property
    def confidence(self) -> float:
        """From 0 to 1."""
        return confidence(self.faults)

    @property
    def has_no_street(self) -> bool:
        """Whether it is a building, or a plot (`DL16`), registered only by its name in its
        commune."""
        parts = self.parts
        named = bool(parts.building) or not (parts.number_key or "0")[0].isdigit()
        return named and not (parts.street_name or parts.localities)

    @property
    def is_of_other_former(self) -> bool:
        """Whether it is a door of another former commune than the named one.

        Such a door is returned beside others, never as the match.
        """
        return self.record is not None and "former_differs" in self.faults


def of_record(
    record: Record,
    unit: Unit | None,
    former: Unit | None,
    *,
    faults: tuple[str, ...] = (),
    distance_m: float | None = None,
    asked_map: Span | None = None,
) -> Answer:
    """Return the answer for a record."""
    return Answer(
        level=record.kind,
        parts=record.label_parts,
        unit=unit,
        former=former,
        faults=faults,
        record=record,
        lon=record.lon,
        lat=record.lat,
        accuracy_m=record.position_accuracy_m,
        distance_m=distance_m,
        map=asked_map,
    )


def with_fault(answer: Answer, *faults: str) -> Answer:
    """Return the answer with these faults added, each once."""
    more = [fault for fault in faults if fault not in answer.faults]
    return replace(answer, faults=(*answer.faults, *more)) if more else answer


def without_fault(answer: Answer, *faults: str) -> Answer:
    """Return the answer without these faults."""
    left = tuple(fault for fault in answer.faults if fault not in faults)
    return answer if left == answer.faults else replace(answer, faults=left)


def answer_wording(
    gazetteer: Gazetteer, day: datetime.date, answer: Answer, on: datetime.date | None = None
) -> Wording:
    """Return the wording of an answer, with its label of the day `on` as well."""
    door = answer.record
    return wording(
        *(gazetteer, day, answer.parts, answer.unit, answer.former),
        past=door.past if door else (),
        on=on,
        registered=door is not None,
    )


def answers_with_past(
    answers: Iterable[Answer], on: datetime.date | None = None
) -> Query[list[Answer]]:
    """Return the answers, with the past of their doors."""
    found = list(answers)
    doors = [answer.record for answer in found if answer.record is not None]
    if on is None and not any(door.renamed for door in doors):
        return found  # the common case
    known = {record.code: record for record in (yield from with_past(doors, on))}
    return [
        replace(answer, record=known[answer.record.code]) if answer.record else answer
        for answer in found
    ]
