"""Groups of neighbours and hamlets that are called by a number, of which every commune has one."""

from geo.address import Door
from geo.locality import Locality, of_like_kind
from registry.search.answers import Answer
from registry.search.areas import Area
from registry.search.asking import Steps
from registry.search.by_locality import lies_elsewhere
from registry.search.doors import Wanted, places
from registry.search.fit import PLACED


def group_meant(area: Area, door: Door, named: Locality) -> Steps[Locality | None]:
    """The one group of the area that is called so by another kind: Tổ dân phố 1 for `tổ 1`.

    None where several are, and where the door names a quarter or hamlet that it is not in.
    """
    keys = [other.key for other in of_like_kind(named)]
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


def is_named(door: Door) -> bool:
    """Whether a locality has a name that tells it from those of other communes: no `Khu 5`."""
    return any(not place.is_numbered for place in door.localities)


def commune_untold(found: list[Answer], door: Door, area: Area) -> bool:
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
