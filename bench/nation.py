"""What questions cost beside every household of the country, and beside a hundredth of them.

    python -m bench.nation SMALL_URL LARGE_URL [TEXTS.csv [SECONDS]]

Two filled registers (`bin/diachiso demo --households N --csv FILE`, then `import`) are asked the
same kinds of questions by turns over HTTP, at one connection and at four: their own doors and
points, texts as the service words them, the column `address` of TEXTS as people write them, the
first letters of streets, and a mix. Lookup and reverse stand beside the bare view of `bench.http`
on the same register. Growth is the median of the large register over that of the small one
(promise: 1.5). Client, servers and databases share the machine.
"""

import csv
import random
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from bench.http import BARE, Load, labels, measure, memory_mb, sample, server
from bench.writings import without_diacritics

DOORS: Final = 2_000
ROUNDS: Final = 3
_MIX: Final = {"lookup": 4, "geocode, our texts": 2, "geocode, real texts": 2}
"""Of ten questions of the mix; reverse and autocomplete have one each."""


@dataclass(frozen=True)
class Side:
    """One register: its servers, and the paths of each kind of question."""

    bare: tuple[int, int]
    ours: tuple[int, int]
    paths: dict[str, list[str]]
    bare_paths: dict[str, list[str]]


def prepared(stack: ExitStack, url: str, texts: list[str]) -> Side:
    """A register with its servers started."""
    bare = stack.enter_context(server(BARE, url, by_wsgi=True, factory=True))
    ours = stack.enter_context(server("api.wsgi:server", url))
    doors = sample(url)[:DOORS]
    return Side(bare, ours, _paths(ours[0], doors, texts), _bare_paths(doors))


def _paths(port: int, doors: list[Any], texts: list[str]) -> dict[str, list[str]]:
    shuffled = random.Random(1)
    worded = [today for today, _ in labels(port, doors)]
    typed = [
        without_diacritics(label.split(",")[0])[: shuffled.randint(4, 14)].strip()
        for label in worded
    ]
    paths = {
        "lookup": [f"/v1/addresses/{code}" for code, _, _ in doors],
        "reverse": [f"/v1/reverse?{_near(door)}" for door in doors],
        "geocode, our texts": [f"/v1/geocode?q={quote(text)}" for text in worded],
        "geocode, real texts": [f"/v1/geocode?q={quote(text)}" for text in texts[:DOORS]],
        "autocomplete": [f"/v1/autocomplete?q={quote(text)}" for text in typed],
    }
    mix = [path for kind, each in paths.items() for path in each[: 200 * _MIX.get(kind, 1)]]
    shuffled.shuffle(mix)
    return {kind: each for kind, each in paths.items() if each} | {"mixed": mix}


def _bare_paths(doors: list[Any]) -> dict[str, list[str]]:
    return {
        "lookup": [f"/lookup/{code}" for code, _, _ in doors],
        "reverse": [f"/reverse?{_near(door)}" for door in doors],
    }


def _near(door: Any) -> str:
    _, lon, lat = door
    return f"lon={lon + 0.0003:.6f}&lat={lat + 0.0002:.6f}"


def compare(kind: str, small: Side, large: Side, connections: int, seconds: float) -> None:
    """A line: all by turns, so that what else the machine does meets them alike; medians."""
    loads = [Load(side.ours, side.paths[kind], seconds) for side in (small, large)]
    if kind in large.bare_paths:
        loads.append(Load(large.bare, large.bare_paths[kind], seconds))
    rounds = [[measure(load, connections) for load in loads] for _ in range(ROUNDS)]
    few, many, *floor = (
        sorted(column, key=lambda found: found["p50"])[ROUNDS // 2]
        for column in zip(*rounds, strict=True)
    )
    beside = ""
    if floor:
        rate, cpu = many["rate"] / floor[0]["rate"], floor[0]["cpu"] / many["cpu"]
        beside = f"  of the bare view {rate:.0%} by rate, {cpu:.0%} by cpu"
    print(
        f"{kind:<20} ({connections})  small p50 {few['p50']:6.2f} p99 {few['p99']:6.2f}"
        f"  large p50 {many['p50']:6.2f} p99 {many['p99']:6.2f} ms  {many['rate']:6,.0f}/s"
        f"  growth {many['p50'] / few['p50']:.2f}"
        f"  failed {few['failed'] + many['failed']:.0f}{beside}",
        flush=True,
    )


def main() -> None:
    """Prints the table."""
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    texts: list[str] = []
    if len(sys.argv) > 3:
        with Path(sys.argv[3]).open(encoding="utf-8", newline="") as file:
            texts = [row["address"] for row in csv.DictReader(file)]
        random.Random(2).shuffle(texts)
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 3.0
    with ExitStack() as stack:
        small, large = (prepared(stack, url, texts) for url in sys.argv[1:3])
        for connections in (1, 4):
            for kind in large.paths:
                compare(kind, small, large, connections, seconds)
        for name, side in (("small", small), ("large", large)):
            sizes = ", ".join(f"{size:.0f} MB" for size in memory_mb(side.ours[1]))
            print(f"memory of the processes, {name}: {sizes}")


if __name__ == "__main__":
    main()
