"""How long tests take: the fifty slowest after a run, and the folders that exceed their budget."""

import csv
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from registry.core.settings import ROOT

BUDGETS: Final = ROOT / "tests" / "budgets.csv"
_SLOWEST: Final = 50
_TOLERATED: Final = 1.5


class Durations:
    """A plugin of the process that the user started; workers report to it."""

    def __init__(self, *, everything: bool) -> None:
        self._everything = everything
        self._seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if len(self._seconds) <= _SLOWEST:
            return
        terminalreporter.section(f"{_SLOWEST} slowest tests, worker seconds")
        for name, seconds in self._seconds.most_common(_SLOWEST):
            terminalreporter.write_line(f"{seconds:7.2f} {name}")
        terminalreporter.section("worker seconds by folder")
        folders = by_folder(self._seconds)
        limits = budgets(everything=self._everything)
        for folder, seconds in folders.most_common():
            limit = limits.get(folder)
            over = limit is not None and seconds > _TOLERATED * limit
            known = "" if limit is None else f" of {limit:.0f}"
            note = "  over its budget by more than half" if over else ""
            terminalreporter.write_line(f"{seconds:7.1f}{known} {folder}{note}", yellow=over)


def by_folder(seconds: dict[str, float]) -> Counter[str]:
    """Seconds of each folder of tests, or of doctests, by the ids of their tests."""
    folders: Counter[str] = Counter()
    for name, each in seconds.items():
        path = Path(name.partition("::")[0])
        folders[str(path.parent) if path.parts[0] == "tests" else "doctests"] += each
    return folders


def budgets(*, everything: bool) -> dict[str, float]:
    """Worker seconds that each folder may take, in the gate or with `--all`."""
    with BUDGETS.open(encoding="utf-8", newline="") as stream:
        return {row["folder"]: float(row["all" if everything else "gate"])
                for row in csv.DictReader(stream)}  # fmt: skip
