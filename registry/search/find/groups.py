"""Groups of neighbours and hamlets that are called by a number, of which every commune has one."""

import re
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.locality import OPTIONAL_KINDS, Locality, as_other_groups
from geo.persons import is_surname
from geo.street import Street
from geo.text import accent_key, fold, has_diacritics
from registry.core.batching import Query
from registry.search.answers import PLACED, Answer
from registry.search.find.areas import Area
from registry.search.find.by_locality import lies_elsewhere
from registry.search.find.doors import Wanted, places
from registry.search.find.rendering import FEW_COMMUNES

_IN_ENGLISH: Final = re.compile(
    r"(?:hamlet|village)\s+(\w+)|(.*\w)\s+(?:hamlet|village)", re.IGNORECASE
)


def group_meant(area: Area, door: Door, named: Locality) -> Query[Locality | None]:
    """The one group of the area that is called so by another kind: Tổ dân phố 1 for `tổ 1`.

    None where several are, and where the door names a quarter or hamlet that it is not in.
    """
    keys = [other.key for other in as_other_groups(named)]
    if not keys or area.communes is None:
        return None
    found = yield from places("locality", keys, area.communes, Wanted())
    if len(found) != 1 or found[0].was is not None:
        return None
    (place,) = found
    meant = Locality(place.kind, place.name, place.key)
    asked = {other.key: other.kind for other in door.localities if other is not named}
    held = ((place.kind, place.name, place.key), *place.outer)
    elsewhere = lies_elsewhere(
        [(kind, name) for kind, name, _ in held],
        {key for _, _, key in held},
        asked | {meant.key: meant.kind},
    )
    return None if elsewhere else meant


def hamlet_in_english(street: Street) -> Street | None:
    """The name of what is called a hamlet or village: `My Hung Hamlet`, `Village 3`."""
    match = _IN_ENGLISH.fullmatch(street.name)
    name = (match[1] or match[2]) if match else None
    return replace(street, name=name, key=fold(name)) if name else None


def in_hamlet(area: Area, door: Door) -> Query[Door | None]:
    """The door in the one hamlet or quarter of the communes named that is or was called as its
    street is written: `38 Vĩnh Phước, Sơn Động` for Thôn Vĩnh Phước.

    None where the street has its kind, or a person's name, and is no hamlet in English.
    """
    street, communes = door.street, area.communes or ()
    if street is None or street.kind or door.localities or len(communes) > FEW_COMMUNES:
        return None
    english = hamlet_in_english(street)
    street = english or street
    first = street.key.partition(" ")[0]
    keys = [street.key]  # `ban na loc`, which may be a street where no marks are typed
    if english or not (is_surname(first) or any(map(str.isdigit, street.key))):
        keys += (f"{fold(kind)} {street.key}" for kind in OPTIONAL_KINDS)
    found = yield from places("locality", keys, communes, Wanted())
    typed = accent_key(street.name) if has_diacritics(street.name) else None
    found = [p for p in found if typed in (None, accent_key(p.found_by[1]))]
    found = [p for p in found if p.was is None] or found
    # Of one name in one commune there are several where communes of old met.
    if len({(place.unit_id, place.found_by) for place in found}) != 1:
        return None
    key, name, kind = found[0].found_by
    return replace(door, street=None, localities=(Locality(kind, name, key),))


def is_said(door: Door, meant: Door) -> bool:
    """Whether the hamlet that was meant by the street of a door is called so with its kind: `My
    Hung Hamlet`; `Lang Vac`, which may be a street where no marks are typed, and none is there.
    """
    street = door.street
    if street is None:
        return False
    return hamlet_in_english(street) is not None or street.key == meant.localities[0].key


def is_named(door: Door) -> bool:
    """Whether a locality has a name that tells it from those of other communes: no `Khu 5`."""
    return any(not place.is_numbered for place in door.localities)


def is_group_alone(door: Door) -> bool:
    """Whether nothing is asked for but groups by their numbers: `Thôn 9`, no door in it."""
    return bool(door.localities) and door == Door(localities=door.localities) and not is_named(door)


def lacks_commune(found: list[Answer], door: Door, area: Area) -> bool:
    """Whether one place is found in a group of a district that only a number tells, and no commune
    is named: `Ấp 2, Huyện Phú Giáo` is in every commune there, though the register knows one.
    """
    building = door.flat is not None and door.flat.building
    if len(found) != 1 or door.street is not None or building or not door.localities:
        return False
    (answer,) = found
    if answer.level not in PLACED or is_named(door) or len(area.communes or ()) < 2:
        return False
    return "commune_missing" in answer.faults
