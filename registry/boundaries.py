"""Real boundaries: polygons of a file into the register, and the communes at a point.

`boundary` holds one polygon per unit; `boundary_part` holds the real ones cut into pieces
(ST_Subdivide), which is what point-in-commune asks. A load is one transaction: readers see all of
it or nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import shapely
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from registry.cells import draw_cells, lock_boundaries
from registry.database import driver_connection
from registry.errors import InvalidInputError
from registry.events import Cause, write_scope
from registry.geojson import Feature, read_features
from registry.polygons import MalformedPolygonError, check_place, parse_polygons
from registry.sources import LIMITS, ByteStream, Limits, is_url, open_source, source_name

PART_VERTICES: Final = 64
"""The most vertices a part has; `bench/point_in_commune.py` compares."""

_EXAMPLES: Final = 3
_PROGRESS_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit in a report: its code and its name of today."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """A unit that ended, and the units that continue it; more than one after a split."""

    code: str
    name: str
    successors: tuple[NamedUnit, ...]


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """What a boundaries file brought, and what was wrong with it."""

    source: str
    features: int
    communes: int
    """Communes whose polygon the file holds; all of them are loaded now."""
    provinces: int
    added: int
    """Units that had no real polygon before."""
    replaced: int
    unchanged: int
    repaired: tuple[NamedUnit, ...]
    """Polygons that came invalid and were repaired."""
    united: tuple[NamedUnit, ...]
    """Units whose polygon came in several features."""
    restored_zeros: tuple[str, ...]
    """Codes that came as numbers and got their leading zeros back."""
    unknown: tuple[str, ...]
    """Codes that no unit has or had."""
    ended: tuple[EndedUnit, ...]
    without_polygon: tuple[str, ...]
    """Codes whose features hold no usable polygon, also not after repair."""
    without_code: int
    """Features that have no code."""
    missing_communes: int
    """Living communes that have no real polygon, after this load."""
    missing_provinces: int
    dry_run: bool

    @property
    def loaded(self) -> int:
        """Units whose polygon is in the register now as the file has it."""
        return self.communes + self.provinces

    @property
    def has_problems(self) -> bool:
        """Whether something of the file could not be loaded."""
        return bool(self.unknown or self.ended or self.without_polygon or self.without_code)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {**asdict(self), "loaded": self.loaded}


class _NothingToKeepError(Exception):
    """Rolls a load back that changed nothing, or that was not to change anything."""


def load_boundaries(
    engine: Engine,
    source: str,
    *,
    actor: str,
    dry_run: bool = False,
    limits: Limits = LIMITS,
    progress: Callable[[str], None] = lambda _line: None,
) -> BoundaryReport:
    """Load the real polygons of a GeoJSON file or URL, in one transaction with one event.

    The file is a FeatureCollection, plain or gzipped, of Polygons or MultiPolygons in WGS 84, each
    with the property `code`: five digits for a commune, two for a province. Units that it does not
    name keep what they have. Loading the same again changes nothing and makes no event; nor does a
    dry run.

    Raises UnreadableFileError for what is no such file, InvalidInputError for polygons that are not
    around Viet Nam or for a file of other units than today's.
    """
    report = None
    cause = Cause(kind="boundaries", actor=actor, scope={"source": source_name(source)})
    with (
        suppress(_NothingToKeepError),
        open_source(source, limits) as file,
        write_scope(engine, cause) as session,
    ):
        connection = session.connection()
        progress(f"reading {source_name(source)}")
        staged = _stage(connection, _usable(file, source, limits), progress)
        _resolve(connection, source, staged)
        progress(f"{staged.features:,} features read; checking and cutting polygons")
        connection.execute(text(_REPAIR))
        written = _store(connection, source)
        draw_cells(connection)
        report = _report(connection, source, staged, dry_run=dry_run)
        if dry_run or not written:
            raise _NothingToKeepError
    assert report is not None  # noqa: S101 - it is set before the only exception that is swallowed
    return report


@dataclass(slots=True)
class _Staged:
    """What was counted on the way in."""

    features: int = 0
    polygons: int = 0
    without_code: int = 0
    properties: tuple[str, ...] = ()
    """Names of the properties of the first feature without a code."""
    other_type: str = "none"
    """The first geometry that held no polygon."""
    widest_number: int = 0
    """The largest code that came as a number."""


@dataclass(frozen=True, slots=True)
class _Usable:
    """A feature as far as it can be used: its code, and its polygons as hexadecimal EWKB."""

    feature: Feature
    code: str | None
    was_number: bool
    ewkb: str | None


def _usable(file: ByteStream, source: str, limits: Limits) -> Iterator[_Usable]:
    name = source_name(source) if is_url(source) else source
    for feature in read_features(file, name, limits):
        code = feature.properties.get("code")
        # JSON's true is an int to Python.
        was_number = isinstance(code, int | float) and not isinstance(code, bool)
        if was_number:
            code = f"{code:.0f}" if code == code // 1 else str(code)
        code = code.strip()[:_LONGEST_CODE] if isinstance(code, str) else None
        try:
            polygons = shapely.MultiPolygon(parse_polygons(feature.geometry))
        except MalformedPolygonError:
            polygons = shapely.MultiPolygon()
        if polygons.is_empty:
            yield _Usable(feature, code or None, was_number, None)
            continue
        check_place(polygons.bounds, name)
        ewkb = shapely.to_wkb(shapely.set_srid(polygons, 4326), hex=True, include_srid=True)
        yield _Usable(feature, code or None, was_number, ewkb)


def _stage(
    connection: Connection, features: Iterator[_Usable], progress: Callable[[str], None]
) -> _Staged:
    """COPY codes and polygons into the temporary table `boundary_staged`."""
    staged = _Staged()
    connection.execute(text(_STAGED))
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
    return str(geometry.get("type"))[:40] if isinstance(geometry, dict) else "null"


def _resolve(connection: Connection, source: str, staged: _Staged) -> None:
    """Find the unit of each code; InvalidInputError when the file as a whole is the wrong one."""
    name = source_name(source)
    if staged.features == 0:
        raise InvalidInputError(f"{name} has no features")
    if staged.features == staged.without_code:
        have = ", ".join(staged.properties[:_EXAMPLES]) or "no properties"
        raise InvalidInputError(f"{name}: no feature has the property `code`; the first has {have}")
    if staged.polygons == 0:
        raise InvalidInputError(f"{name} holds no polygons; its geometries are {staged.other_type}")
    width = 5 if staged.widest_number > 2 else 2
    connection.execute(text(_RESTORE_ZEROS), {"width": width})
    connection.execute(text(_RESOLVE))
    total, strange, ended, examples = connection.execute(text(_STRANGE)).one()
    if strange * 2 > total:
        era = "; most of these ended, so it is of an earlier map" if ended * 2 > strange else ""
        raise InvalidInputError(
            f"{name} is another list of units: {strange:,} of {total:,} codes are no unit of today "
            f"({', '.join(examples)}){era}"
        )


def _store(connection: Connection, source: str) -> int:
    """Write what differs from the register; returns how many parts were written."""
    lock_boundaries(connection)
    connection.execute(text(_COMPARE))
    connection.execute(text(_UPSERT), {"source": source_name(source)})
    connection.execute(text(_REMOVE_PARTS))
    return connection.execute(text(_INSERT_PARTS), {"vertices": PART_VERTICES}).rowcount


def _report(
    connection: Connection, source: str, staged: _Staged, *, dry_run: bool
) -> BoundaryReport:
    counts = connection.execute(text(_COUNTS)).one()._mapping
    ended = tuple(
        EndedUnit(code, name, tuple(NamedUnit(*successor) for successor in successors))
        for code, name, successors in connection.execute(text(_ENDED))
    )
    return BoundaryReport(
        source=source_name(source),
        features=staged.features,
        **counts,
        repaired=_named(connection, "NOT n.valid"),
        united=_named(connection, "n.features > 1"),
        restored_zeros=_codes(connection, _RESTORED),
        unknown=_codes(connection, _UNKNOWN),
        ended=ended,
        without_polygon=_codes(connection, _WITHOUT_POLYGON),
        without_code=staged.without_code,
        dry_run=dry_run,
    )


def _named(connection: Connection, condition: str) -> tuple[NamedUnit, ...]:
    return tuple(NamedUnit(*row) for row in connection.execute(text(_NAMED + condition + _BY_CODE)))


def _codes(connection: Connection, statement: str) -> tuple[str, ...]:
    return tuple(connection.scalars(text(statement)))


def communes_at(session: Session, *, lon: float, lat: float) -> list[int]:
    """Ids of the living communes whose real polygon covers a point, in order; usually one.

    Neighbours both cover their border, and drawings overlap a little; the list is empty at sea,
    abroad, and where no real polygon is loaded. Degrees, WGS 84.
    """
    return list(session.scalars(_COMMUNES_AT, {"lon": lon, "lat": lat}))


# DISTINCT: the parts of one commune share the edges along which they were cut.
_COMMUNES_AT: Final = text("""
    SELECT DISTINCT p.unit_id
    FROM boundary_part p
    JOIN admin_unit u ON u.id = p.unit_id
    WHERE ST_Covers(p.geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))
        AND u.level = 'commune' AND u.lifetime @> current_date
    ORDER BY p.unit_id
