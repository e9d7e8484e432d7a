"""The table of row problems: every problem is detected and has a message."""

import re
from pathlib import Path

import pytest

from registry import intake
from registry.core.settings import ROOT
from registry.intake.judging.problems import PROBLEMS, RULES

FOLDER = Path(intake.__file__).parent
PATTERN = re.compile(r"~ '((?:[^']|'')*)'")


def test_every_rule_has_a_distinct_message() -> None:
    assert {rule.code for rule in RULES} <= PROBLEMS.keys()
    assert len({kind.vi for kind in PROBLEMS.values()}) == len(PROBLEMS)


def test_patterns_fit_the_whole_text() -> None:
    """Not every kind of SQL looks for a pattern inside of a text."""
    patterns = [each for rule in RULES for each in PATTERN.findall(rule.predicate + rule.value)]
    assert patterns
    assert [each for each in patterns if each[0] != "^" or each[-1] != "$"] == []


@pytest.mark.parametrize("stage", ["judging", "matching"])
def test_problems_without_a_rule_are_raised_by_a_step_of_their_stage(stage: str) -> None:
    """Named in full, or by its end: `field || '_ambiguous'`."""
    folders = (FOLDER / stage, ROOT / "registry" / "records" / "external_ids")
    files = (p for each in folders for p in each.iterdir() if p.suffix in (".py", ".sql"))
    written = "".join(path.read_text("utf-8") for path in files)
    found_by_rules = {rule.code for rule in RULES}
    kinds = [kind for kind in PROBLEMS.values() if kind.stage == stage]
    others = [kind for kind in kinds if kind.code not in found_by_rules]
    assert others
    for kind in others:
        end = kind.code.partition("_")[2]
        assert re.search(rf"['\"]{kind.code}['\"]|[}}']_{end}", written), kind.code
