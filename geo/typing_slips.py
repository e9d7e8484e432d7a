"""Repairs words that a keyboard, a scanner or a form damaged.

Telex and VNI are typed as plain letters and digits, which remain if the input method was off:
`dduwowngf`, `Nguye6n4`. Only words that are not Vietnamese syllables are decoded, and only into
syllables, so names in minority languages, brands and codes of buildings are kept.

>>> [repaired(word) for word in ("Nguyeenx", "ddường", "Leê", "Nguye6n4", "d9u7o7ng2")]
['Nguyễn', 'đường', 'Lê', 'Nguyễn', 'đường']
>>> [repaired(word) for word in ("donggg", "XIII", "III.", "AAA", "Zoo")]
['dong', 'XIII', 'III.', 'AAA', 'Zoo']
>>> [repaired(word) for word in ("Phwờng", "Đuờng", "ĐứcTài", "1O", "Vinhomes", "room", "Krông")]
['Phường', 'Đường', 'Đức Tài', '10', 'Vinhomes', 'room', 'Krông']
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal

from geo import lexicon
from geo.syllables import has_impossible_diacritics, is_syllable
from geo.text import has_diacritics

_WORTH_A_LOOK: Final = re.compile(
    # Two letters for one, a letter that no Vietnamese word has, or a tone after the word.
    r"dd|aa|ee|oo|eê|êe|aâ|âa|oô|ôo|w|[fj]|[a-z][0-9][0-9a-z]|[uo][6-9]|[a-zà-ỹ]{4}[sxr]$|"
    # A missing horn, a digit scanned as a letter, a capital inside a word.
    r"(?<!q)u[ơờớởỡợ]\w|ưo|\d[o]",
)
_HELD: Final = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
"""A key that was held down: `donggg`."""
_ROMAN: Final = frozenset("IVX")
_CAPITAL_INSIDE: Final = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-ZĐ][^\W\d_A-Z])")
_CAPITAL_SECOND: Final = re.compile(r"[^\W\d_A-ZĐ][A-ZĐ][^\W\d_A-ZĐ]+")
"""A capital swapped with the letter before it: `aLo Động`."""
_HORN: Final = re.compile(r"(?<!q)u([ơờớởỡợ])(?=\w)", re.IGNORECASE)
_ZERO: Final = re.compile(r"([A-Za-z]{0,2}\d{1,4})[oO](\d{0,3})")
_OTHER_WORDS: Final = frozenset(
    (*lexicon.names("other_tongues", "english"), *lexicon.names("other_tongues", "highland"))
)
"""English words, and words in highland names, that would decode into syllables."""
_DOUBLED: Final = (
    *(("dd", "đ"), ("aa", "â"), ("ee", "ê"), ("oo", "ô"), ("eê", "ê"), ("êe", "ê"), ("aâ", "â")),
    *(("âa", "â"), ("oô", "ô"), ("ôo", "ô"), ("uwow", "ươ"), ("uow", "ươ"), ("uwo", "ươ")),
    *(("aw", "ă"), ("ow", "ơ"), ("uw", "ư"), ("ươw", "ươ"), ("ưw", "ư")),
)
_TELEX_TONES: Final = {"f": "\u0300", "s": "\u0301", "r": "\u0309", "x": "\u0303", "j": "\u0323"}
_VNI_TONES: Final = dict(zip("21345", _TELEX_TONES.values(), strict=True))
_VNI_LETTERS: Final = dict(zip(("a6", "e6", "o6", "o7", "u7", "a8", "d9"), "âêôơưăđ", strict=True))
_VNI: Final = re.compile(r"([aeoud])([6-9])")
_VNI_INSIDE: Final = re.compile(r"(?:[aeo]6|[ou]7|a8)[a-z1-5]")
_VNI_TONE_BEHIND: Final = re.compile(r"[aeou][6-9][a-z]{1,2}[1-5]$")
"""`Lo7i5` is not a plot; `lo7a` may be one."""
_ANY_TONE: Final = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_VOWELS: Final = re.compile("[aăâeêioôơuưy]+")
# Kinds written together with their number; `LOA1C` is plot A1C.
_KIND_WORDS: Final = (
    "so ngo hem kiet ngach to ap lo loa loe loi duong pho thon xom khom khoi tang khu"
)
_KINDS: Final = frozenset(_KIND_WORDS.split())
_SURELY_TELEX: Final = re.compile(r"[jw]|dd|iee|uoo|(?:aa|ee|oo).*[fsrx]|[fx]$|[a-z]{4}[sr]$")
"""Letter sequences of Telex that are rare in words of other languages."""
_SHORTEST_TELEX: Final = 3
_ANY_WORD: Final = re.compile(r"[^\W_]+")
_SHORTEST_VNI: Final = 4


@lru_cache(maxsize=16_384)
def repaired(word: str) -> str:
    """Return the intended word, or two words; `word` itself if nothing is certain."""
    if _HELD.search(word) and word.isalpha() and not _ROMAN.issuperset(word.upper()):
        once = _HELD.sub(r"\1", word)
        word = once if len(once) > 1 and is_syllable(once) else word
    lower = word.lower()
    swapped = word[1:2] + word[:1] + word[2:]
    if _CAPITAL_SECOND.fullmatch(word) and is_syllable(swapped) and not is_syllable(word):
        return swapped
    if not _WORTH_A_LOOK.search(lower):
        halves = _CAPITAL_INSIDE.split(word) if not word.islower() else ()
        whole = all(len(half) > 1 and is_syllable(half) for half in halves)
        return " ".join(halves) if len(halves) > 1 and whole else word
    scanned = _ZERO.fullmatch(word)
    fixed = f"{scanned[1]}0{scanned[2]}" if scanned else _HORN.sub(_with_horn, word)
    if fixed != word or is_syllable(word) or lower in _OTHER_WORDS:
        return fixed
    for decode in (_from_telex, _from_vni):
        meant = decode(unicodedata.normalize("NFC", lower))
        if meant and is_syllable(meant) and not has_impossible_diacritics(meant):
            return _in_case_of(word, meant)
    return word


_Method = Literal["telex", "vni"]


def decoded(text: str) -> str:
    """Decode a text that certainly was typed with an input method off.

    Then short words are decoded as well, and those that are syllables as written.

    >>> decoded("68 Traanf Phus, Xax Vux Quys"), decoded("Ngo6 Quye6n2"), decoded("Cach1 Mang5")
    ('68 Trần Phú, Xã Vũ Quý', 'Ngô Quyền', 'Cách Mạng')
    >>> decoded("CT2 Zoo Bar, Q5, khu1 to3"), decoded("12 Lê Lai, phòng B2")
    ('CT2 Zoo Bar, Q5, khu1 to3', '12 Lê Lai, phòng B2')
    """
    if not any(map(_may_show_method, text.split())):
        return text
    plain = unicodedata.normalize("NFKC", text)  # full-width digits
    words = _ANY_WORD.findall(plain)
    methods = {_typed_by(word) for word in words} - {None}
    if sum(map(_has_vni_tone, words)) > 1:
        methods.add("vni")
    if not methods:
        return text
    for method in methods:
        plain = _ANY_WORD.sub(lambda word: _retyped(word[0], method), plain)  # noqa: B023 - used here
    return plain


@lru_cache(maxsize=16_384)
def _may_show_method(written: str) -> bool:
    """Whether a word in `written` shows an input method; in most texts none does."""
    words = _ANY_WORD.findall(unicodedata.normalize("NFKC", written))
    return any(_typed_by(word) or _has_vni_tone(word) for word in words)


@lru_cache(maxsize=16_384)
def _typed_by(word: str) -> _Method | None:
    """Return the input method that was off when the word was typed; None if there is no
    evidence."""
    if word.isdecimal() or not word.isascii():
        return None
    meant = repaired(word)
    if meant == word or not has_diacritics(meant):
        return None
    if not word.isalpha():
        return "vni"
    return "telex" if _SURELY_TELEX.search(word.lower()) else None


@lru_cache(maxsize=16_384)
def _has_vni_tone(word: str) -> bool:
    """Whether the word ends in a tone, `Mang5`; a single one may be a block, `Hoa2`."""
    letters = word[:-1].lower()
    return (
        len(word) > _SHORTEST_TELEX
        and word[-1] in _VNI_TONES
        and word.isascii()
        and letters.isalpha()
        and letters not in _KINDS
        and is_syllable(letters)
    )


@lru_cache(maxsize=4_096)
def _retyped(word: str, method: _Method) -> str:
    """Return the word decoded by this method; unchanged if the result is not a syllable."""
    lower = word.lower()
    if lower in _OTHER_WORDS or not word.isascii():
        return word
    meant = _from_telex(lower) if method == "telex" else _vni_decoded(lower)
    if meant and is_syllable(meant) and not has_impossible_diacritics(meant):
        return _in_case_of(word, meant)
    return word


def _with_horn(match: re.Match[str]) -> str:
    return ("Ư" if match[0][0] == "U" else "ư") + match[1]


def _from_telex(word: str) -> str | None:
    if len(word) < _SHORTEST_TELEX or not word.isalpha() or word[0] == "w":
        return None
    plain = word
    for typed, meant in _DOUBLED:
        plain = plain.replace(typed, meant)
    if "w" in plain:
        plain = _late_horn(plain)
    if is_syllable(plain):
        return plain
    if _ANY_TONE.search(unicodedata.normalize("NFD", plain)):
        return None
    # The tone follows its vowel or the word.
    first = _VOWELS.search(plain)
    for at in range(len(plain) - 1, first.start() if first else len(plain), -1):
        rest = plain[:at] + plain[at + 1 :]
        if plain[at] in _TELEX_TONES and is_syllable(rest):
            return _toned(rest, _TELEX_TONES[plain[at]])
    return None


def _late_horn(word: str) -> str:
    """Apply a `w` that is apart from the vowel it changes: `phwờng`, `dduongwf`."""
    before, _, after = word.partition("w")
    if "uo" in before:
        return before.replace("uo", "ươ") + after
    if after[:1] and after[0] in "ơờớởỡợoiauươngm" and not _VOWELS.search(before):
        return before + "ư" + after
    for typed, meant in (("u", "ư"), ("o", "ơ"), ("a", "ă")):
        if typed in before:
            return before.replace(typed, meant) + after
    return word if _VOWELS.search(before) else before + "ư" + after


def _from_vni(word: str) -> str | None:
    digits = sum(sign in "123456789" for sign in word)
    letters = "".join(sign for sign in word if sign.isalpha())
    inside = any(sign.isdigit() for sign in word[:-1])
    if not (digits and inside and word[0].isalpha() and word.isalnum()):
        return None
    kind = word[: next(at for at, sign in enumerate(word) if sign.isdigit())]
    # `Va8n`, `Cu72`: a mark in the middle, so it is not a number after a word.
    marked = bool(_VNI_INSIDE.search(word[1:]))
    toned = _VNI_TONE_BEHIND.search(word)
    if (kind in _KINDS and not toned) or len(letters) + digits - 1 < _SHORTEST_VNI - marked:
        return None
    return _vni_decoded(word)


def _vni_decoded(word: str) -> str | None:
    if not (word.isalnum() and word[:2].isalpha()) and word[:2] != "d9":
        return None
    plain = _VNI.sub(lambda match: _VNI_LETTERS.get(match[0], match[0]), word)
    plain = plain.replace("uơ", "ươ").replace("ưo", "ươ")
    tones = [sign for sign in plain if sign in _VNI_TONES]
    bare = "".join(sign for sign in plain if sign not in _VNI_TONES)
    if len(tones) > 1 or not bare.isalpha():
        return None
    return _toned(bare, _VNI_TONES[tones[0]]) if tones else bare


def _toned(word: str, tone: str) -> str:
    """Put the tone on the right vowel of `word`."""
    start = 2 if word.startswith("qu") or (word.startswith("gi") and len(word) > 2) else 0
    vowels = _VOWELS.search(word, start) or _VOWELS.search(word)
    if vowels is None:
        return word
    at = vowels.start()
    marked = [i for i in range(*vowels.span()) if word[i] in "ăâêôơư"]
    if marked:
        at = marked[-1]
    elif vowels.end() < len(word):
        at = vowels.end() - 1
    elif vowels.end() - vowels.start() > 2:
        at += 1
    return unicodedata.normalize("NFC", word[: at + 1] + tone + word[at + 1 :])


def _in_case_of(word: str, meant: str) -> str:
    if word.isupper():
        return meant.upper()
    return meant[:1].upper() + meant[1:] if word[:1].isupper() else meant
