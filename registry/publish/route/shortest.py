"""The shortest order of a route, as far as a process of its own finds it in a few seconds."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from registry.publish.route.distances import Point
from registry.publish.route.routing_server import Matrix

MAX_STOPS: Final = 1_000
"""Of one route: the table of all ways grows as their square."""
_PER_STOP_S: Final = 0.01
_LIMITS_S: Final = (0.5, 3.0)
"""The least and the most that is given to the search."""
_ENDED_S: Final = 15.0
"""After so long it is ended, whatever it does."""
_SOLVER: Final = Path(__file__).with_name("solver.py")


class TooLateError(Exception):
    """No order was found in time."""


def shortest(
    points: Sequence[Point], order: Sequence[int], *, is_open: bool, costs: Matrix | None = None
) -> list[int]:
    """The places of the stops among `points`, in an order that is no longer than `order`.

    The first point is where the route begins; the last where it ends, unless it is `is_open`.
    Raises TooLateError.
    """
    least, most = _LIMITS_S
    asked = {
        "points": points,
        "costs": costs,
        "open": is_open,
        "order": list(order),
        "limit_s": min(most, max(least, len(order) * _PER_STOP_S)),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_SOLVER)],
            input=json.dumps(asked).encode(),
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
