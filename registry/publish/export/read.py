"""Reads households from the database in batches: COPY, parsed by Arrow, names joined by id.

PostgreSQL sends ids of streets and units instead of names: names are joined here, once for all rows
of a batch. Memory has one batch, the streets and the localities.
"""

import datetime
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import JSONB

from geo.label import LabelParts, alley_word, door_words, named, number_label
from registry.core.sql import Statements
from registry.core.tables.records import Goes, going, state
from registry.publish.export.columns import (
    ADDRESS_ON,
    EXTERNAL_IDS,
    arrow_type,
    cell_value,
    exported_as,
    schema,
    type_of,
)
from registry.records.record import names_on
from registry.units.gazetteer import Gazetteer
from registry.units.lineage import units_on

_BLOCK_BYTES: Final = 4 << 20
_SEPARATOR: Final = "\x1f"
_WKB_POINT: Final = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])

_STATE: Final = [name for name in state() if name != "event_id"]
_STREETS: Final = "SELECT id, kind, name FROM place WHERE class = 'street'"
_LOCALITIES: Final = "SELECT id, kind, name, parent_id FROM place WHERE class = 'locality'"
_TEXT, _ID, _DEGREES = pa.string(), pa.int32(), pa.float64()
_READ: Final = {
    "code": ("h.code", _TEXT),
    **{name: (f"h.{name}", _ID) for name in ("unit_id", "former_unit_id")},
    **{name: (f"h.{name}", _ID) for name in ("street_id", "locality_id")},
    **{name: (f"h.{name}", _TEXT) for name in ("house_number", "house_number_key")},
    **{each.name: (f"h.{each.name}", arrow_type(type_of(each))) for each in going(Goes.EXPORTED)},
    "parent_code": ("{open_building}", _TEXT),
    "lon": ("ST_X(h.point)", _DEGREES),
    "lat": ("ST_Y(h.point)", _DEGREES),
    "recorded_at": ("CAST(h.since AT TIME ZONE 'UTC' AS timestamp(3))", pa.timestamp("ms")),
}
"""Columns of the statement `households`, in order: SQL and type."""
_TYPES: Final = {name: type_ for name, (_, type_) in _READ.items()}
_THEN_TYPES: Final = {
    f"then_{name}": _TYPES[name]
    for name in (
        *("unit_id", "former_unit_id", "street_id", "locality_id", "house_number"),
        *("house_number_key", "building_name", "floor", "unit_number"),
    )
}
"""Further columns for the label of a day."""
SQL: Final = Statements(
    __file__,
    columns=", ".join(f"{sql} AS {name}" for name, (sql, _) in _READ.items()),
    columns_on_day="".join(
        f", CASE WHEN n.code IS NULL THEN h.{name} ELSE n.{name} END AS then_{name}"
        for name in (name.removeprefix("then_") for name in _THEN_TYPES)
    ),
    state=", ".join(_STATE),
    state_of_version=", ".join(f"v.{name}" for name in _STATE),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which households to read."""

    communes: tuple[int, ...] | None = None
    """Ids; None for all."""
    statuses: tuple[str, ...] = ("active",)
    as_of: datetime.datetime | None = None
    """As recorded then; None for now."""
    demo: bool = False
    on: datetime.date | None = None
    """Also return labels of that day."""
    external: bool = False
    """Also return external identifiers."""
    use: str | None = None
    """Only places with this use."""
    placed: bool = False
    """Only those with a point."""
    area: str | None = None
    """Hexadecimal EWKB: only those inside, in their current state."""
    along: bool = False
    """Sorted along a space-filling curve; otherwise unsorted."""


def read_batches(
    connection: psycopg.Connection[Any],
    gazetteer: Gazetteer,
    day: datetime.date,
    wanted: Wanted,
    *,
    geometry: bool,
) -> Iterator[Any]:
    """Yield record batches of `columns.schema`, all of one moment."""
    names = _Names(connection, gazetteer, day)
    then = _DayLabels(connection, gazetteer, wanted.on) if wanted.on is not None else None
    types = _TYPES if then is None else _TYPES | _THEN_TYPES
    if wanted.external:
        types = types | {EXTERNAL_IDS.name: _TEXT}
    with psycopg.ClientCursor(connection) as cursor, cursor.copy(*_statement(wanted, day)) as copy:
        stream = io.BufferedReader(_Copied(copy), _BLOCK_BYTES)
        if not stream.peek(1):
            return  # no rows: Arrow would report a broken file
        rows = arrow_csv.open_csv(
            stream,
            read_options=arrow_csv.ReadOptions(
                block_size=_BLOCK_BYTES, column_names=list(types), use_threads=True
            ),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for batch in rows:
            yield _named(batch, names, then, geometry=geometry)


def _statement(wanted: Wanted, day: datetime.date) -> tuple[str, dict[str, object]]:
    """Return the COPY statement of these households, and its inputs."""
    named = {
        "not_demo": not wanted.demo,
        "in_communes": wanted.communes is not None,
        "of_use": wanted.use is not None,
        "placed": wanted.placed,
        "on_day": wanted.on is not None,
        "external": wanted.external,
        "along": wanted.along,
    }
    states = "then" if wanted.as_of else "within" if wanted.area else "now"
    select = SQL.driver("households", states, *(name for name, holds in named.items() if holds))
    given: dict[str, object] = {
        "statuses": list(wanted.statuses),
        "communes": None if wanted.communes is None else list(wanted.communes),
        "as_of": wanted.as_of,
        "area": wanted.area,
        "on": wanted.on,
        "day": day,
        "use": wanted.use,
    }
    return f"COPY ({select}) TO STDOUT (FORMAT csv)", given


class _Copied(io.RawIOBase):
    """Output of COPY as a stream for Arrow."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._copy = copy
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(bytes(self._copy.read()))
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


class _Names:
    """Names of streets, localities and units by id."""

    def __init__(
        self, connection: psycopg.Connection[Any], gazetteer: Gazetteer, day: datetime.date
    ) -> None:
        self.street, self.locality = _place_words(connection, _STREETS, _LOCALITIES)
        units = gazetteer.units.values()
        provinces = {unit.id: gazetteer.province_of(unit, day) for unit in units}
        self.unit_code = _Lookup({unit.id: unit.code for unit in units})
        self.unit = _Lookup({unit.id: unit.version_on(day).full_name for unit in units})
        self.province_code = _Lookup({i: p.code for i, p in provinces.items() if p})
        self.province = _Lookup({i: p.version_on(day).full_name for i, p in provinces.items() if p})


class _DayLabels:
    """Labels of a day."""

    def __init__(
        self, connection: psycopg.Connection[Any], gazetteer: Gazetteer, day: datetime.date
    ) -> None:
        self._gazetteer, self._day = gazetteer.knowing(day), day
        self._street, self._locality = _place_words(
            connection, SQL.driver("streets_on_day"), SQL.driver("localities_on_day"), on=day
        )

    def labels(self, column: dict[str, Any]) -> Any:
        """Return the labels of a batch; null if the unit of that day is unknown."""
        ids = [
            pc.fill_null(pc.cast(column[name], _TEXT), "")
            for name in ("unit_id", "former_unit_id", "then_unit_id", "then_former_unit_id")
        ]
        units = _words(pc.binary_join_element_wise(*ids, _SEPARATOR), self._units)
        column = {name.removeprefix("then_"): cells for name, cells in column.items()}
        street, locality = (
            self._street(column["street_id"]),
            self._locality(column["locality_id"]),
        )
        province = _words(units, lambda words: words.rpartition(", ")[2])
        label = _joined(", ", *_door(column, street, province), locality, units)
        return pc.if_else(pc.equal(units, ""), pa.nulls(len(units), _TEXT), label)

    def _units(self, ids: str) -> str:
        unit, *others = (self._gazetteer.units.get(int(i or 0)) for i in ids.split(_SEPARATOR))
        if unit is None:
            return ""
        known = tuple(other.id for other in others if other is not None)
        found = units_on(self._gazetteer, self._day, unit, known)
        return ", ".join(names_on(self._gazetteer, found[0], self._day)) if len(found) == 1 else ""


def _place_words(
    connection: psycopg.Connection[Any],
    streets: str,
    localities: str,
    on: datetime.date | None = None,
) -> tuple["_Lookup", "_Lookup"]:
    """Return the names of streets, and of localities."""
    found = connection.execute(streets, {"on": on}).fetchall()
    return (
        _Lookup({i: named(kind, name) for i, kind, name in found}),
        _Lookup(_locality_words(connection, localities, on)),
    )


def _locality_words(
    connection: psycopg.Connection[Any], localities: str, on: datetime.date | None
) -> dict[int, str]:
    """Name each locality with those around it: `Tổ 3, Khu phố 1`."""
    rows = connection.execute(localities, {"on": on}).fetchall()
    own = {i: named(kind, name) for i, kind, name, _ in rows}
    parents = {i: parent for i, _, _, parent in rows if parent is not None}
    words = {}
    for locality in own:
        chain, at = [own[locality]], parents.get(locality)
        while at is not None and len(chain) < 10:
            chain.append(own[at])
            at = parents.get(at)
        words[locality] = ", ".join(chain)
    return words


class _Lookup:
    """Maps a whole column of ids to words."""

    def __init__(self, words: dict[int, str]) -> None:
        ids = sorted(words)
        self._ids = pa.array(ids, pa.int32())
        self._words = pa.array([words[i] for i in ids], pa.string())

    def __call__(self, ids: Any) -> Any:
        return pc.take(self._words, pc.index_in(ids, self._ids))


def _named(batch: Any, names: _Names, then: _DayLabels | None, *, geometry: bool) -> Any:
    column = dict(zip(batch.schema.names, batch.columns, strict=True))
    code, unit, former = column["code"], column["unit_id"], column["former_unit_id"]
    street, locality = (
        names.street(column["street_id"]),
        names.locality(column["locality_id"]),
    )
    commune, province = names.unit(unit), names.province(unit)
    made = {
        "code": code,
        "code_display": pc.replace_substring_regex(code, "^(.{4})", r"\1-"),
        "address": _joined(", ", *_door(column, street, province), locality, commune, province),
        "house_number": column["house_number"],
        "number_path": column["house_number_key"],
        "street": street,
        "locality": locality,
        "parent_code": column["parent_code"],
        "commune_code": names.unit_code(unit),
        "commune": commune,
        "province_code": names.province_code(unit),
        "province": province,
        "former_commune_code": names.unit_code(former),
        "former_commune": names.unit(former),
        "lon": column["lon"],
        "lat": column["lat"],
        "recorded_at": pc.assume_timezone(column["recorded_at"], "UTC"),
        **{
            exported_as(each): _cell_column(each, column[each.name])
            for each in going(Goes.EXPORTED)
        },
    }
    if then is not None:
        made[ADDRESS_ON.name] = then.labels(column)
    external = EXTERNAL_IDS.name in column
    if external:
        made[EXTERNAL_IDS.name] = column[EXTERNAL_IDS.name]
    if geometry:
        made["geometry"] = wkb_points(column["lon"], column["lat"])
    wanted = schema(geometry=geometry, on=then is not None, external=external)
    return pa.record_batch([made[name] for name in wanted.names], schema=wanted)


def _cell_column(described: "SqlColumn[Any]", column: Any) -> Any:
    if not isinstance(described.type, JSONB):
        return column
    return _words(column, lambda written: cell_value(described, json.loads(written)))


def _door(column: dict[str, Any], street: Any, province: Any) -> list[Any]:
    """Return the parts of the label before localities and units."""
    number = _numbers(column["house_number_key"], column["house_number"], province)
    return [
        _each(column["unit_number"], lambda flat: LabelParts(unit_number=flat)),
        _each(column["floor"], lambda floor: LabelParts(floor=floor)),
        _each(column["building_name"], lambda building: LabelParts(building=building)),
        _joined(" ", number, street),
    ]


def _each(column: Any, parts: Callable[[str], LabelParts]) -> Any:
    return _words(column, lambda value: ", ".join(door_words(parts(value))))


def _numbers(key: Any, written: Any, province: Any) -> Any:
    """Return house numbers as in labels, or null."""
    alley = _words(pc.fill_null(province, ""), alley_word)

    def words(parts: str) -> str:
        return number_label(*parts.split(_SEPARATOR))

    return _words(pc.binary_join_element_wise(key, written, alley, _SEPARATOR), words)


def _words(column: Any, word: Callable[[str], str]) -> Any:
    """Map a column by `word`, called once for each distinct value."""
    if column.null_count == len(column):
        return column
    encoded = pc.dictionary_encode(column)
    words = pa.array([word(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pc.take(words, encoded.indices)


def _joined(separator: str, *columns: Any) -> Any:
    """Join the non-null words of each row; null if there are none.

    Arrow 26 loses a row in which all are null, so an extra column is joined and trimmed.
    """
    some = pa.array([""] * len(columns[0]), pa.string())
    joined = pc.binary_join_element_wise(*columns, some, separator, null_handling="skip")
    words = pc.utf8_rtrim(joined, separator)
    return pc.if_else(pc.equal(words, ""), pa.nulls(len(words), pa.string()), words)


def wkb_points(lon: Any, lat: Any) -> Any:
    """Return points as ISO WKB, null if a coordinate is null."""
    points = np.zeros(len(lon), _WKB_POINT)
    points["order"], points["type"] = 1, 1
    points["x"] = lon.fill_null(0).to_numpy(zero_copy_only=False)
    points["y"] = lat.fill_null(0).to_numpy(zero_copy_only=False)
    size = _WKB_POINT.itemsize
    offsets = np.arange(0, (len(points) + 1) * size, size, dtype=np.int32)
    wkb = pa.Array.from_buffers(
        pa.binary(), len(points), [None, pa.py_buffer(offsets), pa.py_buffer(points)]
    )
    nowhere = pc.or_(pc.is_null(lon), pc.is_null(lat))
    return pc.if_else(nowhere, pa.nulls(len(points), pa.binary()), wkb)
