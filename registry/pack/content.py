"""What a pack holds, column by column: few statements for a commune, and no record by itself.

Records come in the order of streets and numbers, so that neighbours in the file are neighbours on
the ground: differences of points are small, and what repeats packs well.
"""

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

import psycopg

from geo.house_number import natural_order
from geo.label import LabelParts, alley_word, door_words, named, number_label
from registry.gazetteer import Gazetteer, Unit
from registry.past import DECIDED, with_past
from registry.reads import Reads
from registry.records import (
    RENAMING,
    Record,
    ended_by,
    label_on,
    names_on,
    record_wording,
)
from registry.search.batching import alone
from registry.search.doors import records_of
from registry.units import LAST_DAY_OF_OLD_MAP

JsonObject = dict[str, Any]
_Connection = psycopg.Connection[tuple[Any, ...]]

UNITS_OF_DEGREE: Final = 1_000_000
_AT_ONCE: Final = 1_000
_PRECISION: Final = 5
"""Decimals of the boundary, and in degrees how far it may leave out a bend: about two metres."""
_BEND: Final = 0.00002

# A made-up code begins with 0.
_SHOWN: Final = "h.unit_id = %(unit)s AND NOT h.restricted AND (%(demo)s::bool OR h.code >= '1')"
_LIVING: Final = f"{_SHOWN} AND h.status IN ('active', 'proposed')"
_CHANGED: Final = """
    AND (%(codes)s::text[] IS NULL OR h.code = ANY (%(codes)s::text[])
        OR h.thoroughfare_id = ANY (%(streets)s::bigint[]) OR h.locality_id IN (
            WITH RECURSIVE below (id) AS (
                SELECT unnest(%(localities)s::bigint[])
                UNION
                SELECT l.id FROM below b JOIN locality l ON l.parent_id = b.id
            ) SELECT id FROM below))
"""
_DOORS: Final = f"""
    SELECT h.code, h.kind, h.status, h.thoroughfare_id, h.locality_id, h.former_unit_id,
        h.house_number_key, h.house_number, h.building_name, h.floor, h.unit_number,
        -- A restricted building is named by no flat.
        b.code, h.households_count,
        round(ST_X(h.point) * {UNITS_OF_DEGREE})::int,
        round(ST_Y(h.point) * {UNITS_OF_DEGREE})::int,
        h.position_method, h.position_accuracy_m, h.verified_on, h.delivery_hint
    FROM household h
    LEFT JOIN household b ON b.code = h.parent_code AND NOT b.restricted
    WHERE {_LIVING} {_CHANGED}
"""  # noqa: S608 - constants
_RETIRED: Final = f"""
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
_STREETS: Final = f"""
    SELECT t.id, t.kind, t.name, (
        SELECT array_agg(ARRAY[a.kind, a.name] ORDER BY a.until DESC, a.key)
        FROM thoroughfare_alias a WHERE a.thoroughfare_id = t.id
    ), EXISTS (SELECT FROM thoroughfare_version v WHERE v.id = t.id AND {ended_by(RENAMING)})
    FROM thoroughfare t
    WHERE t.unit_id = %(unit)s
        AND t.id IN (SELECT h.thoroughfare_id FROM household h WHERE {_LIVING})
    ORDER BY t.key, t.id
"""  # noqa: S608 - constants
_LOCALITIES: Final = f"""
    WITH RECURSIVE named (id) AS (
        SELECT h.locality_id FROM household h WHERE {_LIVING} AND h.locality_id IS NOT NULL
        UNION
        SELECT l.parent_id FROM named JOIN locality l USING (id) WHERE l.parent_id IS NOT NULL
    )
    SELECT l.id, l.kind, l.name, (
        SELECT array_agg(ARRAY[a.kind, a.name] ORDER BY a.until DESC, a.key)
        FROM locality_alias a WHERE a.locality_id = l.id
    ), EXISTS (SELECT FROM locality_version v WHERE v.id = l.id AND {ended_by(RENAMING)}),
        l.parent_id
    FROM named JOIN locality l USING (id)
    ORDER BY l.key, l.id
"""  # noqa: S608 - constants
_DECIDED: Final = f"""
    SELECT h.code, bool_or({ended_by(RENAMING)})
    FROM household h JOIN household_version v ON v.code = h.code
    WHERE {_LIVING} AND {DECIDED}
    GROUP BY h.code
"""  # noqa: S608 - constants
_FORMER_NUMBERS: Final = f"""
    SELECT h.code, f.house_number_key, f.house_number, t.kind, t.name
    FROM household h JOIN household_former_number f ON f.code = h.code
    LEFT JOIN thoroughfare t ON t.id = f.thoroughfare_id
    WHERE {_LIVING}
    ORDER BY h.code, f.until
"""  # noqa: S608 - constants
_BOUNDARY: Final = f"""
    SELECT ST_AsGeoJSON(ST_SimplifyPreserveTopology(geom, {_BEND}), {_PRECISION}), approximate
    FROM boundary WHERE unit_id = %(unit)s
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


