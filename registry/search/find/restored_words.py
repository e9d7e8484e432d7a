"""Corrects spaces and lost diacritics in the name of a street or hamlet in a text.

Nothing else is corrected: whether a name with another letter is that street is decided by the exact
reading of what was typed.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

from geo.syllables import is_word
from registry.core.batching import LINES, Ask, Query, bulk
from registry.core.sql import Statements
from registry.units.by_letters import (
    EDIT,
    LIKE,
    MARGIN,
    TRIMMED,
    Squashed,
    letters_of,
    match_in,
    plain,
    squash,
)

_LOOKED_AT: Final = 12
_STREET: Final = "duong"
_SLIPS: Final = 3
"""Most wrong letters in that word, before a known street."""
_LAST_WORD: Final = re.compile(r"\d\S*\s+([^\W\d_]+)$")
_BEHIND: Final = 9
"""Letters before a street in which its number must end."""
_SHORTEST: Final = 4
"""Least letters of a name."""
SQL: Final = Statements(__file__, "queries.sql", lines=LINES)
_PLACES: Final = bulk(
    SQL.written("names_of_places"),
    (("unit_id", "int"),),
)


def restore_places(text: str, communes: Iterable[int], *, marks: bool) -> Query[str]:
    """Return the text with the spaces of one street or hamlet of these communes after a number
    corrected; with `marks`, also its lost diacritics.
    """
    rows = yield Ask(_PLACES, tuple((unit,) for unit in communes))
    head = text.strip(TRIMMED)
    squashed = Squashed.of(head)
    names: dict[str, set[str]] = {}
    for _, _, name in rows:
        names.setdefault(squash(name), set()).add(name)
    near = process.extract(
        squashed.letters,
        list(names),
        scorer=fuzz.partial_ratio,
        score_cutoff=LIKE,
        limit=_LOOKED_AT,
    )
    found = [
        (len(name) - EDIT * match.edits, match, name)
        for name, _, _ in near
        if len(name) >= _SHORTEST
        and (match := match_in(name, squashed.letters, squashed.words))
        and any(map(str.isdigit, squashed.letters[: match.start][-_BEHIND:]))
    ]
    if not found:
        return head
    worth, match, name = max(found, key=lambda one: one[0])
    start, end = squashed.at[match.start], squashed.to[match.end - 1]
    meant = min(names[name])
    typed = _spaced(head[start:end], meant)
    rival = match.edits and any(one[0] > worth - MARGIN for one in found if one[2] != name)
    marks = marks and not match.edits
    if len(names[name]) == 1 and not rival and _is_meant(typed, meant, marks=marks):
        typed = meant
    before = head[:start].rstrip()
    kind = _LAST_WORD.search(before)
    if kind and not is_word(kind[1]) and OSA.distance(squash(kind[1]), _STREET) <= _SLIPS:
        before = before[: kind.start(1)].rstrip()  # `ưĐờnnng`
    return f"{before} {typed}{head[end:]}"


def _is_meant(typed: str, name: str, *, marks: bool) -> bool:
    """Whether each differing word is invalid, or, with `marks`, has lost its diacritics."""
    words, meant = typed.lower().split(), name.lower().split()
    return len(words) == len(meant) and all(
        word == other or not is_word(word) or (marks and word == letters_of(other))
        for word, other in zip(words, meant, strict=True)
    )


def _spaced(typed: str, name: str) -> str:
    """Return what was typed, with spaces where the name has them."""
    letters = [sign for sign in typed if plain(sign)]
    letters_typed = letters_of(typed)
    if len(letters_typed) != len(letters):
        return typed
    ends = list(accumulate(len(letters_of(word)) for word in name.split()[:-1]))
    moved = dict(_aligned(letters_of(name), letters_typed))
    # If letters were swapped, a typed space shows where the word ends.
    spaces = set(accumulate(len(letters_of(word)) for word in typed.split()[:-1]))
    found = (moved.get(end, end) for end in ends)
    near = (next((at for at in (end, end - 1, end + 1) if at in spaces), end) for end in found)
    cuts = [0, *near, len(letters)]
    return " ".join("".join(letters[a:b]) for a, b in pairwise(cuts) if a < b)


def _aligned(name: str, typed: str) -> Iterator[tuple[int, int]]:
    """Yield the position of each letter of the name in what was typed."""
    for step in Levenshtein.opcodes(name, typed):
        for offset in range(step.src_end - step.src_start + 1):
            yield step.src_start + offset, min(step.dest_start + offset, step.dest_end)
