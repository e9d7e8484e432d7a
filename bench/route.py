"""How long an order takes, and how much shorter it is than walking by numbers or to the nearest.

    python -m bench.made_register DATABASE_URL 200000 00199 120
    python -m bench.route DATABASE_URL [STOPS]

The stops are drawn at random from the register; lengths are straight lines. The promise: 200 stops
in 5 seconds, the start of the solver included.
"""

import random
import resource
import sys
import time
from collections.abc import Sequence

from sqlalchemy import create_engine, text

from registry.core.settings import Settings
from registry.publish.batch.pasted import read_pasted
from registry.publish.route.distances import Point, straight_m
from registry.publish.route.listing import OPERATION, lines_of
from registry.publish.route.run import Route, Wish, plan_route
from registry.publish.route.way import Way
from registry.register import Register

CODES = text(
    "SELECT code FROM household WHERE status = 'active' AND NOT restricted AND point IS NOT NULL"
    " ORDER BY md5(code) LIMIT :many"
)


def nearest(points: Sequence[Point]) -> list[int]:
    """Always to the nearest stop that is left: what one does without a plan."""
    left, order = set(range(1, len(points))), [0]
    while left:
        here = points[order[-1]]
        order.append(min(left, key=lambda at: straight_m(here, points[at])))
        left.remove(order[-1])
    return order


def main(database_url: str, many: int = 200) -> None:
    with create_engine(database_url).connect() as connection:
        codes = list(connection.execute(CODES, {"many": many}).scalars())
    random.Random(1).shuffle(codes)
    register = Register.open(Settings(limits=False), database_url)
    known = register.gazetteer.get()

    def planned(wish: Wish) -> tuple[Route, float]:
        lines = list(lines_of(read_pasted(OPERATION, "\n".join(codes), is_file=False)))
        start = time.perf_counter()
        found = plan_route(known, register.reads, lines, wish)
        return found, time.perf_counter() - start

    planned(Wish())  # connections are open, statements prepared
    walking, walking_s = planned(Wish())
    for name, wish in (
        ("open", Wish("shortest")),
        ("round trip", Wish("shortest", round_trip=True)),
    ):
        best, best_s = planned(wish)
        points = [visit.point for visit in walking.visits if visit.point]
        way = Way(points, round_trip=wish.round_trip)
        by_numbers = way.measured(range(len(points))).metres
        to_nearest = way.measured(nearest(points)).metres
        print(
            f"{name}: {len(best.visits)} stops in {best_s:.2f} s (walking order {walking_s:.2f} s);"
            f" {best.metres:,} m, by numbers {by_numbers:,} m, to the nearest {to_nearest:,} m:"
            f" {best.metres / by_numbers:.2f} and {best.metres / to_nearest:.2f} of them"
        )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"solver: {used.ru_utime + used.ru_stime:.1f} s of processor, {used.ru_maxrss // 1024} MB"
    )
    register.close()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