""").bindparams(bindparam("lon", type_=Double), bindparam("lat", type_=Double))

_STAGED: Final = """
    CREATE TEMPORARY TABLE boundary_staged (
        code text, was_number boolean, restored boolean DEFAULT false,
        geom geometry(MultiPolygon, 4326)
    ) ON COMMIT DROP
"""

# A JSON number has lost its leading zeros. How many, one number cannot tell: 4 may be province 04
# or commune 00004. The file can: no province has three digits.
_RESTORE_ZEROS: Final = """
    UPDATE boundary_staged SET code = lpad(code, :width, '0'), restored = true
    WHERE was_number AND length(code) < :width
"""

_RESOLVE: Final = """
    CREATE TEMPORARY TABLE boundary_code ON COMMIT DROP AS
    SELECT c.code, coalesce(living.id, alias.id) AS unit_id, ended.id AS ended_id
    FROM (
        SELECT code,
            CASE length(code) WHEN 5 THEN 'commune' WHEN 2 THEN 'province' WHEN 3 THEN 'district'
            END AS level
        FROM boundary_staged GROUP BY code
    ) c
    LEFT JOIN admin_unit living
        ON living.level = c.level AND living.code = c.code AND living.lifetime @> current_date
    LEFT JOIN LATERAL (
        SELECT u.id FROM admin_unit_alias a JOIN admin_unit u ON u.id = a.unit_id
        WHERE a.kind = 'code' AND a.alias = c.code AND u.level = c.level
            AND u.lifetime @> current_date
        ORDER BY u.id LIMIT 1
    ) alias ON living.id IS NULL
    LEFT JOIN LATERAL (
        SELECT u.id FROM admin_unit u
        WHERE u.level = c.level AND u.code = c.code AND upper(u.lifetime) <= current_date
        ORDER BY upper(u.lifetime) DESC LIMIT 1
    ) ended ON living.id IS NULL AND alias.id IS NULL
