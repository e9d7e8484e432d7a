"""Processor time of a geocoded row, alone and in a batch: of the program and of the database.

    python -m bench.batch DATABASE_URL FILE [ROWS]

FILE holds a text a line; no line is asked twice, and as many lines are asked before, so that what
a process remembers is filled. DATABASE_URL names a register on this machine: the time of its
server process is read from /proc. Time of a processor is less disturbed by other work than time on
the clock; still only what is measured in one run compares.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.publish.batch import outcomes
from registry.publish.batch.flat import flat
from registry.publish.batch.rows import InputRow, read_row
from registry.publish.batch.work import CHUNK
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer

ROUNDS = 6


def ask(gazetteer: Gazetteer, reads: Reads, size: int, texts: list[str]) -> None:
    """Answer all texts, so many at once."""
    for start in range(0, len(texts), size):
        rows = [InputRow({"address": text}, {}) for text in texts[start : start + size]]
        questions = [partial(read_row, "geocode", row) for row in rows]
        for outcome in outcomes(gazetteer, reads, "geocode", questions):
            flat(gazetteer, today(), "geocode", outcome)


def spent(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def measure(run: Callable[[list[str]], None], texts: list[str], pid: int) -> tuple[float, float]:
    """Microseconds a row: of this process, and of the database's."""
    ours, theirs = time.process_time(), spent(pid)
    run(texts)
    ours, theirs = time.process_time() - ours, spent(pid) - theirs
    return ours / len(texts) * 1e6, theirs / len(texts) * 1e6


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    url, file = sys.argv[1:3]
    texts = list(dict.fromkeys(Path(file).read_text("utf-8").splitlines()))
    texts = texts[: int(sys.argv[3])] if len(sys.argv) == 4 else texts
    with session_scope(make_engine(url)) as session:
        gazetteer = load_gazetteer(session)
    reads = Reads(url, pool_size=1, statement_timeout_ms=60_000)
    ((pid,),) = reads.rows("SELECT pg_backend_pid()", {})
    half = len(texts) // 2
    ask(gazetteer, reads, CHUNK, texts[:half])
    part = (len(texts) - half) // (2 * ROUNDS)
    found: dict[str, list[tuple[float, float]]] = {"alone": [], "in a batch": []}
    for at in range(ROUNDS):
        # In turns, so that what else the machine does meets both.
        for turn, (name, size) in enumerate((("alone", 1), ("in a batch", CHUNK))):
            start = half + (2 * at + turn) * part
            run = partial(ask, gazetteer, reads, size)
            found[name].append(measure(run, texts[start : start + part], pid))
    for name, figures in found.items():
        ours, theirs = sorted(figures, key=sum)[ROUNDS // 2]
        both = f"{ours:.0f} µs and {theirs:.0f} µs of the database"
        print(f"{name}: {both} a row; two processors: {2e6 / (ours + theirs):,.0f} rows/s")
    reads.close()


if __name__ == "__main__":
    main()
