"""A group of neighbours that is registered by another kind than people write."""

from geo.address import Door
from geo.locality import Locality, of_like_kind
from registry.search.areas import Area
from registry.search.asking import Steps
from registry.search.choice import lies_elsewhere
from registry.search.doors import Wanted, places


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
