"""docs/problems.md tells what every problem of a row means."""

from registry.intake.judging.fix_words import FIXES
from registry.intake.judging.problems import PROBLEMS
from registry.settings import ROOT


def test_every_problem_is_told_as_it_is() -> None:
    lines = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8").splitlines()
    told = {
        cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
        for line in lines
        if line.startswith("| `")
        for cells in [line.strip("|").split("|")]
    }

    assert told.keys() == PROBLEMS.keys()
    for code, (severity, vi, en, fix) in told.items():
        kind = PROBLEMS[code]
        assert severity.endswith(f"({kind.severity})"), code
        assert (vi, en, fix) == (kind.vi, kind.en, FIXES.get(code, "").format("…")), code


def test_a_fix_is_of_a_problem() -> None:
    assert FIXES.keys() <= PROBLEMS.keys()
