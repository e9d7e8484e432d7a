"""Numbers, titles and names of the decisions agree, and references resolve."""

import re
import subprocess

import pytest

from registry.core.settings import ROOT

pytestmark = pytest.mark.gate

PAGES = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [page.name[:5] for page in PAGES]
    assert all(re.fullmatch(r"\d{4}-", number) for number in numbers)
    assert len(numbers) == len(set(numbers))


def test_first_line_has_the_number_of_the_file_and_a_title() -> None:
    wrong = [
        page.name
        for page in PAGES
        if not re.match(rf"# {page.name[:4]} [A-Z]", page.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_references_name_existing_decisions() -> None:
    asked = ["git", "-C", str(ROOT), "grep", "-IhoE", "--untracked"]
    found = subprocess.run(
        [*asked, r"decisions/[0-9]{4}[a-z0-9-]*|(decision|quyết định) 0[0-9]{3}\b"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    names = {f"decisions/{page.stem}" for page in PAGES}
    names |= {f"{word} {page.name[:4]}" for word in ("decision", "quyết định") for page in PAGES}
    assert set(filter(None, found)) - names == set()
