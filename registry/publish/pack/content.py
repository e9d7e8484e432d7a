"""The content of a pack, column by column.

Records are sorted by street and number, so that neighbours in the file are neighbours on the
ground: differences of points are small, and repeated values compress well.
"""

import datetime
import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

import psycopg

from geo.house_number import natural_order
from geo.label import LabelParts, alley_word, door_words, named, number_label
from geo.number_ranges import numbers_in_range
from registry.core.reads import Reads
from registry.publish.pack.before import Before, Renamed, records_with_past
from registry.publish.pack.rows import (
    PACKED,
    SQL,
    UNITS_OF_DEGREE,
    Door,
    JsonObject,
    Part,
    Place,
)
from registry.records.record import names_on, record_wording
from registry.records.uses import flat
from registry.units.gazetteer import Gazetteer

_Connection = psycopg.Connection[tuple[Any, ...]]


def pack_content(
    connection: _Connection, reads: Reads, known: Gazetteer, part: Part, day: datetime.date
) -> JsonObject:
    """Return the content of a pack (docs/pack.md), as of the transaction of `connection`."""
    given = part.parameters
    commune = known.units[part.unit_id]
    words = names_on(known, commune, day)
    streets = [Place(*row) for row in connection.execute(SQL.driver("streets"), given)]
    localities = [Place(*row) for row in connection.execute(SQL.driver("localities"), given)]
    street_at = {place.id: at for at, place in enumerate(streets)}
    locality_at = {place.id: at for at, place in enumerate(localities)}
    doors = sorted(
        (Door.of(row) for row in connection.execute(SQL.driver("doors"), given, binary=True)),
        key=lambda door: _order(door, street_at, locality_at),
    )
    at = {door.code: place for place, door in enumerate(doors)}
    before = Before(known, commune, alley_word(words[-1]))
    decided: dict[Any, Any] = dict(
        connection.execute(SQL.driver("own_decisions"), given).fetchall()
    )
    renamed = Renamed.of(reads, doors, streets, localities, decided)
    apart = renamed.codes | {door.code for door in doors if before.is_apart(door)}
    columns = _columns(doors, street_at, locality_at, before)
    formerly = [
        row for row in connection.execute(SQL.driver("former_numbers"), given) if row[0] in at
    ]
    boundary = connection.execute(SQL.driver("boundary"), given).fetchone()
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
        "several_numbers": _several_numbers(doors),
        "entrances": _entrances(doors),
        "retired": _retired(connection.execute(SQL.driver("retired"), given).fetchall()),
        "boundary": json.loads(boundary[0]) if boundary else None,
        "boundary_approximate": bool(boundary and boundary[1]),
    }


def _order(
    door: Door, street_at: dict[int, int], locality_at: dict[int, int]
) -> tuple[object, ...]:
    street, locality = door.street_id, door.locality_id
    return (
        -1 if street is None else street_at[street],
        -1 if locality is None else locality_at[locality],
        natural_order(_key(door)),
        door.building_name or "",
        natural_order(door.unit_number or ""),
        door.code,
    )


def _labels_before(
    reads: Reads, known: Gazetteer, day: datetime.date, codes: list[str], at: dict[str, int]
) -> JsonObject:
    """Return labels of before July 2025 that do not follow from today's and a former commune."""
    places: list[int] = []
    labels: list[str | None] = []
    for record in records_with_past(reads, codes):
        if not record.restricted and record.code in at:
            places.append(at[record.code])
            labels.append(record_wording(known, day, record).before_2025_07)
    return {"door": places, "label": labels}


def _named_places(places: Sequence[Place], before: dict[int, str]) -> JsonObject:
    return {
        "id": [place.id for place in places],
        "name": [named(place.kind, place.name) for place in places],
        "before": [before.get(place.id) for place in places],
        "former": [[named(*former) for former in place.former or ()] for place in places],
    }


def _key(door: Door) -> str:
    return door.house_number_key or ""


def _several_numbers(doors: Sequence[Door]) -> JsonObject:
    """Return all numbers of houses with a range."""
    ranges = [(at, _key(door)) for at, door in enumerate(doors) if "-" in _key(door)]
    found = [(at, numbers) for at, key in ranges if (numbers := numbers_in_range(key))]
    return {"door": [at for at, _ in found], "numbers": [numbers for _, numbers in found]}


def _entrances(doors: Sequence[Door]) -> JsonObject:
    """Return the entrances of the few doors with known ones."""
    entrances = [(at, each) for at, door in enumerate(doors) for each in door.entrances or ()]
    columns: JsonObject = {
        name: [each.get(name) for _, each in entrances]
        for name in ("kind", "accuracy_m", "note", "seen_on", "source")
    }
    return {
        "door": [at for at, _ in entrances],
        **columns,
        "x": _differences([round(each["lon"] * UNITS_OF_DEGREE) for _, each in entrances]),
        "y": _differences([round(each["lat"] * UNITS_OF_DEGREE) for _, each in entrances]),
    }


def _retired(rows: Sequence[tuple[Any, ...]]) -> JsonObject:
    return {"code": "".join(row[0] for row in rows), "to": ["".join(row[1] or ()) for row in rows]}


def _columns(
    doors: Sequence[Door],
    street_at: dict[int, int],
    locality_at: dict[int, int],
    before: Before,
) -> JsonObject:
    def number(door: Door) -> str | None:
        if door.house_number_key is None:
            return None
        return number_label(door.house_number_key, door.house_number, before.alley)

    def path(door: Door, shown: str | None) -> str | None:
        return door.house_number_key if door.house_number_key != shown else None

    numbers = [number(door) for door in doors]
    columns: dict[str, list[Any]] = {
        "street": [_index(street_at, door.street_id) for door in doors],
        "locality": [_index(locality_at, door.locality_id) for door in doors],
        "number": numbers,
        "path": [path(door, shown) for door, shown in zip(doors, numbers, strict=True)],
        "inside": [_inside(door.unit_number, door.floor, door.building_name) for door in doors],
        "parent": [door.parent_code for door in doors],
        "before": [before.at(door.former_unit_id) for door in doors],
        "x": _differences([door.x for door in doors]),
        "y": _differences([door.y for door in doors]),
    }
    for at, column in enumerate(PACKED):
        name = _RENAMED.get(column.name, column.name)
        columns[name] = [_plain(door.packed[at]) for door in doors]
    short = {name: _one_or_all(values) for name, values in columns.items()}
    return {"count": len(doors), "code": "".join(door.code for door in doors), **short}


@cache
def _inside(unit_number: str | None, floor: str | None, building: str | None) -> str | None:
    """Return the part of the label before the number."""
    return ", ".join(door_words(LabelParts(unit_number, floor, building))) or None


_RENAMED: Final = {
    "households_count": "households",
    "position_method": "method",
    "position_accuracy_m": "accuracy_m",
    "delivery_hint": "hint",
}
"""Columns that have another name in a pack."""


def _plain(value: Any) -> Any:
    """Return a value as in JSON, metres rounded to decimetres."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, list):
        return flat(value)
    return round(value, 1) if isinstance(value, float) else value


def _index(places: dict[int, int], key: int | None) -> int | None:
    return None if key is None else places[key]


def _differences(values: Iterable[int | None]) -> list[int | None]:
    """Delta-encode values, skipping None; the first stays as it is."""
    last, deltas = 0, list[int | None]()
    for value in values:
        deltas.append(None if value is None else value - last)
        last = last if value is None else value
    return deltas


def _one_or_all(values: list[Any]) -> Any:
    """Return the value that all have in common, or the list of all."""
    first = values[0] if values else None
    return first if all(value == first for value in values) else values
