"""Seconds spent: by the clock, and of processors, which other work disturbs less."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: by the clock, and of processors."""

    wall: float
    program: float
    server: float
    staged: float = 0.0
    """Of an import: by the clock, what came behind reading the file."""

    def __str__(self) -> str:
        return (
            f"{self.wall:.2f} s; processors: program {self.program:.2f}, server {self.server:.2f}"
        )


class Clock:
    """What has been spent since it was made."""

    def __init__(self, engine: Engine) -> None:
        with engine.connect() as connection:
            pid_file = connection.execute(text("SELECT pg_read_file('postmaster.pid')"))
            self._postmaster = int(str(pid_file.scalar_one()).split()[0])
        self._start = self._now()

    def spent(self) -> Spent:
        return Spent(*(now - then for now, then in zip(self._now(), self._start, strict=True)))

    def _now(self) -> tuple[float, float, float]:
        times = os.times()
        program = times.user + times.system + times.children_user + times.children_system
        return time.perf_counter(), program, self._server()

    def _server(self) -> float:
        """Of all its processes, those that have ended among them."""
        own = Path(f"/proc/{self._postmaster}")
        children = (own / f"task/{self._postmaster}/children").read_text().split()
        ticks = sum(_ticks(own)[:4])
        for child in children:
            with suppress(OSError):  # it has just ended
                ticks += sum(_ticks(Path("/proc") / child)[:2])
        return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(process: Path) -> list[int]:
    """Of a process: user, system, and both of the children that it has waited for."""
    return [
        int(field) for field in (process / "stat").read_text().rpartition(")")[2].split()[11:15]
    ]
