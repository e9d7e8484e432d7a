"""The harness of measurements: its scenarios, and the file of results."""

import json
from pathlib import Path

import pytest

from bench.__main__ import known
from bench.harness import Bench, Figure, Scenario, compare, record, run
from bench.registers import Registers
from registry.core.settings import ROOT

pytestmark = pytest.mark.gate


def nothing_to_open() -> Bench:
    return Bench(Registers(""), households=10, seconds=1, sample=1, show=0)


def test_scenario_names_are_unique() -> None:
    folder = ROOT / "bench/scenarios"
    listed = sum(path.read_text("utf-8").count("    Scenario(") for path in folder.glob("*.py"))
    alone = sum(path.read_text("utf-8").count("(Scenario(") for path in folder.glob("*.py"))
    assert len(known()) == listed + alone


def test_variants_alternate_after_a_warm_up_run() -> None:
    called: list[str] = []
    sides = {"ours": lambda: called.append("ours"), "bare": lambda: called.append("bare")}
    (figure,) = compare("a call", "µs", sides, rounds=2)
    assert called == ["ours", "bare"] * 3
    assert (figure.baseline, figure.ratio is None) == ("bare", not figure.baseline_value)


def test_repeated_measurement_replaces_the_former_figure(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    values = iter((4.0, 2.0))
    scenario = Scenario("s", "", lambda _bench: [Figure("n", next(values), "ms", "p50")])
    record(path, list(run(nothing_to_open(), [scenario])))
    (first,) = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps([first | {"promised": "5 ms"}]), "utf-8")
    record(path, list(run(nothing_to_open(), [scenario])))
    (second,) = json.loads(path.read_text("utf-8"))
    assert (first["value"], second["value"], second["promised"]) == (4.0, 2.0, "5 ms")
    assert {"scenario", "name", "measure", "unit", "date", "commit", "machine"} <= second.keys()


def test_committed_results_are_valid_figures() -> None:
    for each in json.loads((ROOT / "docs/benchmarks.json").read_text("utf-8")):
        assert {"scenario", "name", "value", "unit", "date"} <= each.keys(), each
        assert isinstance(each["value"], int | float)
