"""Words that say what kind of place follows, typed with a slip: `Đưng Lê Lợi`, `gnõ 12`, `Thin 3`.

Passed over, such a word would take an alley, a hamlet or a flat with it. It is corrected where it
is hardly a word of which names are made and is one slip of the keyboard from a kind.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from geo.flat import FLATS
from geo.house_number import ALLEYS
from geo.kinds import HINTS
from geo.syllables import is_syllable
from geo.text import accent_key, fold, has_diacritics
from geo.values import value
from registry.search.likeness import Vocabulary, is_one_slip

_KIND_WORDS: Final = """
    đường phố ngõ ngách hẻm kiệt đại quốc lộ số nhà thôn ấp xóm bản buôn làng khóm khối tổ dân khu
    phường xã thị trấn đặc quận huyện thành tỉnh căn hộ tầng toà tòa chung cư block
"""
KINDS: Final = tuple(_KIND_WORDS.split())
"""Words that say what kind of place follows, one by one."""
_BARE: Final = tuple(dict.fromkeys(fold(kind) for kind in KINDS))
_FIRST_HALVES: Final = frozenset(
    word
    for kind in ("tổ", "dân", "khu", "căn", "chung", "thị", "thành")
    for word in (kind, fold(kind))
)
"""Words behind which the other half of a kind stands: `Tổ dân phố`."""
_ABBREVIATIONS: Final = """
    tp tx tt kp tdp ql tl đt dt hl kdc kdt kđt kcn cc ktt bt lk lo no sn hcm hn ng ngh vn pho duong
    tea toa thap day đc dc vp cn cs mt
