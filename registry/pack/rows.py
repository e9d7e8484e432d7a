"""What a pack asks the register for: a few statements for a commune, and the rows they find."""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from registry.core.tables.records import Goes, going
from registry.entrances import Entrance
from registry.past import DECIDED
from registry.records import RENAMING, ended_by

JsonObject = dict[str, Any]

UNITS_OF_DEGREE: Final = 1_000_000
_PRECISION: Final = 5
"""Decimals of the boundary, and in degrees how far it may leave out a bend: about two metres."""
_BEND: Final = 0.00002

# A made-up code begins with 0.
_OPEN: Final = "h.unit_id = %(unit)s AND NOT h.restricted"
_SHOWN: Final = f"{_OPEN} AND (%(demo)s::bool OR h.code >= '1')"
_LIVING: Final = f"{_SHOWN} AND h.status IN ('active', 'proposed')"
_CHANGED: Final = """
    AND (%(codes)s::text[] IS NULL OR h.code = ANY (%(codes)s::text[])
        OR h.street_id = ANY (%(streets)s::bigint[]) OR h.locality_id IN (
            SELECT l.id FROM place l
            WHERE l.id = ANY (%(localities)s::bigint[])
                OR l.parent_id IS NOT NULL AND l.outer_ids && %(localities)s::bigint[]))
"""
PACKED: Final = going(Goes.PACKED)
DOORS: Final = f"""
    SELECT h.code, h.street_id, h.locality_id, h.former_unit_id, h.house_number_key,
        h.house_number, h.building_name, h.floor, h.unit_number,
        -- A restricted building is named by no flat.
        b.code AS parent_code,
        round(ST_X(h.point) * {UNITS_OF_DEGREE})::int AS x,
        round(ST_Y(h.point) * {UNITS_OF_DEGREE})::int AS y,
        h.entrances, {", ".join(f"h.{column.name}" for column in PACKED)}
    FROM household h
    LEFT JOIN household b ON b.code = h.parent_code AND NOT b.restricted
    WHERE {_LIVING} {_CHANGED}
"""  # noqa: S608 - constants
RETIRED: Final = f"""
    SELECT h.code, (
        SELECT array_agg(s.new_code ORDER BY s.new_code)
        FROM succession_link s JOIN household n ON n.code = s.new_code
        WHERE s.old_code = h.code AND s.ended_by_event_id IS NULL AND NOT n.restricted
    ) FROM household h
    WHERE {_SHOWN} AND h.status = 'retired'
        AND (%(codes)s::text[] IS NULL OR h.code = ANY (%(codes)s::text[]))
    ORDER BY h.code
"""  # noqa: S608 - constants
# A place that only restricted records name is not named either.
STREETS: Final = f"""
    SELECT t.id, t.kind, t.name, (
        SELECT array_agg(ARRAY[a.kind, a.name] ORDER BY a.until DESC, a.key)
        FROM place_alias a WHERE a.place_id = t.id
    ), EXISTS (SELECT FROM place_version v WHERE v.id = t.id AND {ended_by(RENAMING)})
    FROM place t
    WHERE t.unit_id = %(unit)s
        AND t.id IN (SELECT h.street_id FROM household h WHERE {_LIVING})
    ORDER BY t.key, t.id
"""  # noqa: S608 - constants
LOCALITIES: Final = f"""
    WITH named AS (
        SELECT DISTINCT unnest(l.id || l.outer_ids) AS id FROM place l
        WHERE l.id IN (SELECT h.locality_id FROM household h WHERE {_LIVING})
    )
    SELECT l.id, l.kind, l.name, (
        SELECT array_agg(ARRAY[a.kind, a.name] ORDER BY a.until DESC, a.key)
        FROM place_alias a WHERE a.place_id = l.id
    ), EXISTS (SELECT FROM place_version v WHERE v.id = l.id AND {ended_by(RENAMING)}),
        l.parent_id
    FROM named JOIN place l USING (id)
    ORDER BY l.key, l.id
"""  # noqa: S608 - constants
OWN_DECISIONS: Final = f"""
    SELECT h.code, bool_or({ended_by(RENAMING)})
    FROM household h JOIN household_version v ON v.code = h.code
    WHERE {_LIVING} AND {DECIDED}
    GROUP BY h.code
"""  # noqa: S608 - constants
FORMER_NUMBERS: Final = f"""
    SELECT h.code, f.house_number_key, f.house_number, t.kind, t.name
    FROM household h JOIN household_former_number f ON f.code = h.code
    LEFT JOIN place t ON t.id = f.street_id
    WHERE {_LIVING}
    ORDER BY h.code, f.until
"""  # noqa: S608 - constants
BOUNDARY: Final = f"""
    SELECT ST_AsGeoJSON(ST_SimplifyPreserveTopology(geom, {_BEND}), {_PRECISION}), approximate
    FROM boundary WHERE unit_id = %(unit)s
"""  # noqa: S608 - constants


BOX: Final = f"""
    SELECT ST_XMin(b.box), ST_YMin(b.box), ST_XMax(b.box), ST_YMax(b.box) FROM (
        SELECT coalesce(
            (SELECT Box2D(geom) FROM boundary WHERE unit_id = %(unit)s),
            (SELECT ST_Extent(h.point) FROM household h WHERE {_OPEN})
        ) AS box
    ) b
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Part:
    """Which records are wanted: all of the commune, or those of it that changed."""

    unit_id: int
    demo: bool
    codes: list[str] | None = None
    streets: list[int] = field(default_factory=list)
    """Ids of streets whose records are wanted too: with the street's name theirs changed."""
    localities: list[int] = field(default_factory=list)
    """The same of localities, and of those in them."""

    @property
    def parameters(self) -> JsonObject:
        """Of the statements."""
        return {
            "unit": self.unit_id,
            "demo": self.demo,
            "codes": self.codes,
            "streets": self.streets,
            "localities": self.localities,
        }


class Door(NamedTuple):
    """A row of DOORS."""

    code: str
    street_id: int | None
    locality_id: int | None
    former_unit_id: int | None
    house_number_key: str | None
    house_number: str | None
    building_name: str | None
    floor: str | None
    unit_number: str | None
    parent_code: str | None
    x: int | None
    y: int | None
    entrances: list[Entrance] | None
    packed: tuple[Any, ...]
    """The values of PACKED."""

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> "Door":
        """From a row."""
        own = len(cls._fields) - 1
        return cls._make((*row[:own], row[own:]))


class Place(NamedTuple):
    """A row of STREETS or LOCALITIES."""

    id: int
    kind: str
    name: str
    former: list[list[str]] | None
    renamed: bool
    parent_id: int | None = None
