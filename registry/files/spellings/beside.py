"""An address of an earlier map beside the one of today: what it may add, and when it contradicts.

Lists that were converted in 2025 have both, and the conversion lost things: the house number where
a shop's name stood before it, the street, and always the former commune, which tells streets of
one name apart. The text of today decides; the earlier one only adds what is missing, where both
are plainly about one place. What contradicts is never applied, and said.
"""

from dataclasses import dataclass, replace
from typing import Final

from geo.address import Door
from geo.house_number import HouseNumber
from registry.files.spellings.communes import CommuneReading

COMPLETED: Final = "1"
"""Number or street come from the earlier address."""
DIFFERS: Final = "2"
"""The earlier address names another place."""
COLUMNS_DIFFER: Final = "3"
"""The columns of the door say otherwise than the text (`doors.completed_by`)."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a text says, and what became of it beside the other one."""

    door: Door
    commune: CommuneReading
    beside: str | None = None
    """`COMPLETED`, `DIFFERS`, or None."""


def completed(today: Beside, before: Beside, *, same_words: bool) -> Beside:
    """Today's address with what only the earlier one says.

    `same_words`: what the grammar did not understand of today's text stands in the earlier one as
    well. Where it does not, it may be a street, and no other is put in its place.
    """
    commune = _commune(today.commune, before.commune)
    if commune is None or _differ(today.door, before.door):
        return replace(today, beside=DIFFERS)
    door = _door(today.door, before.door) if same_words else today.door
    changed = door != today.door or (not today.commune.candidates and bool(commune.candidates))
    return Beside(door, commune, COMPLETED if changed else None)


def _commune(today: CommuneReading, before: CommuneReading) -> CommuneReading | None:
    """Today's commune, narrowed by the earlier one, which it continues; None if it does not."""
    if not before.candidates:
        return today
    if not today.candidates:
        return before
    common = tuple(unit for unit in today.candidates if unit in before.candidates)
    if not common:
        return None
    assumed = today.assumed_id if today.assumed_id in common and len(common) > 1 else None
    return replace(
        today,
        candidates=common,
        former_id=today.former_id or before.former_id,
        assumed_id=assumed,
    )


def _differ(today: Door, before: Door) -> bool:
    """Whether the doors are two: other streets, or other numbers of one street."""
    streets = [door.street.key for door in (today, before) if door.street is not None]
    if len(set(streets)) > 1:
        return True
    number, other = today.house_number, before.house_number
    return number is not None and other is not None and not _leads_to(number, other)


def _leads_to(number: HouseNumber, other: HouseNumber) -> bool:
    """Whether one path is the end or the beginning of the other: `14` and `222/56/14`."""
    if number.alley_only or other.alley_only:
        alley, path = (number, other) if number.alley_only else (other, number)
        return path.key.startswith(alley.key.rstrip("/") + "/") or path.alley_only
    long, short = sorted((number.key, other.key), key=len, reverse=True)
    return long == short or long.endswith("/" + short)


def _door(today: Door, before: Door) -> Door:
    """Today's door with the earlier one's street and number where it has none."""
    places = [place.key for place in today.localities]
    if places and places != [place.key for place in before.localities]:
        return today
    number, other = today.house_number, before.house_number
    street = before.street
    if street is None or other is None or other.alley_only:
        return today
    # One word without a kind is as likely a piece of something else: `Long, A22/4 Phường Hưng`.
    if street.kind is None and " " not in street.name:
        return today
    # Equal numbers, or a path and its end, or an alley and a door in it: the longer says more.
    if number is None or len(number.key) < len(other.key):
        number = number if today.street and number and not number.alley_only else other
    return replace(today, street=today.street or street, house_number=number)
