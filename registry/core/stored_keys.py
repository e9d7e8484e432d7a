"""Finds stored search keys that the current rules would derive differently, so that searches miss
their record, or an import duplicates it.

House numbers are not included: a path combines several cells, of which only one is stored. Their
keys are what their labels are read as.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from geo.address import building_of, parse_components
from geo.flat import block_key
from geo.locality import locality_of
from geo.organisations import organisation_key
from geo.street import street_of
from geo.words import words_of
from registry.core.sql import Statements

SQL: Final = Statements(__file__)
_BATCH: Final = 5_000

Keys = tuple[str, ...]
"""Keys that match a name by the current rules, the one to store first; empty if it is no name."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of keys, and the columns that it is derived from."""

    table: str
    key: str
    read_of: tuple[str, ...]
    keys: Callable[..., Keys]

    @property
    def name(self) -> str:
        """`household.building_key`."""
        return f"{self.table}.{self.key}"


@dataclass(frozen=True, slots=True)
class StaleKey:
    """A stored key, and the key by the current rules."""

    read_of: tuple[str, ...]
    key: str
    today: str


def street_keys(kind: str, name: str) -> Keys:
    """Return the keys of a street. `đường` may stand for an omitted kind.

    >>> street_keys("phố", "Huế"), street_keys("đường", "14 Tô Ngọc Vân")[:2]
    (('hue',), ('duong so 14 to ngoc van', '14 to ngoc van'))
    """
    kinds = (kind, None) if kind == "đường" else (kind,)
    read = [street for one in kinds if (street := street_of(one, words_of(name))) is not None]
    return tuple(dict.fromkeys(key for street in read for key in (street.key, *street.alt_keys)))


def locality_keys(kind: str, name: str) -> Keys:
    """Return the keys of a locality; one without a kind surrounds a group.

    >>> locality_keys("thôn", "Đông"), locality_keys("", "Ngọc Sơn")
    (('thon dong',), ('ngoc son',))
    """
    read = locality_of(kind, words_of(name))
    return (read.key,) if read is not None else ()


def place_keys(class_: str, kind: str, name: str) -> Keys:
    """Return the keys of a street or locality."""
    return street_keys(kind, name) if class_ == "street" else locality_keys(kind, name)


def building_keys(name: str) -> Keys:
    """Return the keys of a building by its name, as read from the column of a flat's building.

    >>> building_keys("CC A1"), building_keys("c.cư An Bình")
    (('a1',), ('chung cu an binh', 'c cu an binh'))
    """
    read = building_of(parse_components(building=name, unit="1"), name)
    keys = (*((read[1],) if read else ()), block_key(name))
    return tuple(dict.fromkeys(key for key in keys if key))


def floor_keys(floor: str) -> Keys:
    """Return the keys of a floor, which is stored only as its key.

    >>> floor_keys("TRỆT"), floor_keys("12A")
    (('TRET',), ('12A',))
    """
    flat = parse_components(floor=floor).flat
    return (flat.floor,) if flat is not None and flat.floor else ()


COLUMNS: Final = (
    KeyColumn("place", "key", ("class", "kind", "name"), place_keys),
    KeyColumn("place_alias", "key", ("class", "kind", "name"), place_keys),
    KeyColumn("household", "building_key", ("building_name",), building_keys),
    KeyColumn("household", "floor", ("floor",), floor_keys),
    KeyColumn("household_use", "name_key", ("name",), lambda name: (organisation_key(name),)),
)
_READ: Final = {
    "place.key": "keys_of_places",
    "place_alias.key": "keys_of_former_names",
    "household.building_key": "keys_of_buildings",
    "household.floor": "floors",
    "household_use.name_key": "keys_of_uses",
}
"""Column → statement that reads its distinct keys."""


def stale_keys(connection: Connection, column: KeyColumn) -> Generator[StaleKey]:
    """Yield the distinct keys of a column that the current rules would derive differently.

    Reads the column's table once, with at most a few thousand rows in memory.
    """
    found = connection.execute(
        SQL.text(_READ[column.name]),
        execution_options={"stream_results": True, "max_row_buffer": _BATCH},
    )
    with found as rows:
        for *names, key in rows:
            keys = column.keys(*names)
            if keys and key not in keys:
                yield StaleKey(tuple(names), key, keys[0])
