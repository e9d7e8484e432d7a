"""Determine the coordinate system of a file's points, for the whole file and never per row.

Degrees, decimal or in minutes, are taken as WGS 84. Metres are VN-2000 in one of twenty zones, and
most wrong zones are still in Viet Nam; so each zone is tried on a sample, and the points within the
commune stated by their rows are counted. The best zone is proposed, and applied only if the sender
confirms it (`crs`) or the layer declares it. A system that the points contradict is never applied.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Final

import numpy as np
from sqlalchemy import Connection

from geo.coordinates import (
    VN2000_DEGREES,
    VN2000_METRES,
    WGS_84,
    WGS_84_METRES,
    degrees,
    describe_crs,
    is_in_minutes,
    metres,
    to_wgs84,
)
from registry.core.errors import SystemNotConfirmedError, UnreadableFileError
from registry.core.messages import Message
from registry.core.remedies import Remedy
from registry.files.formats.table import Rows, unreadable
from registry.intake.columns.reader import SourceFile, cells_of, rows_of
from registry.intake.staged.resolve import FIELDS_READ, Resolver
from registry.intake.staged.zone_vote import (
    LEAST,
    Placed,
    Vote,
    any_polygon,
    is_mixed,
    vote_on,
    vote_on_degrees,
)

SYSTEMS: Final = (WGS_84, VN2000_DEGREES, *VN2000_METRES, *WGS_84_METRES)
"""Valid values of `crs`."""
_PREFIX: Final = re.compile(r"^(?:epsg:{1,2})?\s*(?=\d+$)", re.IGNORECASE)
_ANY_SYSTEM: Final = Remedy("crs", "EPSG:…")
_METRES: Final = (*VN2000_METRES, *WGS_84_METRES)
_SAMPLE: Final = 1_000
"""Rows tried in each zone, evenly spaced among the first `_LOOKED_AT`."""
_LOOKED_AT: Final = 20_000
_BLOCK: Final = 5_000
_SOUTHERNMOST_NORTHING: Final = 850_000
"""Metres from the equator, south of Cà Mau, without Trường Sa; every easting is less."""
_NORTHERNMOST: Final = 2_700_000
_WESTERNMOST: Final = 50_000
_LONGITUDE, _LATITUDE = FIELDS_READ.index("longitude"), FIELDS_READ.index("latitude")
Pair = tuple[float, float]


def positioned(
    connection: Connection, file: SourceFile, resolver: Resolver, crs: str | None, *, dry_run: bool
) -> SourceFile:
    """The file with its coordinates as decimal degrees of WGS 84.

    `crs` is confirmed by the sender; without it the system declared by the layer counts.
    `resolver` reads the communes of the sample. Without either, a dry run uses the system that the
    points support, with a note. Cells without a coordinate stay unchanged, and are a problem of
    their row. Raises UnreadableFileError for a file in metres without a known system or without
    communes, for one in two zones, and for a system that is unknown, of another unit, or fits
    clearly worse than another.
    """
    if crs is not None:
        crs = _PREFIX.sub("EPSG:", crs.strip())
    if crs is not None and crs not in SYSTEMS:
        raise UnreadableFileError(Message("system_not_listed", crs=crs, systems=", ".join(SYSTEMS)))
    stated = crs or file.table.crs
    pairs = _pairs(file)
    surveyed = sum(_in_metres(x, y, stated) is not None for x, y in pairs) * 2 > len(pairs)
    if stated is not None and pairs and surveyed != (stated in _METRES):
        unit = Message("unit_metres") if surveyed else Message("unit_degrees")
        raise unreadable(
            file.path,
            Message("unit_of_other_system", unit=unit, system=_stated_system(crs, stated)),
        )
    if surveyed:
        sample = _sample(file, resolver, stated)
        return _surveyed(file, vote_on(connection, sample, stated), crs, dry_run=dry_run)
    return _in_degrees(connection, file, resolver, crs, dry_run=dry_run) if pairs else file


def _in_degrees(
    connection: Connection, file: SourceFile, resolver: Resolver, crs: str | None, *, dry_run: bool
) -> SourceFile:
    """Degrees: WGS 84 unless VN-2000 is stated, checked by real polygons where these decide."""
    stated = crs or file.table.crs
    others = None
    notes: list[Message] = []
    asked: tuple[str, ...] = ()
    # The systems differ by 190 m: only points near a border decide.
    if (stated == VN2000_DEGREES or crs is None) and any_polygon(connection):
        others = vote_on_degrees(connection, _sample(file, resolver, stated or WGS_84))
    if stated == VN2000_DEGREES:
        if others is not None and others.against_vn2000:
            raise unreadable(
                file.path,
                Message(
                    "system_unfit_but_wgs84",
                    system=_stated_system(crs, stated),
                    counted=others.summary(),
                    remedy=Remedy("crs", WGS_84),
                ),
                SystemNotConfirmedError,
                systems=[WGS_84],
            )
        return _placed(file, stated, _converted(crs, stated))
    if others is not None and others.for_vn2000:
        advice = Message(
            "system_of_degrees",
            counted=others.summary(),
            vn2000=Remedy("crs", VN2000_DEGREES),
            wgs84=Remedy("crs", WGS_84),
        )
        asked = (VN2000_DEGREES, WGS_84)
        if not dry_run:
            raise _not_confirmed(file, advice, asked)
        notes.append(_tried(WGS_84, advice))
    in_minutes = any(is_in_minutes(x) or is_in_minutes(y) for x, y in _pairs(file))
    return _placed(file, None, *notes, asked=asked) if in_minutes or notes else file


def _surveyed(file: SourceFile, vote: Vote, crs: str | None, *, dry_run: bool) -> SourceFile:
    if not vote.rows:
        raise unreadable(
            file.path,
            Message("metres_need_commune_column"),
        )
    if zones := is_mixed(vote):
        raise unreadable(
            file.path,
            Message("rows_in_several_systems", vote=vote.summary(), zones=", ".join(zones)),
        )
    stated = crs or file.table.crs
    if stated is not None:
        # A system only declared by the layer must fit; a confirmed one may override the points.
        poor = crs is None and vote.count(stated) < vote.rows * LEAST
        if vote.contradicts(stated) or poor:
            system, counted = _stated_system(crs, stated), vote.summary()
            unfit = Message("system_unfit", system=system, counted=counted)
            if not crs:
                unfit = Message("system_unfit_ask_deliverer", unfit=unfit, remedy=_ANY_SYSTEM)
            raise unreadable(file.path, unfit)
        return _placed(file, stated, _converted(crs, stated))
    return _unstated(file, vote, dry_run=dry_run)


def _unstated(file: SourceFile, vote: Vote, *, dry_run: bool) -> SourceFile:
    """Metres without a stated system: only a dry run continues."""
    if vote.proposal is None:
        alike = vote.alike
        remedy: Message = _ANY_SYSTEM
        if dry_run and alike:
            remedy, *others = (Remedy("crs", crs) for crs in alike)
            for other in others:
                remedy = Message("one_or_other", first=remedy, last=other)
        advice = Message("system_unknown", counted=vote.summary(), remedy=remedy)
        if not (dry_run and alike):
            raise _not_confirmed(file, advice, alike)
        # The systems differ by 700 m, which does not matter for a first look at the addresses.
        note = Message("tried_for_now", system=describe_crs(alike[0]), advice=advice)
        return _placed(file, alike[0], note, asked=alike)
    advice = Message("system_proposed", counted=vote.summary(), remedy=Remedy("crs", vote.proposal))
    if not dry_run:
        raise _not_confirmed(file, advice, (vote.proposal,))
    return _placed(file, vote.proposal, _tried(vote.proposal, advice), asked=(vote.proposal,))


def _tried(crs: str, advice: Message) -> Message:
    """The note that a dry run uses an unconfirmed system."""
    return Message("tried_with_system", system=describe_crs(crs), advice=advice)


def _not_confirmed(file: SourceFile, advice: Message, asked: Sequence[str]) -> UnreadableFileError:
    return unreadable(file.path, advice, SystemNotConfirmedError, systems=list(asked))


def _stated_system(crs: str | None, stated: str) -> Message | str:
    """The system as stated by the command or by the layer."""
    return stated if crs is not None else Message("system_of_layer", stated=stated)


def _converted(crs: str | None, stated: str) -> Message:
    code = "coordinates_converted" if crs is not None else "coordinates_converted_of_layer"
    return Message(code, stated=describe_crs(stated))


def _placed(
    file: SourceFile, crs: str | None, *notes: Message, asked: Sequence[str] = ()
) -> SourceFile:
    table, positions = file.table, file.columns.positions
    x, y = positions["longitude"], positions["latitude"]

    @contextmanager
    def rows() -> Iterator[Rows]:
        with table.rows() as below:
            yield _transformed(below, x, y, crs)

    all_notes = (*table.notes, *notes)
    return replace(file, table=replace(table, rows=rows, notes=all_notes, systems=tuple(asked)))


def _sample(file: SourceFile, resolver: Resolver, stated: str | None) -> list[Placed]:
    """Evenly spaced rows with coordinates, with the communes that they state."""
    cells = cells_of(file, FIELDS_READ)
    # In degrees a pair is (lon, lat), in metres (east, north).
    read = _degrees if stated in (WGS_84, VN2000_DEGREES) else _in_metres
    found: list[tuple[tuple[str, ...], Pair]] = []
    with rows_of(file) as rows:
        for row in islice(rows, _LOOKED_AT):
            taken = cells(row)
            pair = read(taken[_LONGITUDE], taken[_LATITUDE], stated)
            if pair is not None:
                found.append((taken, pair))
    # A file joined from two has its other half at the end.
    chosen = found[:: max(1, len(found) // _SAMPLE)][:_SAMPLE]
    at = [resolver.commune_at(taken) for taken, _ in chosen]
    communes = {row[0]: row[2] for row in resolver.take_communes()}
    placed = ((communes.get(number), pair) for number, (_, pair) in zip(at, chosen, strict=True))
    return [Placed(units, *pair) for units, pair in placed if isinstance(units, tuple) and units]


def easting_and_northing(x: str, y: str) -> Pair | None:
    """The coordinates of a survey in metres as (east, north), whichever of them is called X.

    Every northing of the country is greater than every easting. None for what is no such pair.

    >>> easting_and_northing("2325123", "587000.5"), easting_and_northing("587000", "12")
    ((587000.5, 2325123.0), None)
    """
    pair = metres(x), metres(y)
    if pair[0] is None or pair[1] is None:
        return None
    east, north = min(pair[0], pair[1]), max(pair[0], pair[1])
    usable = _WESTERNMOST < east < _SOUTHERNMOST_NORTHING < north < _NORTHERNMOST
    return (east, north) if usable else None


def _in_metres(x: str, y: str, stated: str | None) -> Pair | None:
    # In Web Mercator, eastings are greater than northings here.
    if stated != "EPSG:3857":
        return easting_and_northing(x, y)
    east, north = metres(x), metres(y)
    return None if east is None or north is None else (east, north)


def _degrees(x: str, y: str, _stated: str | None) -> Pair | None:
    lon, lat = degrees(x), degrees(y)
    return None if lon is None or lat is None else (lon, lat)


def _pairs(file: SourceFile) -> list[tuple[str, str]]:
    """The first coordinates of the file as written."""
    if not {"longitude", "latitude"} <= file.columns.positions.keys():
        return []
    cells = cells_of(file, ("longitude", "latitude"))
    with rows_of(file) as rows:
        found = (cells(row) for row in islice(rows, _LOOKED_AT))
        return [(pair[0], pair[1]) for pair in islice((p for p in found if any(p)), _SAMPLE)]


def _transformed(rows: Rows, x: int, y: int, crs: str | None) -> Rows:
    while block := list(islice(rows, _BLOCK)):
        if crs is None:
            for row in block:
                for at in (x, y):
                    if at < len(row) and is_in_minutes(row[at]):
                        row[at] = _decimal(degrees(row[at]))
        else:
            _place(block, x, y, crs)
        yield from block


def _place(block: list[list[str]], x: int, y: int, crs: str) -> None:
    found = [_pair(row, x, y, crs) for row in block]
    at = [n for n, pair in enumerate(found) if pair is not None]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        return
    lon, lat = to_wgs84(crs, *(np.array(axis) for axis in zip(*pairs, strict=True)))
    for n, this_lon, this_lat in zip(at, lon, lat, strict=True):
        if np.isfinite(this_lon) and np.isfinite(this_lat):
            block[n][x], block[n][y] = _decimal(this_lon), _decimal(this_lat)


def _pair(row: Sequence[str], x: int, y: int, crs: str) -> Pair | None:
    if max(x, y) >= len(row):
        return None
    read = _degrees if crs == VN2000_DEGREES else _in_metres
    return read(row[x], row[y], crs)


def _decimal(value: float | np.float64 | None) -> str:
    return "" if value is None else f"{value:.7f}"
