"""Complete a current address with the one on the former map beside it, or report a contradiction.

Lists converted in 2025 have both, and the conversion lost data: the house number behind a shop's
name, the street, and always the former commune, which distinguishes streets of one name. The
current text decides. The former one only adds what is missing, if both clearly describe one place.
Contradictions are reported and never applied.
"""

from dataclasses import dataclass, replace
from typing import Final

from geo.address import Door
from geo.house_number import HouseNumber
from registry.files.spellings.communes import CommuneReading

COMPLETED: Final = "1"
"""Number or street come from the former address."""
DIFFERS: Final = "2"
"""The former address names another place."""
COLUMNS_DIFFER: Final = "3"
"""The columns of the door contradict the text (`doors.completed_by`)."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A parsed address, and the outcome of comparing it with the one beside it."""

    door: Door
    commune: CommuneReading
    beside: str | None = None
    """`COMPLETED`, `DIFFERS`, or None."""


def completed(today: Beside, before: Beside, *, same_words: bool) -> Beside:
    """The current address, completed from the former one.

    `same_words`: the words left unread in the current text are in the former one as well. If not,
    they may be a street, and the former street is not used.
    """
    commune = _commune(today.commune, before.commune)
    if commune is None or _differ(today.door, before.door):
        return replace(today, beside=DIFFERS)
    door = _door(today.door, before.door) if same_words else today.door
    changed = door != today.door or (not today.commune.candidates and bool(commune.candidates))
    return Beside(door, commune, COMPLETED if changed else None)


def _commune(today: CommuneReading, before: CommuneReading) -> CommuneReading | None:
    """The current commune, narrowed by the former one; None if it is not a successor of it."""
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
    """Whether the doors contradict each other: two streets, or two numbers on one street."""
    streets = [door.street.key for door in (today, before) if door.street is not None]
    if len(set(streets)) > 1:
        return True
    number, other = today.house_number, before.house_number
    return number is not None and other is not None and not _may_be_same(number, other)


def _may_be_same(number: HouseNumber, other: HouseNumber) -> bool:
    """Whether one path ends or begins with the other: `14` and `222/56/14`."""

    if number.alley_only or other.alley_only:
        alley, path = (number, other) if number.alley_only else (other, number)
        return path.key.startswith(alley.key.rstrip("/") + "/") or path.alley_only
    long, short = sorted((number.key, other.key), key=len, reverse=True)
    return long == short or long.endswith("/" + short)


def _door(today: Door, before: Door) -> Door:
    """The current door, with the former street and number if it has none."""
    places = [place.key for place in today.localities]
    if places and places != [place.key for place in before.localities]:
        return today
    number, other = today.house_number, before.house_number
    street = before.street
    if street is None or other is None or other.alley_only:
        return today
    # A single word without a kind may be part of something else: `Long, A22/4 Phường Hưng`.
    if street.kind is None and " " not in street.name:
        return today
    # Equal numbers, a path and its end, or an alley and a door in it: keep the longer one.
    if number is None or len(number.key) < len(other.key):
        number = number if today.street and number and not number.alley_only else other
    return replace(today, street=today.street or street, house_number=number)