"""

_STRANGE: Final = f"""
    SELECT count(*), count(*) FILTER (WHERE unit_id IS NULL), count(ended_id),
        (array_agg(code ORDER BY code) FILTER (WHERE unit_id IS NULL))[:{_EXAMPLES}]
    FROM boundary_code
"""

# `structure` keeps what a drawing means where `linework` (even-odd) would make a hole of an
# overlap. What collapses to a line or point is left out: a boundary is polygons.
_REPAIR: Final = """
    CREATE TEMPORARY TABLE boundary_new ON COMMIT DROP AS
    WITH piece AS MATERIALIZED (
        SELECT k.unit_id, s.geom, ST_IsValid(s.geom) AS valid,
            count(*) OVER (PARTITION BY k.unit_id) AS features
        FROM boundary_staged s JOIN boundary_code k USING (code)
        WHERE k.unit_id IS NOT NULL AND s.geom IS NOT NULL
    ), mended AS (
        SELECT unit_id, features, valid,
            CASE WHEN valid THEN geom
                ELSE ST_CollectionExtract(ST_MakeValid(geom, 'method=structure'), 3)
            END AS geom
        FROM piece
    ), unit AS (
        SELECT unit_id, min(features) AS features, bool_and(valid) AS valid,
            coalesce(
                (array_agg(geom) FILTER (WHERE features = 1))[1],
                ST_Union(geom) FILTER (WHERE features > 1)
            ) AS geom
        FROM mended GROUP BY unit_id
    )
    SELECT unit_id, features, valid, ST_Multi(geom) AS geom FROM unit WHERE NOT ST_IsEmpty(geom)
"""

_COMPARE: Final = """
    CREATE TEMPORARY TABLE boundary_change ON COMMIT DROP AS
    SELECT n.unit_id, u.level, u.code, CASE
            WHEN b.unit_id IS NULL OR b.approximate THEN 'added'
            WHEN b.geom = n.geom THEN 'unchanged'
            ELSE 'replaced'
        END AS state
    FROM boundary_new n
    JOIN admin_unit u ON u.id = n.unit_id
    LEFT JOIN boundary b USING (unit_id)
"""

_UPSERT: Final = """
    INSERT INTO boundary (unit_id, geom, source, approximate)
    SELECT n.unit_id, n.geom, :source, false
    FROM boundary_new n JOIN boundary_change c USING (unit_id)
    WHERE c.state <> 'unchanged'
    ON CONFLICT (unit_id) DO UPDATE
    SET geom = excluded.geom, source = excluded.source, approximate = false, loaded_at = now()
"""

_REMOVE_PARTS: Final = """
    DELETE FROM boundary_part p USING boundary_change c
    WHERE c.unit_id = p.unit_id AND c.state <> 'unchanged'
"""

# Numbered here: the application's role may not draw from the sequence, and the table is locked.
_INSERT_PARTS: Final = """
    INSERT INTO boundary_part (id, unit_id, geom)
    SELECT (SELECT coalesce(max(id), 0) FROM boundary_part) + row_number() OVER (),
        part.unit_id, part.geom
    FROM (
        SELECT n.unit_id, ST_Subdivide(n.geom, :vertices) AS geom
        FROM boundary_new n
        WHERE NOT EXISTS (SELECT FROM boundary_part p WHERE p.unit_id = n.unit_id)
    ) part
"""

_COUNTS: Final = """
    SELECT count(*) FILTER (WHERE c.level = 'commune') AS communes,
        count(*) FILTER (WHERE c.level = 'province') AS provinces,
        count(*) FILTER (WHERE c.state = 'added') AS added,
        count(*) FILTER (WHERE c.state = 'replaced') AS replaced,
        count(*) FILTER (WHERE c.state = 'unchanged') AS unchanged,
        (SELECT count(*) FROM missing WHERE level = 'commune') AS missing_communes,
        (SELECT count(*) FROM missing WHERE level = 'province') AS missing_provinces
    FROM boundary_change c
"""
