"""Estimated points against real ones: each registered number is estimated as if it were not there.

Few real lists have three numbers of one side of one street, so the register holds all of them, and
the number asked about is left out for its own question. Their points are those of map services and
sign-ups: some of the greatest errors are the lists' own.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from bench.harness import Bench, Figure, Scenario
from bench.registers import Registers
from bench.scenarios.importing import import_rows
from registry.core.database import make_engine
from registry.core.reads import Reads
from registry.search.find.estimated import STEPS, Neighbour, between, place_of
from registry.units.boundaries.reach import moved_m

LISTS: Final = ("real_addresses", "public_places", "charging_stations")
NEAR: Final = 10
DOORS: Final = """
    SELECT street_id, substring(house_number_key FROM '^.*/'),
        substring(house_number_key FROM '[0-9]+[A-C]?$'), ST_X(point), ST_Y(point),
        position_accuracy_m
    FROM household
    WHERE status = 'active' AND point IS NOT NULL AND street_id IS NOT NULL
        AND house_number_key ~ '^([0-9]+[A-Z]?/)*[1-9][0-9]{0,3}[A-C]?$'
"""


def register_of_lists(registers: Registers, shared: Path) -> str:
    """URL of a register of all real addresses that have a point."""

    def fill(url: str) -> None:
        engine = make_engine(url)
        with TemporaryDirectory() as folder:
            for name in LISTS:
                path = Path(folder) / f"{name}.csv"
                _write(shared / f"{name}.csv", path)
                import_rows(engine, path, name)
        engine.dispose()

    return registers.kept("bench_lists", fill, shared)


def _write(path: Path, target: Path) -> None:
    with path.open(encoding="utf-8", newline="") as lines, target.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["source_ref", "address", "longitude", "latitude"])
        for row in csv.DictReader(lines):
            if row["longitude"]:
                writer.writerow([row[n] for n in ("ref", "address", "longitude", "latitude")])


def measure(bench: Bench) -> Iterator[Figure]:
    shared = bench.shared_file("real_addresses.csv").parent
    url = register_of_lists(bench.registers, shared)
    reads = Reads(url, pool_size=1, statement_timeout_ms=60_000)
    sides: dict[object, list[Neighbour]] = defaultdict(list)
    for street, alley, step, lon, lat, accuracy_m in reads.rows(DOORS, {}):
        number = place_of(step)
        sides[street, alley, int(number) % 2].append(Neighbour(number, lon, lat, accuracy_m))
    reads.close()
    asked = [(door, _others(door, doors)) for doors in sides.values() for door in doors]
    for steps in (NEAR, STEPS):
        name = f"both neighbours within {steps} numbers"
        near = [(door, others) for door, others in asked if _is_between(door, others, steps)]
        found = [
            (door, estimate) for door, others in near if (estimate := between(door[0], others))
        ]
        metres = np.array([moved_m(door[1:3], estimate[:2]) for door, estimate in found])
        inside = [m <= e.accuracy_m for m, (_, e) in zip(metres, found, strict=True)]
        yield Figure(name, len(near), "", "asked")
        yield Figure(name, len(found), "", "estimated")
        for percent in (50, 75, 90) if found else ():
            yield Figure(name, float(np.percentile(metres, percent)), "m", f"p{percent}")
        yield Figure(name, 100 * float(np.mean(inside)), "%", "within the error that is said")
    twice = [
        moved_m(one[1:3], other[1:3]) for doors in sides.values() for one, other in _twins(doors)
    ]
    yield Figure("one number given twice by the lists", len(twice), "", "asked")
    yield Figure("one number given twice by the lists", float(np.median(twice)), "m", "p50")


def _others(door: Neighbour, doors: list[Neighbour]) -> list[Neighbour]:
    return [
        other
        for other in doors
        if other.number != door.number and abs(int(other.number) - int(door.number)) <= STEPS
    ]


def _twins(doors: list[Neighbour]) -> Iterator[tuple[Neighbour, Neighbour]]:
    """Doors of one number: how far their points are apart is the lists' own error."""
    return (each for each in combinations(doors, 2) if each[0].number == each[1].number)


def _is_between(door: Neighbour, others: list[Neighbour], steps: int) -> bool:
    ahead = [other.number - door.number for other in others]
    return any(0 < far <= steps for far in ahead) and any(-steps <= far < 0 for far in ahead)


SCENARIOS = (Scenario("estimates", "estimated points of numbers, each left out in turn", measure),)
