"""What both READMEs and the walk-throughs show is what a newcomer gets after the first `bin/run`.

But for the page of docs/shop.md, which tests/browser/test_shop.py opens.
"""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry.core.settings import ROOT
from registry.ops.demo.wanted import FIRST_HOUSEHOLDS
from tests.support.running import (
    Run,
    clean_environment,
    diachiso,
    own_var,
    private,
    starter,
    status,
)
from tests.support.waiting import eventually
from tests.system.test_docs import LEFT_OUT, SERVER, differences
from tests.system.test_run import imports

LOADED = "demo: loaded"
BLOCK = re.compile(r"^```(bash|json|python|text)\n(.+?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Example:
    """Commands, and their documented output."""

    commands: str
    printed: list[tuple[str, str]]


def examples(page: str) -> list[Example]:
    """Every example of a page, but for `bin/run` itself."""
    found: list[Example] = []
    for kind, content in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if kind == "bash":
            found.append(Example(content, []))
        elif kind == "python":
            found.append(Example(f"python3 - <<'PYTHON'\n{content}PYTHON\n", []))
        else:
            found[-1].printed.append((kind, content))
    assert found
    return [example for example in found if "bin/run " not in example.commands]


@dataclass(frozen=True)
class Starts:
    """The first two of a checkout, of which the second runs; and its var/."""

    first: Run
    next: Run
    folder: Path
    var: Path


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starts]:
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "bin").symlink_to(ROOT / "bin")
    with own_var() as var, starter(var, folder) as start:
        first = start(demo=True)
        assert status(f"{first.url()}/v1/units/00004") == 200  # answers while it loads
        (folder / "var").mkdir()
        eventually(lambda: LOADED in first.text(), first.text(), within_s=120)
        assert first.end() == 0
        yield Starts(first, start(demo=True), folder, var)


def households(url: str) -> int:
    """How many dwellings the register holds, the made-up ones too."""
    with urllib.request.urlopen(f"{url}/v1/coverage?demo=true", timeout=30) as answer:
        return sum(unit["dwellings"] for unit in json.load(answer)["units"])


@pytest.fixture(scope="module")
def newcomer(starts: Starts) -> tuple[str, Path, Path]:
    """Where it serves, the checkout, and its var/."""
    return starts.next.url(), starts.folder, starts.var


def test_first_start_loads_the_demo_and_the_next_keeps_it(
    starts: Starts, newcomer: tuple[str, Path, Path]
) -> None:
    url, _, var = newcomer
    assert "demo" not in starts.next.text()
    assert households(url) == FIRST_HOUSEHOLDS
    asked = diachiso("demo", "--if-empty", DIACHISO_VAR=str(var))
    assert (asked.returncode, asked.stdout) == (0, ""), asked.stderr
    assert "left as it is" in asked.stderr
    assert imports(private(var).url()) == ["published"]


def output_of(commands: str, newcomer: tuple[str, Path, Path]) -> str:
    url, folder, var = newcomer
    done = subprocess.run(
        ["bash", "-c", commands.replace(SERVER, url)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=folder,
        env={**clean_environment(), "DIACHISO_VAR": str(var)},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def documents(text: str) -> list[Any]:
    """The JSON documents that stand in a text one after the other."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


def pattern_of(shown: str) -> re.Pattern[str]:
    """Matches output as documented; the line `…` is any lines, `…` in a line any text."""
    lines = shown.splitlines(keepends=True)
    return re.compile(
        "".join(
            "(?:.*\n)*" if line.strip() == LEFT_OUT else re.escape(line).replace(LEFT_OUT, ".*")
            for line in lines
        )
    )


def wrong_of(example: Example, output: str) -> list[str]:
    """How the output is not as the page shows it."""
    kinds = {kind for kind, _ in example.printed}
    if not kinds:
        return []
    if kinds == {"text"}:
        ((_, shown),) = example.printed
        # A byte order mark, with which Excel knows UTF-8, is not seen.
        real = output.replace("\ufeff", "")
        return [] if pattern_of(shown).fullmatch(real) else [f"printed:\n{real}"]
    shown_documents = [json.loads(content) for _, content in example.printed]
    real_documents = documents(output)
    if len(shown_documents) != len(real_documents):
        return [f"{len(real_documents)} answers"]
    pairs = zip(shown_documents, real_documents, strict=True)
    return [d for shown, real in pairs for d in differences(shown, real)]


READMES = ("README.md", "README.vi.md")


# The last of docs/office.md replace the demonstration.
@pytest.mark.parametrize("page", [*READMES, "docs/carrier.md", "docs/shop.md", "docs/office.md"])
def test_every_example_prints_the_documented_output(
    newcomer: tuple[str, Path, Path], page: str
) -> None:
    wrong = []
    for example in examples(page):
        found = wrong_of(example, output_of(example.commands, newcomer))
        wrong += [f"{example.commands.strip()}\n" + "\n".join(found)] if found else []
    assert not wrong, "\n\n".join(wrong)


def test_readme_is_short_with_an_example_for_each_kind_of_reader() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 150
    asked = ("/v1/geocode", "/v1/validate", "bin/diachiso import")
    for question, example in zip(asked, examples("README.md"), strict=True):
        assert question in example.commands
        assert example.printed


def test_readme_says_the_same_in_both_languages() -> None:
    english, vietnamese = (outline(page) for page in READMES)
    assert english == vietnamese
    assert examples("README.md") == examples("README.vi.md")


def outline(page: str) -> list[str]:
    """Where headings, tables' rows and links to pages stand, whatever language is between them."""
    text = (ROOT / page).read_text(encoding="utf-8").split("\n## ", 1)[1]
    return re.findall(r"^#+(?= )|^\|(?= )|\]\([^)]+\)", text, re.MULTILINE)
