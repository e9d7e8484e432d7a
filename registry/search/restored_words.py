"""Words of a text set right by their letters: for kinds, and the spaces of a street's name.

Only spaces and lost marks are set right: whether a name with another letter is that street, the
exact reading decides, by what was typed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

from geo.syllables import is_syllable, is_unwritten
from registry.records import PLACES
from registry.search.asking import Ask, Steps, bulk
from registry.search.by_letters import LIKE, TRIMMED, Squashed, match_in, plain, squash
from registry.search.respelling import KINDS

_LOOKED_AT: Final = 12
_STREET: Final = "duong"
_SLIPS: Final = 3
"""Letters that may be wrong in that word, before a street that is known."""
_LAST_WORD: Final = re.compile(r"\d\S*\s+([^\W\d_]+)$")
_BEHIND: Final = 9
"""Letters before a street among which its number ends."""
_SHORTEST: Final = 4
"""Letters of a name that is looked for."""

_BARE: Final = re.compile(r"\b[a-z]*(?:ie|ye|uo)[cmnpt][gh]?\b", re.IGNORECASE)
"""Words of vowels that none has without marks: Việt, Nguyễn, đường."""
_WORD: Final = re.compile(r"(?<![\d])[^\W\d_]{1,3}(?![.\w])|[^\W\d_]{4,}")
"""Words but for abbreviations (`Đ.`, `Ng.`) and letters of a number (`12A`)."""
_LONG_FIRST: Final = sorted((kind for kind in KINDS if len(kind) > 1), key=len, reverse=True)
_IN_PIECES: Final = re.compile(
    rf"(?<!\w)(?:{'|'.join(' ?'.join(kind) for kind in _LONG_FIRST)})(?!\w)", re.IGNORECASE
)
# Of abbreviations those that nobody writes behind a number without a space, unless all is so.
_ROADS: Final = ("quốc lộ", "ql", "tl", "hl", "đt", "đh", r"đ\.", r"p\.", r"ng\.")
_BEHIND_NUMBER: Final = re.compile(
    rf"(?<=\d)(?=(?:{'|'.join((*(kind for kind in KINDS if len(kind) > 2), *_ROADS))}))",
    re.IGNORECASE,
)
_BEFORE_NUMBER: Final = re.compile(
    r"(?<=[a-zà-ỹ])(?=(?:ấp|tổ|thôn|khóm|khu phố|kp)\s?\d)", re.IGNORECASE
)


def set_kinds_apart(text: str) -> str:
    """The text with words for kinds by themselves and in one piece, that were written in several or
    in one with their neighbours.

    >>> set_kinds_apart("S ố 47 Ng õ 120, Ph ư ờng Láng"), set_kinds_apart("288Đ.LêVănQuớiấp4")
    ('Số 47 Ngõ 120, Phường Láng', '288 Đ.LêVănQuới ấp4')
    """
    text = unicodedata.normalize("NFC", text)
    text = _IN_PIECES.sub(lambda found: found[0].replace(" ", ""), text)
    return _BEFORE_NUMBER.sub(" ", _BEHIND_NUMBER.sub(" ", text))


_PLACES: Final = bulk(
    " UNION ALL ".join(
        f"SELECT k.question, p.kind, p.name FROM {{{{k}}}} JOIN {table} p"  # noqa: S608 - constants
        " ON p.unit_id = k.unit_id AND p.merged_into_id IS NULL"
        for table in PLACES
    ).replace("{{k}}", "{k}"),
    (("unit_id", "int"),),
)


def is_damaged(text: str) -> bool:
    """Whether a word of a text is none as it stands, or lacks its marks.

    >>> is_damaged("85 Lê Lai, P.2, TPHCM"), is_damaged("85 Lê L ai"), is_damaged("85 Nguyễn TTri")
    (False, True, True)
    """
    words = _WORD.findall(unicodedata.normalize("NFC", text))
    whole = all((word.isupper() and len(word) > 1) or is_word(word) for word in words)
    return not whole or has_lost_marks(text)


def is_word(word: str) -> bool:
    """Whether it may be a word as it stands, its marks included."""
    return is_syllable(word) and not is_unwritten(word)


def has_lost_marks(text: str) -> bool:
    """Whether a word stands without the marks that it cannot be written without.

    >>> has_lost_marks("85 Lê Van Thinh, Viet Nam"), has_lost_marks("85 Lê Lai, Việt Nam")
    (True, False)
    """
    return _BARE.search(unicodedata.normalize("NFC", text)) is not None


def restore_places(text: str, communes: Iterable[int], *, marks: bool) -> Steps[str]:
    """The text with the spaces of one street or hamlet of these communes set right, behind a
    number; with `marks` also those that its words have lost.
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
        (match.edits, -len(name), match, name)
        for name, _, _ in near
        if len(name) >= _SHORTEST
        and (match := match_in(name, squashed.letters))
        and any(map(str.isdigit, squashed.letters[: match.start][-_BEHIND:]))
    ]
    if not found:
        return head
    edits, _, match, name = min(found, key=lambda one: one[:2])
    start, end = squashed.at[match.start], squashed.at[match.end - 1] + 1
    meant = min(names[name])
    typed = _spaced(head[start:end], name, meant)
    rival = edits and any(one[0] <= edits + 1 for one in found if one[3] != name)
    if len(names[name]) == 1 and not rival and _is_meant(typed, meant, marks=marks and not edits):
        typed = meant
    before = head[:start].rstrip()
    kind = _LAST_WORD.search(before)
    if kind and not is_word(kind[1]) and OSA.distance(squash(kind[1]), _STREET) <= _SLIPS:
        before = before[: kind.start(1)].rstrip()  # `ưĐờnnng`
    return f"{before} {typed}{head[end:]}"


def _is_meant(typed: str, name: str, *, marks: bool) -> bool:
    """Whether each word that is not the name's is none at all; with `marks`, or lost its marks."""
    words, meant = typed.lower().split(), name.lower().split()
    return len(words) == len(meant) and all(
        word == other or not is_word(word) or (marks and word == squash(other))
        for word, other in zip(words, meant, strict=True)
    )


def _spaced(typed: str, squashed: str, name: str) -> str:
    """What was typed, with its spaces where the name has them."""
    letters = [sign for sign in typed if plain(sign)]
    letters_typed = squash(typed)
    if len(letters_typed) != len(letters):
        return typed
    ends, at = [], 0
    for word in name.split()[:-1]:
        at += len(squash(word))
        ends.append(at)
    moved = dict(_aligned(squashed, letters_typed))
    cuts = [0, *(moved.get(end, end) for end in ends), len(letters)]
    return " ".join("".join(letters[a:b]) for a, b in pairwise(cuts) if a < b)


def _aligned(name: str, typed: str) -> Iterator[tuple[int, int]]:
    """Where each letter of the name stands in what was typed."""
    for step in Levenshtein.opcodes(name, typed):
        for offset in range(step.src_end - step.src_start + 1):
            yield step.src_start + offset, min(step.dest_start + offset, step.dest_end)
