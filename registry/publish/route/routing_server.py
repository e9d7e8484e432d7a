"""Times and metres by road, from the operator's routing server: OSRM's `table` service.

The operator configures it (DIACHISO_ROUTING_URL). It receives points without codes or labels.
Requests have a deadline; if the server fails, the route does without it and has a notice.
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
"""Sources and destinations of one request: OSRM takes 100 points by default."""
_CONNECT_S: Final = 1.0
_READ_S: Final = 3.0
_WHOLE_S: Final = 5.0
_MOST_BYTES: Final = 2_000_000
"""Size of one response; two tables of 50 times 50 numbers are some 40,000."""
_LONGEST: Final = 1e9
"""Seconds or metres; greater values are rejected."""

Matrix = list[list[float]]


class RoutingError(Exception):
    """No table is available; `code` is SILENT or UNREADABLE."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Table:
    """Costs from each point to each, in order."""

    seconds: Matrix
    metres: Matrix


def road_table(url: str, points: Sequence[Point]) -> Table:
    """Return times and metres by road between points. Raises RoutingError."""
    import requests  # four megabytes, needed only with a routing server

    deadline = time.monotonic() + _WHOLE_S
    seconds: Matrix = [[] for _ in points]
    metres: Matrix = [[] for _ in points]
    blocks = [range(at, min(at + _BLOCK, len(points))) for at in range(0, len(points), _BLOCK)]
    with requests.Session() as session:
        session.trust_env = False
        for sources in blocks:
            for targets in blocks:
                block = [points[at] for at in (*sources, *targets)]
                answer = _request(session, url, block, len(sources), deadline)
                for table, member in ((seconds, "durations"), (metres, "distances")):
                    rows = _rows(answer.get(member), len(sources), len(targets))
                    for at, row in zip(sources, rows, strict=True):
                        table[at] += row
    return Table(seconds, metres)


def _request(
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
                # A server that trickles its response is as good as silent.
                if time.monotonic() > deadline:
                    raise RoutingError(SILENT)
                if len(body) > _MOST_BYTES:
                    raise RoutingError(UNREADABLE)
    except requests.RequestException as error:
        raise RoutingError(SILENT) from error
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RoutingError(UNREADABLE) from error
    if not isinstance(answer, dict) or answer.get("code") != "Ok":
        raise RoutingError(UNREADABLE)
    return answer


def _rows(table: object, height: int, width: int) -> Matrix:
    """Check a table: every cell is a valid number."""
    if not isinstance(table, list) or len(table) != height:
        raise RoutingError(UNREADABLE)
    for row in table:
        if not isinstance(row, list) or len(row) != width or not all(map(_is_cost, row)):
            raise RoutingError(UNREADABLE)
    return [[float(cell) for cell in row] for row in table]


def _is_cost(cell: object) -> bool:
    """Whether it is a number in range: unreachable points are null."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return False
    return 0 <= cell < _LONGEST
