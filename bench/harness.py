"""Scenarios, the clock they share, and figures as data.

A scenario yields figures. What two ways of doing the same cost is measured in turns within one run:
other work on the machine then disturbs both alike, and the ratio holds where seconds do not.
"""

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg

from registry.core.settings import ROOT
from registry.ops.cluster.host import memory_bytes

if TYPE_CHECKING:
    from bench.registers import Registers

ROUNDS: Final = 5
_SCALES: Final = {"s": 1, "ms": 1e3, "µs": 1e6}
_IDENTITY: Final = ("scenario", "name", "measure")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number, and what it is compared with."""

    name: str
    value: float
    unit: str
    measure: str = ""
    """Column of the table, where a scenario measures several properties of each name."""
    baseline: str = ""
    baseline_value: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline_value if self.baseline_value else None

    def __str__(self) -> str:
        name = ": ".join(filter(None, (self.name, self.measure)))
        line = f"  {name:<58} {self.value:>12,.4g} {self.unit}"
        if self.ratio is None:
            return line
        return f"{line}; {self.baseline} {self.baseline_value:,.4g}, ratio {self.ratio:.2f}"


@dataclass(frozen=True, slots=True)
class Bench:
    """What scenarios are given: options of the command line, and registers."""

    registers: "Registers"
    households: int
    seconds: float
    """How long each kind of request is repeated."""
    sample: int
    """How many texts, doors or stops are drawn where a scenario samples."""
    show: int
    """How many examples of wrong answers are printed."""

    @property
    def shared(self) -> Path | None:
        """The folder of real boundaries and addresses."""
        folder = Path(os.environ.get("DIACHISO_SHARED", "")) / "data"
        return folder if "DIACHISO_SHARED" in os.environ and folder.is_dir() else None

    def shared_file(self, name: str) -> Path:
        """A file of that folder; scenarios that need one cannot run without it."""
        if self.shared is None:
            raise SystemExit(f"{name} is needed: DIACHISO_SHARED must name the folder of real data")
        return self.shared / name

    def register(self, households: int | None = None, **more: Any) -> str:
        """URL of a register of made-up households (`Registers.made`)."""
        return self.registers.made(households or self.households, shared=self.shared, **more)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What can be measured by name."""

    name: str
    summary: str
    measure: Callable[[Bench], Iterable[Figure]]


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of processors: this program with its children, and a server."""

    wall: float
    program: float
    server: float = 0.0

    @property
    def processors(self) -> float:
        return self.program + self.server

    @classmethod
    def median(cls, each: list["Spent"]) -> "Spent":
        return cls(*(median(getattr(one, name) for one in each) for name in cls.__slots__))


class Clock:
    """What has been spent since it was made; of PostgreSQL too where its URL is given."""

    def __init__(self, url: str | None = None) -> None:
        self._server = postmaster(url) if url else None
        self._start = self._now()

    def spent(self) -> Spent:
        return Spent(*(now - then for now, then in zip(self._now(), self._start, strict=True)))

    def _now(self) -> tuple[float, float, float]:
        usage = map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
        program = sum(each.ru_utime + each.ru_stime for each in usage)
        server = sum(processor_s(self._server)) if self._server else 0.0
        return time.perf_counter(), program, server


def postmaster(url: str) -> int:
    """Process id of the PostgreSQL server; it must run on this machine."""
    with psycopg.connect(url) as connection:
        connection.execute("SET ROLE NONE")  # sessions start as the application's role
        found = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    return int(str((found or ("0",))[0]).split()[0])


def children(pid: int) -> list[int]:
    """Ids of the processes that a process started and that still run."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def processor_s(pid: int) -> list[float]:
    """Seconds of the processor: of a process with the children it waited for, and of each child."""
    spent = []
    for one in (pid, *children(pid)):
        with suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks = sum(map(int, fields[11 : 15 if one == pid else 13]))
            spent.append(ticks / os.sysconf("SC_CLK_TCK"))
    return spent


