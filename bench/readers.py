"""Readers that go on asking a server while something else is done, and how long they waited."""

import http.client
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np

_PAUSE_S: Final = 0.03
"""Between two questions of a reader: they are to notice, not to load the machine."""
_TIMEOUT_S: Final = 60.0


@dataclass
class Waited:
    """By kind of question: seconds of each, and answers that were no 200."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    others: Counter[str] = field(default_factory=Counter)
    loads: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        lines = []
        for kind, seconds in self.seconds.items():
            p50, p99, most = np.percentile(np.array(seconds) * 1000, [50, 99, 100])
            late = sum(each > 1 for each in seconds)
            lines.append(
                f"   {kind:<8} {len(seconds):6,} asked, p50 {p50:6.1f}, p99 {p99:7.1f},"
                f" most {most:7.1f} ms; over 1 s: {late}"
            )
        load = f"{min(self.loads, default=0):.0f} to {max(self.loads, default=0):.0f}"
        others = dict(self.others) or "none"
        return "\n".join([*lines, f"   other answers than 200: {others}; load {load}"])


@contextmanager
def reading(port: int, paths: Mapping[str, Sequence[str]]) -> Iterator[Waited]:
    """A reader of each kind, as long as the block takes; what they waited, when it has ended."""
    waited, ended = Waited(), threading.Event()
    readers = [
        threading.Thread(target=_read, args=(port, kind, asked, waited, ended))
        for kind, asked in paths.items()
    ]
    for reader in readers:
        reader.start()
    try:
        yield waited
    finally:
        ended.set()
        for reader in readers:
            reader.join()


def _read(
    port: int, kind: str, paths: Sequence[str], waited: Waited, ended: threading.Event
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    at = 0
    while not ended.wait(_PAUSE_S):
        started = time.perf_counter()
        try:
            connection.request("GET", paths[at % len(paths)])
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                waited.others[f"{kind} {answer.status}"] += 1
        except (OSError, http.client.HTTPException) as error:
            waited.others[f"{kind} {type(error).__name__}"] += 1
            connection.close()
        waited.seconds[kind].append(time.perf_counter() - started)
        waited.loads.append(os.getloadavg()[0])
        at += 1
    connection.close()
