"""The solver: a program that looks for the shortest order of a route, and ends.

A process of its own: what it takes of time and memory no other caller of a server waits for. From
its input it reads {points, costs, open, order, limit_s} as JSON; it writes {order} as JSON. The
first point is where the route begins and the last where it ends; `open` routes end at any stop, and
have no such point. `costs` are from each point to each, or null for straight lines; `order` is a
way to begin with, and what is answered is never longer.
"""

import json
import sys
from typing import Any, Final

import numpy as np
import pyvrp
from pyvrp.stop import MaxRuntime, MultipleCriteria, NoImprovement

_PER_METRE: Final = 10
"""The solver counts in whole numbers: decimetres, or tenths of seconds."""
_DEGREE_M: Final = 111_195.0
_NO_BETTER: Final = 20_000
"""Tries without a better way, after which none is expected."""


def solve(
    points: list[list[float]],
    costs: list[list[float]] | None,
    *,
    is_open: bool,
    order: list[int],
    limit_s: float,
) -> list[int]:
    """The stops, by their places among `points`, in the best order that was found in time."""
    at = np.array(points, dtype=float)
    table = _straight(at) if costs is None else np.array(costs, dtype=float)
    if is_open:
        # An end that is nowhere: from each stop it costs nothing to go there.
        table = np.pad(table, ((0, 1), (0, 1)))
    whole: Any = np.rint(table * _PER_METRE).astype(np.int64)
    np.fill_diagonal(whole, 0)
    last = len(whole) - 1
    stops = range(1, last)
    data = pyvrp.ProblemData(
        [pyvrp.Location(float(place), 0.0) for place in range(len(whole))],
        [pyvrp.Client(stop) for stop in stops],
        [pyvrp.Depot(0), pyvrp.Depot(last)],
        [pyvrp.VehicleType(start_depot=0, end_depot=1)],
        [whole],
        [np.zeros_like(whole)],
    )
    begun = min(order, _to_nearest(table, last), key=lambda way: _length(table, way, last))
    initial = pyvrp.Solution(data, [pyvrp.Route(data, [stop - 1 for stop in begun], 0)])
    stop = MultipleCriteria([MaxRuntime(limit_s), NoImprovement(_NO_BETTER)])
    found = pyvrp.solve(data, stop, collect_stats=False, initial_solution=initial)
    (route,) = found.best.routes()
    return [visit.idx + 1 for visit in route if visit.is_client()]


def _to_nearest(table: np.ndarray[Any, Any], last: int) -> list[int]:
    """Always to the nearest stop that is left: a way to begin with where the given one is long."""
    order, left = [0], np.ones(last, dtype=bool)
    left[0] = False
    while left.any():
        costs = np.where(left, table[order[-1], :last], np.inf)
        order.append(int(costs.argmin()))
        left[order[-1]] = False
    return order[1:]


def _length(table: np.ndarray[Any, Any], order: list[int], last: int) -> float:
    way = [0, *order, last]
    return float(table[way[:-1], way[1:]].sum())


def _straight(at: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Metres in straight lines, as `registry.publish.route.distances` has them."""
    lon, lat = at[:, 0], at[:, 1]
    middle = np.radians((lat[:, None] + lat[None, :]) / 2)
    east = (lon[:, None] - lon[None, :]) * np.cos(middle)
    metres: np.ndarray[Any, Any] = _DEGREE_M * np.hypot(east, lat[:, None] - lat[None, :])
    return metres


if __name__ == "__main__":
    asked = json.load(sys.stdin.buffer)
    asked["is_open"] = asked.pop("open")
    json.dump({"order": solve(**asked)}, sys.stdout)
