"""Finds a short order of a route in a separate process, within a few seconds."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from registry.publish.route.distances import Point
from registry.publish.route.routing_server import Matrix

MAX_STOPS: Final = 1_000
"""Stops of a route: the table of costs grows with their square."""
_PER_STOP_S: Final = 0.01
_LIMITS_S: Final = (0.5, 3.0)
"""Least and greatest duration of the search."""
_ENDED_S: Final = 15.0
"""The process is killed after this time."""
_SOLVER: Final = Path(__file__).with_name("solver.py")


class TooLateError(Exception):
    """No order was found in time."""


def shortest(
    points: Sequence[Point], order: Sequence[int], *, is_open: bool, costs: Matrix | None = None
) -> list[int]:
    """Return the stops, as indices of `points`, in an order no longer than `order`.

    The route starts at the first point; it ends at the last, unless `is_open`. Raises TooLateError.
    """
    least, most = _LIMITS_S
    problem = {
        "points": points,
        "costs": costs,
        "open": is_open,
        "order": list(order),
        "limit_s": min(most, max(least, len(order) * _PER_STOP_S)),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_SOLVER)],
            input=json.dumps(problem).encode(),
            capture_output=True,
            check=False,
            timeout=_ENDED_S,
        )
    except subprocess.TimeoutExpired as error:
        raise TooLateError from error
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    found: list[int] = json.loads(done.stdout)["order"]
    if sorted(found) != sorted(order):
        raise RuntimeError("the solver lost a stop")
    return found