def memory_mb(pid: int) -> dict[str, float]:
    """Megabytes of a process: resident, its share of what several have, and its own."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup}
    own = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return {"resident": sizes["Rss"], "proportional": sizes["Pss"], "own": own}


def timed(work: Callable[[], object], url: str | None = None) -> Spent:
    """What one call takes."""
    clock = Clock(url)
    work()
    return clock.spent()


def in_turns(
    sides: Mapping[str, Callable[[], object]], *, url: str | None = None, rounds: int = ROUNDS
) -> dict[str, Spent]:
    """Medians, each side called once a round; the first round fills caches and is not counted."""
    taken: dict[str, list[Spent]] = {name: [] for name in sides}
    for _ in range(rounds + 1):
        for name, work in sides.items():
            taken[name].append(timed(work, url))
    return {name: Spent.median(each[1:]) for name, each in taken.items()}


def command(url: str, *words: str) -> tuple[str, Spent, float]:
    """What `diachiso` prints in a process of its own, what that takes, and megabytes at most."""
    return child([sys.executable, "-m", "scripts.main", *words], DATABASE_URL=url)


def child(
    line: list[str], *, within_s: float = float("inf"), **environment: str
) -> tuple[str, Spent, float]:
    """The same of any program; raises SystemExit where it fails or takes longer."""
    started, most = time.perf_counter(), 0.0
    ours = {"PYTHONPATH": str(ROOT), **environment}
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(line, cwd=ROOT, env=os.environ | ours, stdout=printed)
        # `ru_maxrss` counts what this process had when it started that one.
        while True:
            most = _highest_mb(process.pid) or most
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.perf_counter() - started > within_s:
                process.kill()
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        spent = Spent(time.perf_counter() - started, used.ru_utime + used.ru_stime)
        printed.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(line)} ended with {process.returncode}")
        return printed.read(), spent, most


def _highest_mb(pid: int) -> float:
    """The most memory that a process has had; 0 of one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def compare(
    name: str,
    unit: str,
    sides: Mapping[str, Callable[[], object]],
    *,
    calls: int = 1,
    by: str = "wall",
    **how: Any,
) -> Iterator[Figure]:
    """Figures of the first side beside each other one.

    `calls` is how many things one call of a side does. A unit such as `rows/s` gives a rate, one
    of time the cost of a single thing. `by` says which of `Spent` counts.
    """

    def measured(seconds: float) -> float:
        return calls / seconds if unit.endswith("/s") else seconds / calls * _SCALES[unit]

    found = {side: measured(getattr(each, by)) for side, each in in_turns(sides, **how).items()}
    (_, value), *others = found.items()
    for baseline, floor in others or [("", None)]:
        yield Figure(name, value, unit, baseline=baseline, baseline_value=floor)


def percentiles(
    name: str, seconds: Iterable[float], *which: int, unit: str = "ms"
) -> Iterator[Figure]:
    """Percentiles of single calls; 50 and 99 unless others are named."""
    taken = np.array(list(seconds)) * _SCALES[unit]
    for each in which or (50, 99):
        measure = "most" if each == 100 else f"p{each}"
        yield Figure(name, float(np.percentile(taken, each)), unit, measure)


def calls(work: Callable[[Any], object], arguments: Iterable[Any]) -> list[float]:
    """Seconds of each call."""
    taken = []
    for argument in arguments:
        started = time.perf_counter()
        work(argument)
        taken.append(time.perf_counter() - started)
    return taken


def run(bench: Bench, scenarios: Iterable[Scenario]) -> Iterator[dict[str, Any]]:
    """Print each figure as it is found, and give it with where and when it was measured."""
    head = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    machine = f"{platform.machine()}, {os.cpu_count()} processors, {memory_bytes() >> 30} GiB"
    for scenario in scenarios:
        print(f"{scenario.name}: {scenario.summary}", flush=True)
        for figure in scenario.measure(bench):
            print(figure, flush=True)
            ratio = figure.ratio
            yield {
                "scenario": scenario.name,
                **{
                    name: value for name, value in asdict(figure).items() if value not in ("", None)
                },
                **({} if ratio is None else {"ratio": round(ratio, 4)}),
                "households": bench.households,
                "date": datetime.date.today().isoformat(),  # noqa: DTZ011 - the operator's day
                "commit": head.stdout.strip(),
                "machine": machine,
                "load": round(os.getloadavg()[0], 1),
            }


def record(path: Path, measured: list[dict[str, Any]]) -> None:
    """Put figures into a file of results: one measured again replaces the former one, whose
    promise is kept.
    """
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    at = {tuple(each.get(name, "") for name in _IDENTITY): each for each in kept}
    for each in measured:
        key = tuple(each.get(name, "") for name in _IDENTITY)
        former = at.get(key, {})
        at[key] = each | {name: former[name] for name in ("promised",) if name in former}
    lines = (json.dumps(each, ensure_ascii=False) for each in at.values())
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
