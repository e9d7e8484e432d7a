"""What is walked on a round: the doors of its street or hamlet, and the numbers that are missing.

No restricted place is among them, nor does a hole keep its number secret: it is missing as if
nobody had registered it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from geo.label import label, named
from registry.core.errors import GoneError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle.field.rounds import Round
from registry.lifecycle.listed_places import (
    ListedPlace,
    doors_of,
    holes_of,
    inside_of,
    place_by_id,
)
from registry.records.record import Record

SQL: Final = Statements(__file__, "queries.sql")

MOST_DOORS: Final = 5_000
"""Those of a large ward's longest street; a hamlet has some hundreds."""


@dataclass(frozen=True, slots=True)
class AreaHole:
    """Numbers of a street that nobody registered."""

    street: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A street, or a hamlet with all that it holds, as it is today."""

    place: ListedPlace
    ids: tuple[int, ...]

    def has(self, record: Record) -> bool:
        """Whether a record is in it."""
        street = self.place.class_ == "street"
        return (record.street_id if street else record.locality_id) in self.ids


def area_of(session: Session, round_: Round) -> Area:
    """Where it is walked; a place that became part of another is that one by now.

    Raises GoneError for a place that is no more.
    """
    found = session.execute(SQL.text("onward"), {"id": round_.place_id}).scalar()
    if found is None:
        raise GoneError(Message("round_place_gone"))
    place = place_by_id(session, round_.class_, found)
    ids = (found,) if round_.class_ == "street" else inside_of(session, found)
    return Area(place, tuple(ids))


def doors_in(session: Session, area: Area) -> list[Record]:
    """The doors to be walked, hamlet by hamlet, street by street, in the order of their numbers."""
    found = doors_of(session, area.place.class_, area.ids, MOST_DOORS)
    shown = [each for each in found if not each.restricted]
    # Stable: the numbers stay in their order.
    return sorted(shown, key=lambda each: (each.locality_key or "", each.street_key or ""))


def holes_in(session: Session, doors: list[Record]) -> list[AreaHole]:
    """What is missing in the streets of these doors."""
    streets = {
        each.street_id: named(each.street_kind, each.street_name)
        for each in doors
        if each.street_id is not None and each.street_name is not None
    }
    holes = holes_of(session, list(streets), public=True) if streets else {}
    return [
        AreaHole(streets[street], hole.numbers) for street, found in holes.items() for hole in found
    ]


def door_label(record: Record) -> str:
    """What the door is called inside its commune."""
    return label(record.label_parts, ())
