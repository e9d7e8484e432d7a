"""Vote on a file's coordinate system by counting the points within the stated commune."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy import Connection, text

from geo.coordinates import VN2000_DEGREES, VN2000_METRES, WGS_84, describe_crs, to_wgs84
from registry.core.messages import Message
from registry.core.sql import Statements

SQL: Final = Statements(__file__)

LEAST: Final = 0.6
"""Least share of the sample in the stated commune for a proposal."""
CLEARLY: Final = 0.9
"""A second zone with more than this share of the first's hits leaves the question open."""
_NEAR_SEAT_KM: Final = 12
_OF_ANOTHER: Final = 0.05
"""Share of rows that only one other zone explains, for a file joined from two."""
_FEW: Final = 5
# Systems 190 m (VN-2000 and WGS 84) or 700 m (zones of one meridian) apart differ only for points
# near a border. A wrong border may affect a few points, and a whole street of a small file.
_BORDERLINE: Final = 10
_BORDERLINE_SHARE: Final = 0.02
_TIMES: Final = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of the sample: its communes, and coordinates as (east, north) or (lon, lat)."""

    communes: Sequence[int]
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Vote:
    """Rows of a sample within the stated commune, by system, most first."""

    rows: int
    hits: tuple[tuple[str, int], ...]
    landed: dict[str, frozenset[int]] = field(default_factory=dict, repr=False)
    """System → indexes of these rows in the sample."""

    @property
    def proposal(self) -> str | None:
        """The system that the points support; None if undecided."""
        (best, most), *others = self.hits
        clear = most >= self.rows * LEAST and all(self.contradicts(crs) for crs, _ in others)
        return best if clear else None

    @property
    def alike(self) -> tuple[str, ...]:
        """The systems that explain the points equally well."""
        (_, most), *_ = self.hits
        enough = most >= self.rows * LEAST
        return tuple(crs for crs, _ in self.hits if enough and not self.contradicts(crs))

    def contradicts(self, crs: str) -> bool:
        """Whether the best system fits clearly better than this one.

        It does if it explains many more rows, or nearly all rows that only one of the two explains:
        zones of one meridian are 700 m apart, so few points differ.
        """
        best, most = self.hits[0]
        if self.count(crs) <= most * CLEARLY:
            return crs != best
        one, other = self.landed[best], self.landed[crs]
        return speaks(self.rows, len(one - other), len(other - one))

    def count(self, crs: str) -> int:
        """Rows within the stated commune in this system."""
        return dict(self.hits).get(crs, 0)

    def summary(self) -> Message:
        """The counts, for the person who confirms the system."""
        found = "; ".join(
            f"{describe_crs(crs)} {hits * 100 / self.rows:.0f} %"
            for crs, hits in self.hits[:3]
            if hits
        )
        return Message(
            "metres_system_votes", rows=self.rows, votes=found or Message("no_system_fits")
        )


@dataclass(frozen=True, slots=True)
class DegreesVote:
    """Points within their commune only as WGS 84, and only as VN-2000."""

    rows: int
    only_wgs84: int
    only_vn2000: int

    @property
    def for_vn2000(self) -> bool:
        """Whether the points contradict WGS 84."""
        return speaks(self.rows, self.only_vn2000, self.only_wgs84)

    @property
    def against_vn2000(self) -> bool:
        """Whether the points contradict VN-2000."""
        return speaks(self.rows, self.only_wgs84, self.only_vn2000)

    def summary(self) -> Message:
        """The counts."""
        return Message(
            "degrees_system_votes",
            rows=self.rows,
            only_wgs84=self.only_wgs84,
            only_vn2000=self.only_vn2000,
        )


def speaks(rows: int, these: int, others: int) -> bool:
    """Whether `these` rows, explained by one system only, outweigh `others` of another one."""
    return these >= max(_BORDERLINE, rows * _BORDERLINE_SHARE) and these > others * _TIMES


def vote_on(connection: Connection, sample: Sequence[Placed], stated: str | None = None) -> Vote:
    """Try every zone of VN-2000, and the stated system, on the sample."""
    systems = dict.fromkeys((*VN2000_METRES, *([stated] if stated else ())))
    landed = {crs: _landing(connection, sample, crs, by_seat=True) for crs in systems}
    ranked = sorted(((crs, len(rows)) for crs, rows in landed.items()), key=lambda each: -each[1])
    return Vote(len(sample), tuple(ranked), landed)


def is_mixed(vote: Vote) -> tuple[str, ...]:
    """The two systems of a file joined from two; empty if one explains it.

    A second system must explain many rows that the best one does not: neighbouring zones of one
    meridian explain mostly the same rows.
    """
    best, most = vote.hits[0]
    if not most:
        return ()
    rest = [(len(rows - vote.landed[best]), crs) for crs, rows in vote.landed.items()]
    left, other = max(rest, default=(0, ""))
    of_all = vote.rows * _OF_ANOTHER
    unexplained = vote.rows - most
    return (best, other) if left >= max(_FEW, of_all, unexplained * LEAST) else ()


def vote_on_degrees(connection: Connection, sample: Sequence[Placed]) -> DegreesVote:
    """Try degrees as WGS 84 and as VN-2000, against real polygons."""
    wgs84 = _landing(connection, sample, WGS_84, by_seat=False)
    vn2000 = _landing(connection, sample, VN2000_DEGREES, by_seat=False)
    return DegreesVote(len(sample), len(wgs84 - vn2000), len(vn2000 - wgs84))


def any_polygon(connection: Connection) -> bool:
    """Whether real boundaries are loaded."""
    statement = "SELECT EXISTS (SELECT FROM boundary WHERE NOT approximate)"
    return bool(connection.execute(text(statement)).scalar_one())


def _landing(
    connection: Connection, sample: Sequence[Placed], crs: str, *, by_seat: bool
) -> frozenset[int]:
    """Indexes of the rows of the sample that are within a commune they state."""
    easts = np.array([row.east for row in sample])
    norths = np.array([row.north for row in sample])
    lon, lat = (easts, norths) if crs == WGS_84 else to_wgs84(crs, easts, norths)
    tried = [
        (n, commune, float(lon[n]), float(lat[n]))
        for n, row in enumerate(sample)
        for commune in row.communes
        if np.isfinite(lon[n]) and np.isfinite(lat[n])
    ]
    if not tried:
        return frozenset()
    ns, units, lons, lats = map(list, zip(*tried, strict=True))
    parameters = {"n": ns, "units": units, "lon": lons, "lat": lats, "by_seat": by_seat}
    parameters["near_km"] = _NEAR_SEAT_KM
    return frozenset(connection.execute(SQL.text("landing"), parameters).scalars())