"""
_LANDMARKS: Final = frozenset(
    word
    for hint in HINTS
    if len(hint.keys) > 1
    for words in (hint.accents, hint.keys)
    for word in words
)
"""`đối diện nhà 67` is no `đại diện`."""
_KNOWN: Final = frozenset(
    word
    for phrase in (*FLATS, *ALLEYS)
    for words in (phrase.accents, phrase.keys)
    for word in words
)
"""`Kiot 3` is a stall, and no slip of `kiệt 3`; nor is `Lane 45` one of `Làng 45`."""
_NO_SLIPS: Final = frozenset((*KINDS, *_ABBREVIATIONS.split(), *_KNOWN))
_WORD: Final = re.compile(r"[^\W\d_]{2,9}")
_NUMBER_NEXT: Final = re.compile(r"\s\d")
_NUMBERED: Final = re.compile(r"(?:^|[,;])\s*([^\W\d_]{2,9})(?=\s\d)")
_CAPITAL_SECOND: Final = re.compile(r"(?<!\w)[hxtpq][A-ZĐ][^\W\d_A-ZĐ]+")
"""`hPú` is Phú with its first letters swapped as well as `h. Pú`, a kind that stands in one word
with its name."""
_MAX_MEANT: Final = 3
_MAX_REMEMBERED: Final = 16_384


@value(frozen=True, slots=True)
class Respelling:
    """A text with one word corrected."""

    text: str
    word: str
    """As it was written."""
    kind: str
    """As it was meant."""
    sure: bool
    """Whether the word cannot be passed over: it is no syllable, or a number stands behind it."""


def respellings(vocabulary: Vocabulary, text: str) -> list[Respelling]:
    """The ways in which a misspelt word of `text` may have been meant; mostly none."""
    accented = has_diacritics(text)
    numbered = [*_swapped(text), *_numbered(text, accented=accented)]
    innocent = vocabulary.innocent[accented]
    words = _WORD.findall(text)
    # Nearly all words of nearly all texts were looked at before.
    if innocent.issuperset(words) or not _has_suspect(vocabulary, words, accented=accented):
        return numbered[:_MAX_MEANT]
    found = []
    for match in _WORD.finditer(text):
        near = _suspect(vocabulary, match[0], accented=accented)
        if not near:
            continue
        opens, syllable = _opens(text, match.start()), is_syllable(match[0].lower())
        if syllable and not opens:
            continue
        number = _NUMBER_NEXT.match(text, match.end()) is not None
        sure = number or (opens and not syllable)
        head, tail = text[: match.start()], text[match.end() :]
        found += [Respelling(f"{head}{kind}{tail}", match[0], kind, sure) for kind in near]
    if len({one.word for one in found if one.sure}) > 1:
        found = [*_all_at_once(text, found), *found]
    known = {one.text for one in found}
    found += [one for one in numbered if one.text not in known]
    return sorted(found, key=lambda one: not one.sure)[:_MAX_MEANT]


def _all_at_once(text: str, found: list[Respelling]) -> Iterator[Respelling]:
    """With each word that can be but one kind corrected: `12 đườg Nguyễn Văn Cừ, phườg 2`."""
    kinds: dict[str, list[str]] = {}
    for one in found:
        if one.sure:
            kinds.setdefault(one.word, []).append(one.kind)
    if all(len(set(meant)) == 1 for meant in kinds.values()):
        for word, (kind, *_) in kinds.items():
            text = re.sub(rf"(?<!\w){word}(?!\w)", kind, text)
        yield Respelling(text, next(iter(kinds)), kind, sure=True)


def _has_suspect(vocabulary: Vocabulary, words: list[str], *, accented: bool) -> bool:
    """Whether one of the words may be a slip; those that are none are remembered."""
    innocent = vocabulary.innocent[accented]
    suspects = {word for word in words if _suspect(vocabulary, word, accented=accented)}
    if len(innocent) >= _MAX_REMEMBERED:
        innocent.clear()
    innocent.update(set(words) - suspects)
    return bool(suspects)


def _numbered(text: str, *, accented: bool) -> Iterator[Respelling]:
    """A word that opens a part and has a number behind it, though names are made of it: `Tôn 3`."""
    for match in _NUMBERED.finditer(text):
        word, start = match[1], match.start(1)
        for kind in _near(word.lower(), accented=accented):
            respelt = f"{text[:start]}{kind}{text[match.end(1) :]}"
            yield Respelling(respelt, word, kind, sure=False)


def _swapped(text: str) -> Iterator[Respelling]:
    """A word whose first two letters were swapped: `68 Trần hPú`."""
    for match in _CAPITAL_SECOND.finditer(text):
        word = match[0]
        meant = f"{word[1]}{word[0]}{word[2:]}"
        if is_syllable(meant.lower()) and not is_syllable(word.lower()):
            respelt = f"{text[: match.start()]}{meant}{text[match.end() :]}"
            yield Respelling(respelt, word, meant, sure=False)


def _suspect(vocabulary: Vocabulary, written: str, *, accented: bool) -> tuple[str, ...]:
    """Kinds of which a word may be a slip; none for a word of which names are made."""
    word = written.lower()
    near = () if written.isupper() else _near(word, accented=accented)
    if near and _is_word(vocabulary, word, accented=accented, syllable=is_syllable(word)):
        return ()
    return near


@lru_cache(maxsize=16_384)
def _near(word: str, *, accented: bool) -> tuple[str, ...]:
    """Kinds that a word is one slip away from."""
    kinds = KINDS if accented else _BARE
    if word in _NO_SLIPS or word in kinds or accent_key(word) in _LANDMARKS:
        return ()
    return tuple(kind for kind in kinds if is_one_slip(word, kind))


def _opens(text: str, start: int) -> bool:
    """Whether a kind may stand here: first in its part, behind a number or half of a kind."""
    before = text[:start].rstrip()
    if not before or before[-1] in ",;(-":
        return True
    last = before.rsplit(None, 1)[-1].lower()
    return last in _FIRST_HALVES or any(map(str.isdigit, last))


def _is_word(vocabulary: Vocabulary, word: str, *, accented: bool, syllable: bool) -> bool:
    """Whether names are made of it: in several, or in one of another tongue (`Buôn Jú`)."""
    key = accent_key(word) if accented else fold(word)
    if syllable:
        return vocabulary.is_common(key, accented=accented)
    return vocabulary.knows(key, accented=accented)
