"""The area of a round: the doors of its street or hamlet, and the missing numbers.

Restricted places are left out; their numbers appear as missing, as if they were unregistered.
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
"""As on a large ward's longest street; a hamlet has some hundreds."""


@dataclass(frozen=True, slots=True)
class AreaHole:
    """Unregistered numbers of a street."""

    street: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A street, or a hamlet with everything in it, as of today."""

    place: ListedPlace
    ids: tuple[int, ...]

    def has(self, record: Record) -> bool:
        """Whether a record is in the area."""
        street = self.place.class_ == "street"
        return (record.street_id if street else record.locality_id) in self.ids


def area_of(session: Session, round_: Round) -> Area:
    """Return the area of a round; a merged place is replaced by the one it became part of.

    Raises GoneError if the place no longer exists.
    """
    found = session.execute(SQL.text("onward"), {"id": round_.place_id}).scalar()
    if found is None:
        raise GoneError(Message("round_place_gone"))
    place = place_by_id(session, round_.class_, found)
    ids = (found,) if round_.class_ == "street" else inside_of(session, found)
    return Area(place, tuple(ids))


def doors_in(session: Session, area: Area) -> list[Record]:
    """Return the doors to visit, by hamlet, street and number."""
    found = doors_of(session, area.place.class_, area.ids, MOST_DOORS)
    shown = [each for each in found if not each.restricted]
    # The sort is stable, so numbers stay in order.
    return sorted(shown, key=lambda each: (each.locality_key or "", each.street_key or ""))


def holes_in(session: Session, doors: list[Record]) -> list[AreaHole]:
    """Return the missing numbers in the streets of these doors."""
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
    """Return the label of a door within its commune."""
    return label(record.label_parts, ())
