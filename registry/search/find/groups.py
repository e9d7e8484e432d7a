"""Groups of neighbours and hamlets with numbers for names, which every commune has."""

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


def equivalent_group(area: Area, door: Door, named: Locality) -> Query[Locality | None]:
    """Return the one group of the area with this number under another kind: Tổ dân phố 1 for `tổ
    1`.

    None if there are several, or if it is not in the quarter or hamlet that the door names.
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
    """Return a street named as a hamlet or village in English: `My Hung Hamlet`, `Village 3`."""
    match = _IN_ENGLISH.fullmatch(street.name)
    name = (match[1] or match[2]) if match else None
    return replace(street, name=name, key=fold(name)) if name else None


def door_in_hamlet(area: Area, door: Door) -> Query[Door | None]:
    """Return the door with its street as the one hamlet or quarter of that current or former name
    in the communes: `38 Vĩnh Phước, Sơn Động` for Thôn Vĩnh Phước.

    None if the street has a kind or a person's name, and is not a hamlet in English.
    """
    street, communes = door.street, area.communes or ()
    if street is None or street.kind or door.localities or len(communes) > FEW_COMMUNES:
        return None
    english = hamlet_in_english(street)
    street = english or street
    first = street.key.partition(" ")[0]
    keys = [street.key]  # `ban na loc`, which may be a street without diacritics
    if english or not (is_surname(first) or any(map(str.isdigit, street.key))):
        keys += (f"{fold(kind)} {street.key}" for kind in OPTIONAL_KINDS)
    found = yield from places("locality", keys, communes, Wanted())
    typed = accent_key(street.name) if has_diacritics(street.name) else None
    found = [p for p in found if typed in (None, accent_key(p.found_by[1]))]
    found = [p for p in found if p.was is None] or found
    # Former communes may each have had one of the name.
    if len({(place.unit_id, place.found_by) for place in found}) != 1:
        return None
    key, name, kind = found[0].found_by
    return replace(door, street=None, localities=(Locality(kind, name, key),))


def is_written_as_hamlet(door: Door, meant: Door) -> bool:
    """Whether the street was written as the hamlet with its kind: `My Hung Hamlet`; `Lang Vac`,
    which might be a street without diacritics, but none exists.
    """
    street = door.street
    if street is None:
        return False
    return hamlet_in_english(street) is not None or street.key == meant.localities[0].key


def has_named_locality(door: Door) -> bool:
    """Whether a locality has a name and not only a number, as `Khu 5`."""
    return any(not place.is_numbered for place in door.localities)


def is_group_alone(door: Door) -> bool:
    """Whether only numbered groups are queried: `Thôn 9`, without a door."""
    return (
        bool(door.localities)
        and door == Door(localities=door.localities)
        and not has_named_locality(door)
    )


def lacks_commune(found: list[Answer], door: Door, area: Area) -> bool:
    """Whether a single place was found by a group's number in a district, without a commune: `Ấp 2,
    Huyện Phú Giáo` is in every commune there, even if only one is registered.
    """
    building = door.flat is not None and door.flat.building
    if len(found) != 1 or door.street is not None or building or not door.localities:
        return False
    (answer,) = found
    if answer.level not in PLACED or has_named_locality(door) or len(area.communes or ()) < 2:
        return False
    return "commune_missing" in answer.faults
