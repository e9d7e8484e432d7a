"""Texts of commands are in the catalogue: their sources contain no Vietnamese."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from geo.text import has_diacritics
from registry.core.settings import ROOT
from registry.intake.judging.row_problem import RowProblem

_VIETNAMESE: Final = {
    "batch.py": "an example of a header",
    "route.py": "an example of a header, and the name of a GPX file",
}
"""Module → what is Vietnamese in it."""


def _texts(path: Path) -> Iterator[str]:
    """Strings that are not docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in described
        ):
            yield node.value


@pytest.mark.parametrize("path", sorted(ROOT.glob("scripts/*.py")), ids=lambda path: path.name)
def test_commands_contain_no_vietnamese(path: Path) -> None:
    found = [text for text in _texts(path) if has_diacritics(text)]
    assert bool(found) == (path.name in _VIETNAMESE), found


@pytest.mark.parametrize(
    ("code", "stored", "vi", "en"),
    [
        (
            "shares_door",
            "4",
            "cùng chỗ ở với dòng 4 (không kể dòng tiêu đề)",
            "the same dwelling as row 4 (without counting the header)",
        ),
        (
            "near_same_point",
            "dòng 4",
            "có thể cùng một nhà với dòng 4 (không kể dòng tiêu đề)",
            "may be the same house as row 4 (without counting the header)",
        ),
        (
            "door_ambiguous",
            "mã 39MF-KVXM (trong sổ chưa ghi xã/phường cũ)",
            "một trong: mã 39MF-KVXM (trong sổ chưa ghi xã/phường cũ)",
            "one of: code 39MF-KVXM (its former commune is not on record)",
        ),
    ],
)
def test_stored_fixes_are_shown_in_each_language(code: str, stored: str, vi: str, en: str) -> None:
    problem = RowProblem(1, None, code, "warning", None, stored)
    assert (problem.fix(None, "vi"), problem.fix(None, "en")) == (vi, en)


def test_count_of_houses_is_shown_in_each_language() -> None:
    problem = RowProblem(1, None, "point_of_many", "notice", "31 nhà", None)
    assert (problem.about("vi"), problem.about("en")) == ("31 nhà", "31 houses")
