"""Words of a text set right by their letters: for kinds, and the spaces of a street's name.

Only spaces and lost marks are set right: whether a name with another letter is that street, the
exact reading decides, by what was typed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

from geo import lexicon
from geo.flat import FLATS
from geo.house_number import ALLEYS
from geo.kinds import HINTS
from geo.syllables import is_syllable, is_unwritten
from geo.text import accent_key, fold, has_diacritics, is_one_slip
from registry.records import PLACES
from registry.search.batching import Ask, Query, bulk
from registry.search.by_letters import (
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
from registry.search.likeness import Vocabulary

_OTHER_HALVES: Final = {"căn": ("hộ",), "số": ("nhà",), "tòa": ("toà",)}
KINDS: Final = tuple(
    dict.fromkeys(
        word
        for role in sorted(lexicon.ROLES)
        for kind in lexicon.kinds(role, "slips")
        for word in (*kind.split(), *_OTHER_HALVES.get(kind, ()))
    )
)
"""Words that say what kind of place follows, one by one."""
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


_BARE_KINDS: Final = tuple(dict.fromkeys(map(fold, KINDS)))
_WRITTEN: Final = re.compile(r"[^\W\d_]{3,9}")
_FIRST_HALVES: Final = frozenset(("to", "dan", "khu", "can", "chung", "thi", "thanh"))
"""Words behind which the other half of a kind stands: `Tổ dân phố`."""
_OPENS: Final = re.compile(r"\d|[,;(–-]$")
"""What stands before a word that opens a part: a comma, or a number."""
_LONG: Final = 5
"""Letters of a word that is one anywhere."""
_WORDS_REMEMBERED: Final = 1 << 14
_OTHERS: Final = frozenset(
    word
    for phrase in (*FLATS, *ALLEYS, *HINTS)
    for words in (phrase.accents, phrase.keys)
    for word in words
)
"""`Kiot 3` is a stall, and no slip of `kiệt 3`; nor is `đối diện` one of `đại diện`."""


def mend_kinds(vocabulary: Vocabulary, text: str) -> str:
    """The text with those words set right that nothing is called, and that are one slip of the
    keyboard from one word for a kind: `12 đườg Lê Lợi, Phườngg Láng`.
    """
    accented = has_diacritics(text)
    kinds = KINDS if accented else _BARE_KINDS

    def mended(found: re.Match[str]) -> str:
        word = found[0].lower()
        before = text[: found.start()].rstrip().split()[-1:]
        opens = not before or _OPENS.search(before[0]) or fold(before[0]) in _FIRST_HALVES
        key = accent_key(word) if accented else fold(word)
        if found[0].isupper() or key in _OTHERS:
            return found[0]
        if is_word(word):  # `Đưng`; but `Ngo`, `Khuc` have lost marks
            name = not (opens and has_diacritics(word)) or vocabulary.is_common(key, accented=True)
        else:
            name = (len(word) < _LONG and not opens) or vocabulary.knows(key, accented=accented)
        near = [] if name else [kind for kind in kinds if is_one_slip(word, kind)]
        if len(near) > 1:  # a letter is left out, or typed twice, sooner than it is another one
            near = [kind for kind in near if len(kind) != len(word)]
        return near[0] if len(near) == 1 else found[0]

    return _WRITTEN.sub(mended, text)


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


@lru_cache(_WORDS_REMEMBERED)
def is_word(word: str) -> bool:
    """Whether it may be a word as it stands, its marks included."""
    return is_syllable(word) and not is_unwritten(word)


def has_lost_marks(text: str) -> bool:
    """Whether a word stands without the marks that it cannot be written without.

    >>> has_lost_marks("85 Lê Van Thinh, Viet Nam"), has_lost_marks("85 Lê Lai, Việt Nam")
    (True, False)
    """
    return _BARE.search(unicodedata.normalize("NFC", text)) is not None


def restore_places(text: str, communes: Iterable[int], *, marks: bool) -> Query[str]:
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
    """Whether each word that is not the name's is none at all; with `marks`, or lost its marks."""
    words, meant = typed.lower().split(), name.lower().split()
    return len(words) == len(meant) and all(
        word == other or not is_word(word) or (marks and word == letters_of(other))
        for word, other in zip(words, meant, strict=True)
    )


def _spaced(typed: str, name: str) -> str:
    """What was typed, with its spaces where the name has them."""
    letters = [sign for sign in typed if plain(sign)]
    letters_typed = letters_of(typed)
    if len(letters_typed) != len(letters):
        return typed
    ends = list(accumulate(len(letters_of(word)) for word in name.split()[:-1]))
    moved = dict(_aligned(letters_of(name), letters_typed))
    # Where letters changed places, a space that was typed tells where the word ends.
    spaces = set(accumulate(len(letters_of(word)) for word in typed.split()[:-1]))
    found = (moved.get(end, end) for end in ends)
    near = (next((at for at in (end, end - 1, end + 1) if at in spaces), end) for end in found)
    cuts = [0, *near, len(letters)]
    return " ".join("".join(letters[a:b]) for a, b in pairwise(cuts) if a < b)


def _aligned(name: str, typed: str) -> Iterator[tuple[int, int]]:
    """Where each letter of the name stands in what was typed."""
    for step in Levenshtein.opcodes(name, typed):
        for offset in range(step.src_end - step.src_start + 1):
            yield step.src_start + offset, min(step.dest_start + offset, step.dest_end)
