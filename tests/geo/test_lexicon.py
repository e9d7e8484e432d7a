"""The lexicon: every table loads, is in order, and holds only what the grammar knows."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from geo import lexicon
from geo.lexicon import LexiconError, read_table
from geo.pieces import pieces_of
from geo.words import words_of
from registry import intake
from registry.core.rules import LEXICON_DIGEST

FOLDER = Path(lexicon.__file__).parent
TABLES = sorted((*FOLDER.glob("*.csv"), *Path(intake.__file__).parent.rglob("*.csv")))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_table_states_its_source_and_columns(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = " ".join(line for line in lines if line.startswith("#"))
    columns = next(line for line in lines if not line.startswith("#")).split(",")
    assert "Source:" in comments
    assert [column for column in columns if f"{column}:" not in comments] == []


def test_changed_lexicon_changes_the_rules_version() -> None:
    """Registers then rewrite their keys, and earlier rows are read again."""
    rows = [
        f"{path.name}:{line}\n"
        for path in sorted(FOLDER.glob("*.csv"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    digest = sha256("".join(rows).encode()).hexdigest()[:12]
    assert digest == LEXICON_DIGEST, "raise RULES_VERSION, in registry/core/rules.py"


def test_every_role_is_known_to_the_grammar() -> None:
    """By the longest word of each, which is no part of a name."""
    longest = {word.role: word.writing for word in sorted(lexicon.words(), key=_length)}
    read = {role: pieces_of(words_of(f"{word} 7"), 0)[0].role for role, word in longest.items()}
    assert read == {role: role for role in lexicon.ROLES}


def _length(word: lexicon.Wording) -> int:
    return len(word.writing)


class _Name(NamedTuple):
    name: str
    use: str

    def fault(self, comments: str) -> str | None:
        return None if self.use else f"no use{comments}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name,what\na,b\n", 1),
        ("# a comment\nname,use\nb,x\na,x\n", 4),
        ("name,use\na,x\na,y\n", 3),
        ("name,use\na\n", 2),
        ("name,use\na, x\n", 2),
        ("name,use\na,\n", 2),
    ],
    ids=["header", "order", "twice", "cells", "spaces", "fault"],
)
def test_invalid_table_is_reported_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "names.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LexiconError, match=rf"^names.csv:{line}: "):
        read_table(path, _Name)
