"""Plugin of pytest for `bench.mutants`: a cluster that already runs, and which tests run a line.

It stands alone, so that it works in the checkout of any commit.
"""

import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

_DESK = os.environ["FAULTS_DESK"]
_TESTS = os.environ.get("FAULTS_TESTS")
"""File of the tests to run, in this order."""
_NOTES = os.environ.get("FAULTS_NOTES")
"""Folder with the lines to watch; what is found is written there."""
_ROOT = f"{Path.cwd().resolve()}/"
_monitoring = sys.monitoring


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if _NOTES is None:
        # As a worker of xdist, which asks the desk for the cluster.
        config.workerinput = {"workerid": os.environ["FAULTS_WORKER"], "desk": _DESK}  # type: ignore[attr-defined]
    elif hasattr(config, "workerinput"):
        config.pluginmanager.register(_Notes(Path(_NOTES), config.workerinput["workerid"]))


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["desk"] = _DESK


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _TESTS is not None:
        order = {name: at for at, name in enumerate(Path(_TESTS).read_text("utf-8").split("\n"))}
        items[:] = sorted(
            (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
        )


class _Seen:
    """What ran: watched lines, and functions of the program."""

    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()
        self.started: set[CodeType] = set()

    def add(self, other: "_Seen") -> None:
        self.lines |= other.lines
        self.started |= other.started


class _Notes:
    """Writes a line of JSON for each test that passed."""

    def __init__(self, folder: Path, worker: str) -> None:
        watched = json.loads((folder / "watched.json").read_text("utf-8"))
        self._watched = {_ROOT + path: set(lines) for path, lines in watched.items()}
        self._out = (folder / f"{worker}.jsonl").open("w", encoding="utf-8")
        self._seen = _Seen()
        self._of_fixtures: dict[object, _Seen] = {}
        self._failed = False
        tool, events = _monitoring.COVERAGE_ID, _monitoring.events
        _monitoring.use_tool_id(tool, "faults")
        _monitoring.register_callback(tool, events.LINE, self._line)
        _monitoring.register_callback(tool, events.PY_START, self._start)
        _monitoring.set_events(tool, events.LINE | events.PY_START)

    def _line(self, code: CodeType, line: int) -> object:
        if line not in self._watched.get(code.co_filename, ()):
            return _monitoring.DISABLE
        self._seen.lines.add((code.co_filename, line))
        return None

    def _start(self, code: CodeType, _offset: int) -> object:
        path = code.co_filename
        if not path.startswith(_ROOT) or path.startswith(f"{_ROOT}tests/"):
            return _monitoring.DISABLE
        self._seen.started.add(code)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """What a fixture of several tests runs counts for each of them."""
        if fixturedef.scope == "function":
            return (yield)
        outer, self._seen = self._seen, _Seen()
        try:
            return (yield)
        finally:
            self._of_fixtures[fixturedef] = self._seen
            outer.add(self._seen)
            self._seen = outer

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        report = yield
        self._failed |= not report.passed
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, Any]:
        self._seen, self._failed = _Seen(), False
        answer = yield
        if not self._failed:
            for name in item.fixturenames if hasattr(item, "fixturenames") else ():
                for definition in item._fixtureinfo.name2fixturedefs.get(name, ()):
                    self._seen.add(self._of_fixtures.get(definition, _Seen()))
            self._write(item.nodeid)
        return answer

    def _write(self, test: str) -> None:
        started = {code.co_filename for code in self._seen.started}
        found = {
            "test": test,
            "functions": len(self._seen.started),
            "lines": [[path.removeprefix(_ROOT), line] for path, line in self._seen.lines],
            "files": [path.removeprefix(_ROOT) for path in started & self._watched.keys()],
        }
        self._out.write(f"{json.dumps(found)}\n")
        self._out.flush()
