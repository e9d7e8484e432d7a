"""What needs no database: codes, and the grammar of addresses."""

import csv
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bench.harness import Bench, Figure, Scenario, compare, timed
from geo.address import parse_address
from geo.code import from_serial
from geo.code_bulk import codes_from_serials, serials_from_codes
from geo.permutation import Permutation

BULK, SCALAR = 5_000_000, 200_000


def code(_bench: Bench) -> Iterator[Figure]:
    permutation = Permutation(bytes(range(32)))
    ordinals = np.arange(BULK)
    codes = codes_from_serials(permutation.code_serials(ordinals))

    def one_by_one() -> None:
        for ordinal in range(SCALAR):
            from_serial(permutation.code_serial(ordinal))

    scalar = SCALAR / min(timed(one_by_one).program for _ in range(3))
    arrays = {"arrays": lambda: codes_from_serials(permutation.code_serials(ordinals))}
    for figure in compare("ordinals to codes", "codes/s", arrays, calls=BULK, by="program"):
        yield replace(figure, baseline="one at a time", baseline_value=scalar)
    back = {"arrays": lambda: serials_from_codes(codes)}
    yield from compare("codes to serials and validity", "codes/s", back, calls=BULK)


def grammar(bench: Bench) -> Iterator[Figure]:
    """Texts are parsed once after others, so that their words may be known and they are not."""
    path = bench.shared_file("real_addresses.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))

    def parse(column: str) -> None:
        for row in rows:
            parse_address(row[column])

    parse("address_before_2025")
    first, again = (timed(lambda: parse("address")).program for _ in range(2))
    yield Figure(
        "addresses parsed for the first time, one processor",
        len(rows) / first,
        "addresses/s",
        baseline="seen before",
        baseline_value=len(rows) / again,
    )


SCENARIOS = (
    Scenario("code", "ordinals to codes: arrays beside one at a time", code),
    Scenario("grammar", "real addresses through the grammar, one processor", grammar),
)
