"""In which coordinate system a file's points are: found out for the file as a whole, never per row.

Degrees, decimal or in minutes, are taken as WGS 84. Metres are VN-2000 in one of twenty zones, and
most wrong zones still land in Viet Nam; so each zone is tried on a sample, and the points that land
in the commune that their rows state are counted. The best is proposed, and applied only after
whoever delivers the file has confirmed it (`crs`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from geo.coordinates import (
    VN2000_DEGREES,
    VN2000_METRES,
    degrees,
    described,
    is_in_minutes,
    metres,
    to_wgs84,
)
from registry.errors import UnreadableFileError
from registry.intake.formats.table import Rows, unreadable
from registry.intake.reader import SourceFile, cells_of, rows_of
from registry.intake.resolve import FIELDS_READ, RESOLVED, Resolver

SYSTEMS: Final = (VN2000_DEGREES, *VN2000_METRES)
"""What `crs` may name, beside nothing."""
_SAMPLE: Final = 400
"""Rows that are tried in each zone."""
_LOOKED_AT: Final = 5_000
_BLOCK: Final = 5_000
_LEAST: Final = 0.6
"""Of the sample, in the commune stated: less proposes nothing."""
_CLEARLY: Final = 0.9
"""A second zone with more than this share of the first's hits leaves the question open."""
_SOUTHERNMOST_NORTHING: Final = 850_000
"""Metres from the equator south of Cà Mau and Trường Sa apart; every easting is less."""
_NORTHERNMOST: Final = 2_700_000
_WESTERNMOST: Final = 50_000
_NEAR_SEAT_KM: Final = 12
_LONGITUDE, _LATITUDE = FIELDS_READ.index("longitude"), FIELDS_READ.index("latitude")
_COMMUNE_AT: Final = RESOLVED.index("commune_at")

