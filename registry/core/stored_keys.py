"""Keys that stand in the register beside what they were read of, and which today's rules would
write otherwise: no text leads to such a record, or an import makes it anew.

House numbers are not among them: a path is put together from several cells, and what is written is
one of them. A key of theirs is what its own label is read as.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from geo.address import building_of, parse_components
from geo.flat import block_key
from geo.locality import locality_of
from geo.street import street_of
from geo.words import words_of
from registry.core.sql import Statements

SQL: Final = Statements(__file__)
_BATCH: Final = 5_000

Keys = tuple[str, ...]
"""Those that lead to a name today, the one that is written first; empty for what is no name."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of keys, and the columns that it is read of."""

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
    """A key as it stands and as it would be written today."""

    read_of: tuple[str, ...]
    key: str
    today: str


def street_keys(kind: str, name: str) -> Keys:
    """Of a street. `đường` may stand for a kind that nobody wrote.

    >>> street_keys("phố", "Huế"), street_keys("đường", "14 Tô Ngọc Vân")[:2]
    (('hue',), ('duong so 14 to ngoc van', '14 to ngoc van'))
    """
    kinds = (kind, None) if kind == "đường" else (kind,)
    read = [street for one in kinds if (street := street_of(one, words_of(name))) is not None]
    return tuple(dict.fromkeys(key for street in read for key in (street.key, *street.alt_keys)))


def locality_keys(kind: str, name: str) -> Keys:
    """Of a locality; one without a kind lies around a group.

    >>> locality_keys("thôn", "Đông"), locality_keys("", "Ngọc Sơn")
    (('thon dong',), ('ngoc son',))
    """
    read = locality_of(kind, words_of(name))
    return (read.key,) if read is not None else ()


def place_keys(class_: str, kind: str, name: str) -> Keys:
    """Of a street or locality."""
    return street_keys(kind, name) if class_ == "street" else locality_keys(kind, name)


def building_keys(name: str) -> Keys:
    """Of a building by its name, as a column of buildings is read beside a flat.

    >>> building_keys("CC A1"), building_keys("c.cư An Bình")
    (('a1',), ('chung cu an binh', 'c cu an binh'))
    """
    read = building_of(parse_components(building=name, unit="1"), name)
    keys = (*((read[1],) if read else ()), block_key(name))
    return tuple(dict.fromkeys(key for key in keys if key))


def floor_keys(floor: str) -> Keys:
    """Of a floor, which has no other writing than its key.

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
)
_READ: Final = {
    "place.key": "keys_of_places",
    "place_alias.key": "keys_of_former_names",
    "household.building_key": "keys_of_buildings",
    "household.floor": "floors",
}
"""Name of a column → the statement that reads it, each key once."""


def stale_keys(connection: Connection, column: KeyColumn) -> Generator[StaleKey]:
    """Each distinct key of the column that today's rules would write otherwise.

    Reads the column's table once, and holds no more than a few thousand rows.
    """
    found = connection.execute(
        SQL.text(_READ[column.name]),
        execution_options={"stream_results": True, "max_row_buffer": _BATCH},
    )
    with found as rows:
        for *said, key in rows:
            keys = column.keys(*said)
            if keys and key not in keys:
                yield StaleKey(tuple(said), key, keys[0])
