"""Addresses per second of one core through the grammar, on the real rows of the shared folder.

Each text is parsed once after a warm-up on other rows, so that its words may be known and the
address is not. Run by hand from the root: .venv/bin/python -m bench.grammar [--profile]
"""

import cProfile
import csv
import pstats
import sys
from pathlib import Path
from time import process_time

from geo.address import parse_address

ADDRESSES = Path("../shared/data/real_addresses.csv")
REPEATS = 3
SHOWN = 25


def main() -> None:
    if not ADDRESSES.is_file():
        sys.exit(f"needs the data of the shared folder, which is absent: {ADDRESSES}")
    with ADDRESSES.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    texts = [row["address"] for row in rows]
    for row in rows:
        parse_address(row["address_before_2025"])
    first = per_second(texts)
    again = max(per_second(texts) for _ in range(REPEATS))
    print(f"addresses seen for the first time {first:10,.0f} /s")
    print(f"addresses seen before             {again:10,.0f} /s")
    if "--profile" in sys.argv:
        profile(texts)


def per_second(texts: list[str]) -> float:
    start = process_time()
    for text in texts:
        parse_address(text)
    return len(texts) / (process_time() - start)


def profile(texts: list[str]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(per_second, texts)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(SHOWN)


if __name__ == "__main__":
    main()
