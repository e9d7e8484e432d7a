"""Times and metres by road, from a routing server of the operator's: OSRM's `table` service.

Only the operator says where it is (DIACHISO_ROUTING_URL). It is told points, never whose they are.
All of it has its time; what is silent or answers nonsense is done without, and that is told.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from registry.publish.route.distances import Point

if TYPE_CHECKING:
    import requests

SILENT: Final = "routing_silent"
UNREADABLE: Final = "routing_unreadable"
_BLOCK: Final = 50
"""Points on each side of one question: OSRM takes 100 in all where nobody told it otherwise."""
_CONNECT_S: Final = 1.0
_READ_S: Final = 3.0
_WHOLE_S: Final = 5.0
_MOST_BYTES: Final = 2_000_000
"""Of one answer; two tables of 50 times 50 numbers are some 40,000."""
_LONGEST: Final = 1e9
"""Seconds or metres; more is none."""

Matrix = list[list[float]]


class RoutingError(Exception):
    """No table was to be had; `code` says why: SILENT or UNREADABLE."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Table:
    """From each point to each, in their order."""

    seconds: Matrix
    metres: Matrix


def road_table(url: str, points: Sequence[Point]) -> Table:
    """Times and metres by road between points. Raises RoutingError."""
    import requests  # four megabytes, which only who has such a server needs

    deadline = time.monotonic() + _WHOLE_S
    seconds: Matrix = [[] for _ in points]
    metres: Matrix = [[] for _ in points]
    blocks = [range(at, min(at + _BLOCK, len(points))) for at in range(0, len(points), _BLOCK)]
    with requests.Session() as session:
        session.trust_env = False
        for sources in blocks:
            for targets in blocks:
                asked = [points[at] for at in (*sources, *targets)]
                told = _asked(session, url, asked, len(sources), deadline)
                for table, member in ((seconds, "durations"), (metres, "distances")):
                    rows = _rows(told.get(member), len(sources), len(targets))
                    for at, row in zip(sources, rows, strict=True):
                        table[at] += row
    return Table(seconds, metres)


def _asked(
    session: "requests.Session", url: str, points: Sequence[Point], sources: int, deadline: float
) -> dict[str, Any]:
    places = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in points)
    first, last = range(sources), range(sources, len(points))
    query = {
        "sources": ";".join(map(str, first)),
        "destinations": ";".join(map(str, last)),
        "annotations": "duration,distance",
    }
    import requests

    left = deadline - time.monotonic()
    if left <= 0:
        raise RoutingError(SILENT)
    try:
        with session.get(
            f"{url}/table/v1/driving/{places}",
            params=query,
            timeout=(min(_CONNECT_S, left), min(_READ_S, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = b""
            for part in response.iter_content(65_536):
                body += part
                # Who sends a letter a second is silent as well.
                if time.monotonic() > deadline:
                    raise RoutingError(SILENT)
                if len(body) > _MOST_BYTES:
                    raise RoutingError(UNREADABLE)
    except requests.RequestException as error:
        raise RoutingError(SILENT) from error
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RoutingError(UNREADABLE) from error
    if not isinstance(told, dict) or told.get("code") != "Ok":
        raise RoutingError(UNREADABLE)
    return told


def _rows(table: object, height: int, width: int) -> Matrix:
    """A table as it may be believed: each number is one, and none is missing."""
    if not isinstance(table, list) or len(table) != height:
        raise RoutingError(UNREADABLE)
    for row in table:
        if not isinstance(row, list) or len(row) != width or not all(map(_is_far, row)):
            raise RoutingError(UNREADABLE)
    return [[float(cell) for cell in row] for row in table]


def _is_far(cell: object) -> bool:
    """Whether it says how far: a point that no road leads to is null there."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return False
    return 0 <= cell < _LONGEST
