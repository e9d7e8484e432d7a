"""Identifiers use the words of docs/glossary.md."""

import csv
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from registry.core.settings import ROOT
from tests.system.test_promises import listed

pytestmark = pytest.mark.gate

TABLE = Path(__file__).with_name("not_our_words.csv")
WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
NAME = re.compile(r"[^\W\d]\w*")


def words_of(name: str) -> str:
    """The words of an identifier, between underscores.

    >>> words_of("_TextWork"), words_of("by_heir2")
    ('_text_work_', '_by_heir2_')
    """
    return f"_{'_'.join(WORD.findall(name)).lower()}_"


def forbidden_words(names: Iterable[str], table: dict[str, str]) -> list[str]:
    """Those of the names that have a word of the table, each with what to write."""
    any_of_them = re.compile("|".join(rf"(?<=_){word}(?=_)" for word in table))
    return [
        f"{name}: write {table[word]} for {word}"
        for name in sorted(names)
        for word in any_of_them.findall(words_of(name))
    ]


def test_identifiers_contain_no_forbidden_words() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(row["word"], row["instead"]) for row in csv.DictReader(file)]
    assert rows == sorted(set(rows))
    paths: dict[str, list[Path]] = defaultdict(list)
    for path in (file for file in listed("--cached", "--others") if file.suffix == ".py"):
        for name in set(NAME.findall(path.read_text(encoding="utf-8"))):
            paths[name].append(path)
    found = [
        f"{each} ({path.relative_to(ROOT)})"
        for each in forbidden_words(paths, dict(rows))
        for path in paths[each.partition(":")[0]]
        if is_identifier(each.partition(":")[0], path)
    ]
    assert found == []


def is_identifier(name: str, path: Path) -> bool:
    """Whether the file has it in its code, and not only in its texts."""
    with path.open("rb") as source:
        tokens = tokenize.tokenize(source.readline)
        return any(token.type == tokenize.NAME and token.string == name for token in tokens)


def test_word_is_matched_whole_and_not_within_another() -> None:
    table = {"bears": "has", "is_none": "invalid"}
    names = ["bears_name", "CodeBears", "forbears", "key_is_none", "is_nonempty"]
    assert forbidden_words(names, table) == [
        "CodeBears: write has for bears",
        "bears_name: write has for bears",
        "key_is_none: write invalid for is_none",
    ]
