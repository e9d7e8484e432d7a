"""Counters that the processes of a server share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.core.counters import _BUCKETS, _IN_BUCKET, Counters
from registry.core.settings import ROOT


@pytest.fixture(autouse=True)
def minute(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only the test advances."""
    now = [1_000_020.0]
    monkeypatch.setattr("api.core.counters.time", SimpleNamespace(time=lambda: now[0]))
    return now


@pytest.fixture(params=["shared", "own"])
def counters(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counters]:
    made = Counters(tmp_path / "counters" if request.param == "shared" else None)
    yield made
    made.close()


def test_callers_are_counted_separately(counters: Counters) -> None:
    assert [counters.count("a"), counters.count("b"), counters.count("a")] == [1, 1, 2]
    assert [counters.look("a"), counters.look("b"), counters.look("c")] == [2, 1, 0]
    assert counters.look("a") == 2


def test_count_restarts_every_minute(counters: Counters, minute: list[float]) -> None:
    counters.count("a")
    minute[0] += 59
    assert counters.count("a") == 2
    minute[0] += 1
    assert counters.count("a") == 1


def test_busy_caller_stays_counted_among_many(counters: Counters) -> None:
    for _ in range(5):
        counters.count("busy")
    for number in range(_BUCKETS * _IN_BUCKET // 2):
        counters.count(f"caller {number}")
    assert counters.look("busy") == 5


def test_processes_count_together(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    program = (
        "import sys; from pathlib import Path; import api.core.counters as c;"
        "c.time.time = lambda: 1_000_020.0;"
        "made = c.Counters(Path(sys.argv[1]));"
        "[made.count('all') for _ in range(2_000)]"
    )
    command = [sys.executable, "-c", program, str(path)]
    running = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for _ in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    with_all = Counters(path)
    assert with_all.look("all") == 6_000
    with_all.close()


def test_file_contains_no_network_address(tmp_path: Path) -> None:
    path = tmp_path / "counters"
    made = Counters(path)
    made.count("address:203.0.113.7")
    made.close()
    assert b"203" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
