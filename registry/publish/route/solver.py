"""A program that searches for the shortest order of a route, and exits.

It runs in a process of its own, so that its time and memory do not affect a server. It reads
{points, costs, open, order, limit_s} as JSON from standard input and writes {order} as JSON. The
route starts at the first point and ends at the last; `open` routes end at any stop and have no last
point. `costs` are from each point to each, or null for straight lines; `order` is the initial
solution, and the result is never longer.

By default no optimiser is asked: the odd side of a street up, the even down. PyVRP could do time
windows and capacities, too.
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
"""Iterations without improvement after which the search stops."""


def solve(
    points: list[list[float]],
    costs: list[list[float]] | None,
    *,
    is_open: bool,
    order: list[int],
    limit_s: float,
) -> list[int]:
    """Return the stops, as indices of `points`, in the best order found in time."""
    at = np.array(points, dtype=float)
    table = _straight(at) if costs is None else np.array(costs, dtype=float)
    if is_open:
        # A virtual end that costs nothing to reach from any stop.
        table = np.pad(table, ((0, 1), (0, 1)))
    scaled: Any = np.rint(table * _PER_METRE).astype(np.int64)
    np.fill_diagonal(scaled, 0)
    last = len(scaled) - 1
    stops = range(1, last)
    data = pyvrp.ProblemData(
        [pyvrp.Location(float(place), 0.0) for place in range(len(scaled))],
        [pyvrp.Client(stop) for stop in stops],
        [pyvrp.Depot(0), pyvrp.Depot(last)],
        [pyvrp.VehicleType(start_depot=0, end_depot=1)],
        [scaled],
        [np.zeros_like(scaled)],
    )
    shorter = min(order, _to_nearest(table, last), key=lambda way: _length(table, way, last))
    initial = pyvrp.Solution(data, [pyvrp.Route(data, [stop - 1 for stop in shorter], 0)])
    stop = MultipleCriteria([MaxRuntime(limit_s), NoImprovement(_NO_BETTER)])
    found = pyvrp.solve(data, stop, collect_stats=False, initial_solution=initial)
    (route,) = found.best.routes()
    return [visit.idx + 1 for visit in route if visit.is_client()]


def _to_nearest(table: np.ndarray[Any, Any], last: int) -> list[int]:
    """Return the nearest-neighbour order, an initial solution if the given one is longer."""
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
    """Return metres in straight lines, as `registry.publish.route.distances` does."""
    lon, lat = at[:, 0], at[:, 1]
    middle = np.radians((lat[:, None] + lat[None, :]) / 2)
    east = (lon[:, None] - lon[None, :]) * np.cos(middle)
    metres: np.ndarray[Any, Any] = _DEGREE_M * np.hypot(east, lat[:, None] - lat[None, :])
    return metres


if __name__ == "__main__":
    problem = json.load(sys.stdin.buffer)
    problem["is_open"] = problem.pop("open")
    json.dump({"order": solve(**problem)}, sys.stdout)