class _Door(NamedTuple):
    """A row of _DOORS."""

    code: str
    kind: str
    status: str
    street_id: int | None
    locality_id: int | None
    former_id: int | None
    number_key: str | None
    number_written: str | None
    building: str | None
    floor: str | None
    unit_number: str | None
    parent: str | None
    households: int
    x: int | None
    y: int | None
    method: str | None
    accuracy_m: float | None
    verified_on: datetime.date | None
    hint: str | None


class _Place(NamedTuple):
    """A row of _STREETS or _LOCALITIES."""

    id: int
    kind: str
    name: str
    former: list[list[str]] | None
    renamed: bool
    parent_id: int | None = None


def pack_content(
    connection: _Connection, reads: Reads, known: Gazetteer, part: Part, day: datetime.date
) -> JsonObject:
    """The content of a pack as docs/pack.md describes it, of one moment of `connection`."""
    given = part.parameters
    commune = known.units[part.unit_id]
    words = names_on(known, commune, day)
    streets = [_Place(*row) for row in connection.execute(_STREETS, given)]
    localities = [_Place(*row) for row in connection.execute(_LOCALITIES, given)]
    street_at = {place.id: at for at, place in enumerate(streets)}
    locality_at = {place.id: at for at, place in enumerate(localities)}
    doors = sorted(
        (_Door(*row) for row in connection.execute(_DOORS, given, binary=True)),
        key=lambda door: _order(door, street_at, locality_at),
    )
    at = {door.code: place for place, door in enumerate(doors)}
    before = _Before(known, commune, alley_word(words[-1]))
    decided: dict[Any, Any] = dict(connection.execute(_DECIDED, given).fetchall())
    renamed = _Renamed.of(reads, doors, streets, localities, decided)
    apart = renamed.codes | {door.code for door in doors if before.is_apart(door)}
    columns = _columns(doors, street_at, locality_at, before)
    formerly = [row for row in connection.execute(_FORMER_NUMBERS, given) if row[0] in at]
    boundary = connection.execute(_BOUNDARY, given).fetchone()
    province = known.province_of(commune, day)
    return {
        "commune": {"code": commune.code, "name": words[0], "words": ", ".join(words)},
        "province": province and {"code": province.code, "name": words[-1]},
        "streets": _named_places(streets, renamed.streets),
        "localities": {
            **_named_places(localities, renamed.localities),
            "in": [locality_at.get(place.parent_id or 0) for place in localities],
        },
        "before": before.words,
        "doors": columns,
        "labels_before": _labels_before(reads, known, day, sorted(apart), at),
        "former_numbers": {
            "door": [at[row[0]] for row in formerly],
            "number": [number_label(row[1], row[2], before.alley) for row in formerly],
            "street": [named(row[3], row[4]) if row[4] else None for row in formerly],
        },
        "retired": _retired(connection.execute(_RETIRED, given).fetchall()),
        "boundary": json.loads(boundary[0]) if boundary else None,
        "boundary_approximate": bool(boundary and boundary[1]),
    }


class _Before:
    """The wordings of 30 June 2025, as far as their units decide them."""

    def __init__(self, known: Gazetteer, commune: Unit, alley: str) -> None:
        self._known, self._commune = known, commune
        self.alley = alley
        self.words: list[str | None] = []
        """Of each former commune that doors name: what stands behind a door; None where several
        may be meant."""
        self._at: dict[int | None, int] = {}
        self._alleys: list[str] = []

    def at(self, former_id: int | None) -> int:
        """Where the words of a former commune stand; None is for doors that name none."""
        found = self._at.get(former_id)
        if found is None:
            former = self._known.units[former_id] if former_id else None
            label = label_on(
                self._known, LAST_DAY_OF_OLD_MAP, LabelParts(), self._commune, former
            ).label
            found = self._at[former_id] = len(self.words)
            self.words.append(label)
            self._alleys.append(alley_word((label or "").rpartition(", ")[2]))
        return found

    def is_apart(self, door: _Door) -> bool:
        """Whether its number read otherwise then: an alley was called by another word."""
        alley = self._alleys[self.at(door.former_id)]
        if alley == self.alley or door.number_key is None:
            return False
        return number_label(door.number_key, door.number_written, alley) != number_label(
            door.number_key, door.number_written, self.alley
        )


def _order(
    door: _Door, street_at: dict[int, int], locality_at: dict[int, int]
) -> tuple[object, ...]:
    street, locality = door.street_id, door.locality_id
    return (
        -1 if street is None else street_at[street],
        -1 if locality is None else locality_at[locality],
        natural_order(door.number_key or ""),
        door.building or "",
        natural_order(door.unit_number or ""),
        door.code,
    )


