"""Real boundaries: load polygons from a file, and find the communes at a point.

`boundary` has one polygon per unit; `boundary_part` has the real ones subdivided (ST_Subdivide) for
point-in-commune queries. A load is one transaction.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import shapely
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from registry.core.database import driver_connection
from registry.core.errors import InvalidInputError
from registry.core.events import Cause, write_scope
from registry.core.messages import Message
from registry.core.sources import (
    LIMITS,
    ByteStream,
    Limits,
    is_url,
    open_source,
    shown,
    source_name,
)
from registry.core.sql import Statements
from registry.units.boundaries.cells import draw_cells, lock_boundaries
from registry.units.boundaries.geojson import Feature, read_features
from registry.units.boundaries.polygons import MalformedPolygonError, check_place, parse_polygons
from registry.units.boundaries.report import BoundaryReport, make_report
from registry.units.gazetteer import today

SQL: Final = Statements(__file__, "queries.sql")

PART_VERTICES: Final = 128
"""The most vertices of a part. Measured: 32 is slower, 64 larger and no
faster; parts of 256 are as fast, but too long (over 2 kB) to be stored in their row.
"""

_LONGEST_CODE: Final = 20
"""Characters kept of a code in a file."""
_PROGRESS_EVERY: Final = 1000


class _NothingToKeepError(Exception):
    """Rolls back a load without changes, or a dry run."""


def load_boundaries(
    engine: Engine,
    source: str,
    *,
    actor: str,
    day: datetime.date | None = None,
    dry_run: bool = False,
    limits: Limits = LIMITS,
    progress: Callable[[str], None] = lambda _line: None,
) -> BoundaryReport:
    """Load the real polygons of a GeoJSON file or URL, in one transaction with one event.

    The file is a FeatureCollection, plain or gzipped, of Polygons or MultiPolygons in WGS 84, each
    with the property `code`: five digits for a commune, two for a province. Units not in the file
    are not changed. Loading the same file again changes nothing and creates no event; nor does a
    dry run. With `day` the file has the units of a past day; of these, units that still exist are
    not changed either.

    Raises UnreadableFileError for another kind of file, InvalidInputError for polygons outside Viet
    Nam or for a file of units other than today's.
    """
    report, of_day = None, {"day": day or today()}
    cause = Cause(kind="boundaries", actor=actor, scope={"source": source_name(source)})
    with (
        suppress(_NothingToKeepError),
        open_source(source, limits) as file,
        write_scope(engine, cause) as session,
    ):
        connection = session.connection()
        progress(f"reading {source_name(source)}")
        staged = _stage(connection, _usable(file, source, limits), progress)
        _resolve(connection, source, staged, of_day)
        progress(f"{staged.features:,} features read; checking and cutting polygons")
        connection.execute(SQL.text("repair"))
        parts = _store(connection, source, of_day)
        draw_cells(connection)
        report = make_report(
            connection,
            source=source_name(source),
            features=staged.features,
            without_code=staged.without_code,
            parts=parts,
            dry_run=dry_run,
            of_day=of_day,
        )
        if dry_run or not parts:
            raise _NothingToKeepError
    assert report is not None  # noqa: S101 - it is set before the only exception that is swallowed
    return report


@dataclass(slots=True)
class _Staged:
    """Counts of a file as it was staged."""

    features: int = 0
    polygons: int = 0
    without_code: int = 0
    properties: tuple[str, ...] = ()
    """Names of the properties of the first feature without a code."""
    other_type: str = "none"
    """Type of the first geometry without a polygon."""
    widest_number: int = 0
    """Digits of the longest code given as a number."""


@dataclass(frozen=True, slots=True)
class _Usable:
    """The usable parts of a feature: its code, and its polygons as hexadecimal EWKB."""

    feature: Feature
    code: str | None
    was_number: bool
    ewkb: str | None


def _usable(file: ByteStream, source: str, limits: Limits) -> Iterator[_Usable]:
    name = source_name(source) if is_url(source) else source
    for feature in read_features(file, name, limits):
        code, was_number = _code(feature.properties.get("code"))
        try:
            polygons = shapely.MultiPolygon(parse_polygons(feature.geometry))
        except MalformedPolygonError:
            polygons = shapely.MultiPolygon()
        if polygons.is_empty:
            yield _Usable(feature, code, was_number, None)
            continue
        check_place(polygons.bounds, name)
        ewkb = shapely.to_wkb(shapely.set_srid(polygons, 4326), hex=True, include_srid=True)
        yield _Usable(feature, code, was_number, ewkb)


def _code(value: object) -> tuple[str | None, bool]:
    """Return the code as text or None, and whether it was given as a number."""
    if isinstance(value, str):
        return shown(value.strip(), _LONGEST_CODE) or None, False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, False
    whole = isinstance(value, int) or value.is_integer()
    return shown(f"{value:.0f}" if whole else value, _LONGEST_CODE), True


def _stage(
    connection: Connection, features: Iterator[_Usable], progress: Callable[[str], None]
) -> _Staged:
    """COPY codes and polygons into the temporary table `boundary_staged`."""
    staged = _Staged()
    connection.execute(SQL.text("stage"))
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy("COPY boundary_staged (code, was_number, geom) FROM STDIN") as copy,
    ):
        for usable in features:
            staged.features += 1
            if staged.features % _PROGRESS_EVERY == 0:
                progress(f"{staged.features:,} features read")
            if usable.code is None:
                staged.without_code += 1
                staged.properties = staged.properties or tuple(usable.feature.properties)
                continue
            if usable.ewkb is None:
                staged.other_type = _geometry_type(usable.feature.geometry)
            else:
                staged.polygons += 1
            if usable.was_number and usable.code.isdecimal():
                staged.widest_number = max(staged.widest_number, len(usable.code))
            copy.write_row((usable.code, usable.was_number, usable.ewkb))
    return staged


def _geometry_type(geometry: object) -> str:
    return shown(geometry.get("type")) if isinstance(geometry, dict) else "null"


def _resolve(
    connection: Connection, source: str, staged: _Staged, of_day: dict[str, datetime.date]
) -> None:
    """Find the unit of each code; raises InvalidInputError if the whole file is the wrong one."""
    name = source_name(source)
    if staged.features == 0:
        raise InvalidInputError(Message("source_has_no_features", name=name))
    if staged.features == staged.without_code:
        have = ", ".join(map(shown, staged.properties[:3])) or "no properties"
        raise InvalidInputError(Message("boundaries_lack_code", name=name, properties=have))
    if staged.polygons == 0:
        raise InvalidInputError(
            Message("boundaries_not_polygons", name=name, type=staged.other_type)
        )
    width = 5 if staged.widest_number > 2 else 2
    connection.execute(SQL.text("restore_zeros"), {"width": width})
    connection.execute(SQL.text("resolve"), of_day)
    total, strange, ended, examples = connection.execute(SQL.text("strange")).one()
    if strange * 2 > total:
        era = "; most of these ended, so it is of an earlier map" if ended * 2 > strange else ""
        raise InvalidInputError(
            Message(
                "boundaries_of_other_units",
                name=name,
                unknown=strange,
                total=total,
                examples=", ".join(examples),
                era=era,
            )
        )


def _store(connection: Connection, source: str, of_day: dict[str, datetime.date]) -> int:
    """Write what differs from the register; returns how many parts were written."""
    lock_boundaries(connection)
    connection.execute(SQL.text("compare"), of_day)
    connection.execute(SQL.text("upsert_boundaries"), {"source": source_name(source)})
    connection.execute(SQL.text("remove_parts"))
    parts = connection.execute(SQL.text("insert_parts"), {"vertices": PART_VERTICES}).rowcount
    if parts:
        # Before autovacuum runs, an import would scan all parts for each row.
        connection.execute(text("SELECT analyse_boundaries()"))
    return parts


def communes_at(session: Session, *, lon: float, lat: float) -> list[int]:
    """Return sorted ids of the living communes whose real polygon covers a point; usually one.

    Neighbours share their border, and drawings overlap a little; the list is empty at sea, abroad,
    and without a real polygon. Degrees, WGS 84.
    """
    return list(session.scalars(SQL.text("communes_at"), {"lon": lon, "lat": lat}))