_IN_COMMUNE: Final = text(
    f"""
    SELECT count(DISTINCT p.n)
    FROM unnest(CAST(:n AS int[]), CAST(:units AS int[]), CAST(:lon AS float8[]),
        CAST(:lat AS float8[])) p (n, unit_id, lon, lat)
    JOIN admin_unit u ON u.id = p.unit_id
    WHERE CASE WHEN EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate)
        THEN EXISTS (SELECT FROM boundary_part b WHERE b.unit_id = u.id
            AND ST_Covers(b.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)))
        ELSE ST_DWithin(u.seat::geography,
            ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)::geography, {_NEAR_SEAT_KM} * 1000)
        END
    """
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of the sample: its communes, and its coordinates as (east, north), metres."""

    communes: Sequence[int]
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Vote:
    """How many rows of a sample land in the commune that they state, by system, most first."""

    rows: int
    hits: tuple[tuple[str, int], ...]

    @property
    def proposal(self) -> str | None:
        """The system that the points speak for; None when they leave it open."""
        (best, most), *others = self.hits
        second = others[0][1] if others else 0
        clear = most >= self.rows * _LEAST and second <= most * _CLEARLY
        return best if clear else None

    def told(self) -> str:
        """What was counted, for whoever has to confirm it."""
        found = "; ".join(
            f"{described(crs)} {hits * 100 / self.rows:.0f} %"
            for crs, hits in self.hits[:3]
            if hits
        )
        return (
            f"tọa độ tính bằng mét, VN-2000 (in metres); số điểm nằm trong xã đã ghi, trên"
            f" {self.rows} dòng đầu: {found or 'không hệ nào khớp'}"
        )


def positioned(
    connection: Connection, file: SourceFile, resolver: Resolver, crs: str | None, *, dry_run: bool
) -> SourceFile:
    """The file with its coordinates as decimal degrees of WGS 84.

    `crs` is what the deliverer has confirmed; `resolver` reads the communes of the sample. Without
    it a dry run goes on in the system that the points speak for, and says so. What is no coordinate
    stays as it is written, and is a problem of its row. Raises UnreadableFileError for a file in
    metres without a confirmed system or without communes, and for a system that we do not know,
    that is of another kind, or that fits clearly worse than another.
    """
    if crs is not None and crs not in SYSTEMS:
        raise UnreadableFileError(
            f"không có hệ tọa độ {crs} (no such system); các hệ: {', '.join(SYSTEMS)}"
        )
    pairs = _pairs(file, _SAMPLE)
    surveyed = sum(easting_and_northing(x, y) is not None for x, y in pairs) * 2 > len(pairs)
    if crs is not None and surveyed != (crs in VN2000_METRES):
        unit = "mét (metres)" if surveyed else "độ (degrees)"
        raise unreadable(file.path, f"tọa độ trong tệp tính bằng {unit}, không hợp với {crs}")
    if surveyed:
        vote = vote_on(connection, _sample(file, resolver))
        return _surveyed(file, vote, crs, dry_run=dry_run)
    if crs is not None:
        return _placed(file, crs, f"tọa độ {described(crs)} đã chuyển sang WGS 84 (converted)")
    in_minutes = any(is_in_minutes(x) or is_in_minutes(y) for x, y in pairs)
    return _placed(file, None, None) if in_minutes else file


def _surveyed(file: SourceFile, vote: Vote, crs: str | None, *, dry_run: bool) -> SourceFile:
    if not vote.rows:
        raise unreadable(
            file.path,
            "tọa độ tính bằng mét (in metres): cần cột xã để biết đúng hệ (a column of communes)",
        )
    if crs is not None:
        hits, best = dict(vote.hits)[crs], vote.hits[0][1]
        if hits < best * _CLEARLY:
            raise unreadable(file.path, f"{crs} không hợp: {vote.told()}")
        return _placed(file, crs, f"tọa độ {described(crs)} đã chuyển sang WGS 84 (converted)")
    if vote.proposal is None:
        raise unreadable(
            file.path, f"{vote.told()}; chưa xác định được hệ: hỏi nơi đo, rồi thêm --crs EPSG:…"
        )
    advice = f"{vote.told()}; nếu đúng, thêm --crs {vote.proposal}"
    if not dry_run:
        raise unreadable(file.path, advice)
    return _placed(file, vote.proposal, f"chạy thử với {described(vote.proposal)}: {advice}")


def _placed(file: SourceFile, crs: str | None, note: str | None) -> SourceFile:
    table, positions = file.table, file.columns.positions
    x, y = positions["longitude"], positions["latitude"]

    @contextmanager
    def rows() -> Iterator[Rows]:
        with table.rows() as below:
            yield _transformed(below, x, y, crs)

    notes = (*table.notes, *((note,) if note else ()))
    return replace(file, table=replace(table, rows=rows, notes=notes))


def _sample(file: SourceFile, resolver: Resolver) -> list[Placed]:
    """The first rows with coordinates, and the communes that they state."""
    cells = cells_of(file, FIELDS_READ)
    found: list[tuple[str, tuple[float, float]]] = []
    with rows_of(file) as rows:
        for row in islice(rows, _LOOKED_AT):
            taken = cells(row)
            pair = easting_and_northing(taken[_LONGITUDE], taken[_LATITUDE])
            if pair is not None:
                found.append((resolver.resolve(taken).split("\t")[_COMMUNE_AT], pair))
            if len(found) == _SAMPLE:
                break
    communes = {str(row[0]): row[2] for row in resolver.take_communes()}
    placed = ((communes.get(at), pair) for at, pair in found)
    return [Placed(units, *pair) for units, pair in placed if isinstance(units, tuple) and units]


def vote_on(connection: Connection, sample: Sequence[Placed]) -> Vote:
    """Try every zone on the sample."""
    easts = np.array([row.east for row in sample])
    norths = np.array([row.north for row in sample])
    hits = {}
    for crs in VN2000_METRES:
        lon, lat = to_wgs84(crs, easts, norths)
        tried = [
            (n, commune, float(lon[n]), float(lat[n]))
            for n, row in enumerate(sample)
            for commune in row.communes
            if np.isfinite(lon[n]) and np.isfinite(lat[n])
        ]
        ns, units, lons, lats = map(list, zip(*tried, strict=True)) if tried else ([],) * 4
        parameters = {"n": ns, "units": units, "lon": lons, "lat": lats}
        hits[crs] = int(connection.execute(_IN_COMMUNE, parameters).scalar_one())
    ranked = sorted(hits.items(), key=lambda each: -each[1])
    return Vote(len(sample), tuple(ranked))


def easting_and_northing(x: str, y: str) -> tuple[float, float] | None:
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


def _pairs(file: SourceFile, count: int) -> list[tuple[str, str]]:
    """The first coordinates of the file, at most `count`."""
    if not {"longitude", "latitude"} <= file.columns.positions.keys():
        return []
    cells = cells_of(file, ("longitude", "latitude"))
    with rows_of(file) as rows:
        found = (cells(row) for row in islice(rows, _LOOKED_AT))
        return [(pair[0], pair[1]) for pair in islice((p for p in found if any(p)), count)]


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


def _pair(row: list[str], x: int, y: int, crs: str) -> tuple[float, float] | None:
    if max(x, y) >= len(row):
        return None
    if crs != VN2000_DEGREES:
        return easting_and_northing(row[x], row[y])
    lon, lat = degrees(row[x]), degrees(row[y])
    return None if lon is None or lat is None else (lon, lat)


def _decimal(value: float | np.float64 | None) -> str:
    return "" if value is None else f"{value:.7f}"