@dataclass(frozen=True, slots=True)
class _Renamed:
    """What a decision has called otherwise since 30 June 2025."""

    streets: dict[int, str]
    """Id → its name then."""
    localities: dict[int, str]
    """Id → its name then, and the names of those that held it."""
    codes: set[str]
    """Of doors that changed themselves, so that their places' former names do not tell it all."""

    @classmethod
    def of(
        cls,
        reads: Reads,
        doors: Sequence[_Door],
        streets: Sequence[_Place],
        localities: Sequence[_Place],
        decided: dict[str, bool],
    ) -> Self:
        """`decided` has the codes of doors that a decision changed, and whether it renamed them.

        What a place was called is told by one of its doors, which has not changed itself.
        """
        roads = {place.id for place in streets if place.renamed}
        holder = {place.id: place.parent_id for place in localities}
        places = {place.id for place in localities if place.renamed}

        def lies_in(locality_id: int | None) -> bool:
            while locality_id is not None and locality_id not in places:
                locality_id = holder.get(locality_id)
            return locality_id is not None

        codes, of_street, of_locality = set[str](), dict[int, str](), dict[int, str]()
        for door in doors:
            on, within = door.street_id in roads, lies_in(door.locality_id)
            if door.code in decided:
                if on or within or decided[door.code]:
                    codes.add(door.code)
            elif on and door.street_id is not None:
                of_street[door.street_id] = door.code
            if within and door.locality_id is not None and door.code not in decided:
                of_locality[door.locality_id] = door.code
        then = _then(reads, {*of_street.values(), *of_locality.values()})
        return cls(
            {
                street: named(parts.street_kind, parts.street_name or "")
                for street, code in of_street.items()
                if (parts := then.get(code)) is not None
            },
            {
                locality: ", ".join(named(*each) for each in parts.localities)
                for locality, code in of_locality.items()
                if (parts := then.get(code)) is not None
            },
            codes,
        )


def _then(reads: Reads, codes: set[str]) -> dict[str, LabelParts]:
    """What doors were called on 30 June 2025."""
    records = _with_past(reads, sorted(codes))
    return {record.code: then.parts for record in records for then in record.past}


def _with_past(reads: Reads, codes: Sequence[str]) -> Iterator[Record]:
    for start in range(0, len(codes), _AT_ONCE):
        records = alone(reads, records_of(codes[start : start + _AT_ONCE]))
        yield from alone(reads, with_past(records))


def _labels_before(
    reads: Reads, known: Gazetteer, day: datetime.date, codes: list[str], at: dict[str, int]
) -> JsonObject:
    """Labels of before July 2025 that today's words and a former commune do not make."""
    places: list[int] = []
    labels: list[str | None] = []
    for record in _with_past(reads, codes):
        if not record.restricted and record.code in at:
            places.append(at[record.code])
            labels.append(record_wording(known, day, record).before_2025_07)
    return {"door": places, "label": labels}


def _named_places(places: Sequence[_Place], before: dict[int, str]) -> JsonObject:
    return {
        "id": [place.id for place in places],
        "name": [named(place.kind, place.name) for place in places],
        "before": [before.get(place.id) for place in places],
        "former": [[named(*former) for former in place.former or ()] for place in places],
    }


def _retired(rows: Sequence[tuple[Any, ...]]) -> JsonObject:
    return {"code": "".join(row[0] for row in rows), "to": ["".join(row[1] or ()) for row in rows]}


def _columns(
    doors: Sequence[_Door],
    street_at: dict[int, int],
    locality_at: dict[int, int],
    before: _Before,
) -> JsonObject:
    def number(door: _Door) -> str | None:
        if door.number_key is None:
            return None
        return number_label(door.number_key, door.number_written, before.alley)

    def path(door: _Door, shown: str | None) -> str | None:
        return door.number_key if door.number_key != shown else None

    numbers = [number(door) for door in doors]
    columns: dict[str, list[Any]] = {
        "kind": [door.kind for door in doors],
        "status": [door.status for door in doors],
        "street": [_index(street_at, door.street_id) for door in doors],
        "locality": [_index(locality_at, door.locality_id) for door in doors],
        "number": numbers,
        "path": [path(door, shown) for door, shown in zip(doors, numbers, strict=True)],
        "inside": [
            ", ".join(door_words(LabelParts(door.unit_number, door.floor, door.building))) or None
            if door.unit_number or door.floor or door.building
            else None
            for door in doors
        ],
        "parent": [door.parent for door in doors],
        "before": [before.at(door.former_id) for door in doors],
        "households": [door.households for door in doors],
        "x": _differences([door.x for door in doors]),
        "y": _differences([door.y for door in doors]),
        "method": [door.method for door in doors],
        "accuracy_m": [door.accuracy_m and round(door.accuracy_m, 1) for door in doors],
        "verified_on": [door.verified_on and door.verified_on.isoformat() for door in doors],
        "hint": [door.hint for door in doors],
    }
    told = {name: _one_or_all(values) for name, values in columns.items()}
    return {"count": len(doors), "code": "".join(door.code for door in doors), **told}


def _index(places: dict[int, int], key: int | None) -> int | None:
    return None if key is None else places[key]


def _differences(values: Iterable[int | None]) -> list[int | None]:
    """Each value less the one before it that is known; the first less nothing."""
    last, told = 0, list[int | None]()
    for value in values:
        told.append(None if value is None else value - last)
        last = last if value is None else value
    return told


def _one_or_all(values: list[Any]) -> Any:
    """The value that all have, or the list of all."""
    first = values[0] if values else None
    return first if all(value == first for value in values) else values
