"""Reconcile a column of localities with those in another cell: `…, tổ 6` beside Tổ 5.

Localities of different kinds nest; `Tổ 5` and `Tổ 6` cannot.
"""

from typing import Final

from geo.locality import GROUPS, parse_locality
from geo.text import fold
from registry.files.spellings.doors import DoorParts, Place

SAME: Final = ""
DIFFERS: Final = "differs"
"""Another cell names another place of the kind, which was used; the street identifies the door."""
UNDECIDED: Final = "undecided"
"""The same, but only the place identifies the door."""


def with_place_beside(column: str, door: DoorParts) -> tuple[DoorParts, str]:
    """The door with one place of each kind, and `SAME`, `DIFFERS` or `UNDECIDED`.

    The place of the column is behind those of the text.
    """
    if not column or door.place is None or len(door.place[0]) < 2:
        return door, SAME
    own = parse_locality(column)
    kinds, names, keys = door.place
    if own is None or own.key not in keys:
        return door, SAME
    at = keys.index(own.key)
    others = [
        other
        for other in range(len(keys))
        if other != at and _are_one_kind(kinds[other], kinds[at])
    ]
    if not others:
        return door, SAME
    place = _without(door.place, at)
    left = DoorParts(door.number, door.street, place, door.flat, door.hint)
    if any(fold(names[other]) == fold(names[at]) for other in others):
        return left, SAME
    return left, DIFFERS if door.street is not None else UNDECIDED


def _are_one_kind(one: str, other: str) -> bool:
    """Whether places of the two kinds never nest."""
    return bool(one) and (one == other or {one, other} <= GROUPS)


def _without(place: Place, at: int) -> Place:
    kinds, names, keys = (part[:at] + part[at + 1 :] for part in place)
    return kinds, names, keys
