"""Vietnamese syllables, and impossible ones: with diacritics that they cannot have.

After a missed key or two swapped ones (`Trầ Phú`, `Phú Haò`), a word may look like another one
without its diacritics. With them it is not a word.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from geo.text import fold

_ONSETS: Final = "b|ch?|d|gh?|gi|h|kh?|l|m|ngh?|nh?|ph?|r|s|th?|tr|v|x"
_RHYMES: Final = (
    "a(?:c|ch|i|m|ng?|nh|o|p|t|u|y)?|e(?:c|ch|m|ng?|nh|o|p|t|u)?|"
    "i(?:a|c|ch|m|ng?|nh|p|t|u|e(?:c|m|ng?|p|t|u))?|"
    "o(?:c|i|m|ng?|o(?:c|ng)|p|t|a(?:c|ch|i|m|ng?|nh|o|p|t|y)?|e(?:n|o|t)?)?|"
    "u(?:c|i|m|ng?|p|t|u|a(?:ng?|t|y)?|e(?:ch|nh)?|o(?:c|i|m|ng?|p|t|u)?|"
    "y(?:a|ch|en|et|nh|t|u)?)?|y(?:e(?:m|n|t|u))?"
)
_QU: Final = "qu(?:a(?:c|ch|i|m|ng?|nh|o|t|u|y)?|e(?:n|o|t)?|i|o(?:c|i)?|y(?:ch|en|et|nh|t)?)"
_SYLLABLE: Final = re.compile(rf"(?:(?:{_ONSETS})?(?:{_RHYMES})|{_QU})")

_TONES: Final = {"\u0300": "`", "\u0301": "´", "\u0309": "?", "\u0303": "~", "\u0323": "."}
_SMOOTH: Final = frozenset("`?~")
"""Tones that do not occur in words that end in c, ch, p or t."""
_PARTS: Final = re.compile(
    r"(?P<onset>qu|gi(?=[aăâeêioôơuưy])|[bcdđghklmnpqrstvx]*)"
    r"(?P<vowels>[aăâeêioôơuưy]+)(?P<final>[a-z]*)"
)
# With all their diacritics or none; never with one of two.
_CLOSED: Final = frozenset({"ă", "â", "oă", "uâ", "iê", "yê", "uô", "ươ", "uyê"})
"""Vowels that need a final consonant."""
_OPEN_VOWELS: Final = """
    a e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia ie iu iêu ieu oa oe oi oo oai oay oao oeo ôi ơi
    ua ue uê ui uo uơ uu uy uya uye uyu uôi uoi uou uay uây ưa ưi ươi ươu ưu ye yêu yeu
"""
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_TONE: Final = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_FOREIGN: Final = re.compile("[fjwz]|[klr]$|[aeiouy]h$")
"""Folded: letters in words of highland and European languages, but not in Vietnamese."""
_LONGEST: Final = len("nghiêng")
_HIGHLAND: Final = re.compile("[iy]a|chu|buon|bon|plei|lang|dak|kon")
"""Folded words in names of highland villages and streams that are Vietnamese syllables, too."""
_CACHED_WORDS: Final = 1 << 14
_VOWELS: Final = _CLOSED | frozenset(_OPEN_VOWELS.split())
_MARKED: Final = frozenset("ăâêôơư")
_TONE_ON_SECOND: Final = frozenset({"oa", "oe", "uy"})


def is_syllable(word: str) -> bool:
    """Whether `word` may be a Vietnamese syllable, ignoring diacritics.

    >>> is_syllable("Nguyễn"), is_syllable("nguyeenx"), is_syllable("Krông")
    (True, False, False)
    """
    return bool(_SYLLABLE.fullmatch(fold(word)))


def has_impossible_diacritics(word: str) -> bool:
    """Whether a syllable has an impossible combination of diacritics.

    Names in minority languages and misplaced tones, `Hòang`, are possible.

    >>> words = ("Trầ", "Đoồng", "Bàt", "Trần", "Krông", "Hòang")
    >>> [has_impossible_diacritics(word) for word in words]
    [True, True, True, False, False, False]
    """
    found = _take_apart(word)
    if found is None:
        return False
    vowels, final, tone, _ = found
    stopped = final in ("c", "ch", "p", "t") and tone in _SMOOTH
    return stopped or vowels not in _VOWELS or (vowels in _CLOSED and not final)


@lru_cache(_CACHED_WORDS)
def is_word(word: str) -> bool:
    """Whether it may be a word as written, including its diacritics."""
    return is_syllable(word) and not _has_impossible_diacritics(word)


_UNMARKED: Final = re.compile(r"\b[a-z]*(?:ie|ye|uo)[cmnpt][gh]?\b", re.IGNORECASE)
"""Words with vowels that always have diacritics: Việt, Nguyễn, đường."""
_WHOLE_WORD: Final = re.compile(r"(?<!\d)[^\W\d_]{1,3}(?![.\w])|[^\W\d_]{4,}")
"""Words except abbreviations (`Đ.`, `Ng.`) and letters of a number (`12A`)."""


def is_damaged(text: str) -> bool:
    """Whether a text contains a word that is invalid as written, or lacks its diacritics.

    >>> is_damaged("85 Lê Lai, P.2, TPHCM"), is_damaged("85 Lê L ai"), is_damaged("85 Nguyễn TTri")
    (False, True, True)
    """
    words = _WHOLE_WORD.findall(unicodedata.normalize("NFC", text))
    whole = all((word.isupper() and len(word) > 1) or is_word(word) for word in words)
    return not whole or has_lost_marks(text)


def has_lost_marks(text: str) -> bool:
    """Whether a word lacks diacritics that it must have.

    >>> has_lost_marks("85 Lê Van Thinh, Viet Nam"), has_lost_marks("85 Lê Lai, Việt Nam")
    (True, False)
    """
    return _UNMARKED.search(unicodedata.normalize("NFC", text)) is not None


def is_misspelled(name: str) -> bool:
    """Whether a name contains an impossible word: with diacritics that it cannot have, or with a
    tone but not a syllable.

    False for highland languages, recognized by other words of the name, and for words whose letters
    or length do not occur in Vietnamese.

    >>> [is_misspelled(name) for name in ("Cầu Đấ", "đường Nhâ", "Khu Bàt", "Hòang Văn Thụ")]
    [True, True, True, False]
    >>> [is_misspelled(name) for name in ("đườg Quán Thánh", "Qán Thánh", "Hoàng Hoa Thámm")]
    [True, True, True]
    >>> [is_misspelled(name) for name in ("Ia Bă", "Ea Kuăng", "buôn Pă", "Pasteur", "Café Sữa")]
    [False, False, False, False, False]
    """
    if name.isascii():
        return False
    words = _LETTERS.findall(name)
    wrong = [
        word for word in words if _has_impossible_diacritics(word) or _is_toned_non_syllable(word)
    ]
    return bool(wrong) and not any(
        _HIGHLAND.fullmatch(fold(word)) or not (word in wrong or is_syllable(word))
        for word in words
    )


def _is_toned_non_syllable(word: str) -> bool:
    toned = _TONE.search(unicodedata.normalize("NFD", word)) and len(word) <= _LONGEST
    return bool(toned) and not is_syllable(word.lower()) and not _FOREIGN.search(fold(word))


def has_late_tone(word: str) -> bool:
    """Whether the tone is wrongly on the second of two vowels: `Haò`, `Suá`.

    >>> [has_late_tone(word) for word in ("Haò", "Suá", "Hoà", "Hào", "Quá")]
    [True, True, False, False, False]
    """
    found = _take_apart(word)
    if found is None:
        return False
    vowels, final, tone, at = found
    return bool(tone) and len(vowels) == 2 and at == 1 and not final and not _may_end(vowels)


def _may_end(vowels: str) -> bool:
    """Whether some spelling puts the tone on the second of two final vowels."""
    return vowels in _TONE_ON_SECOND or vowels[1] in _MARKED


def _take_apart(word: str) -> tuple[str, str, str, int] | None:
    """Return vowels with their diacritics, final, tone, and the index of the vowel with the tone.

    None if it is not a syllable, or has no diacritics.
    """
    letters, tone, at = "", "", -1
    for sign in unicodedata.normalize("NFD", word.lower()):
        if sign in _TONES:
            tone, at = _TONES[sign], len(letters) - 1
        else:
            letters = unicodedata.normalize("NFC", letters + sign)
    parts = _PARTS.fullmatch(letters)
    if parts is None or (letters.isascii() and not tone) or not is_syllable(word):
        return None
    return parts["vowels"], parts["final"], tone, at - parts.start("vowels")


_has_impossible_diacritics = lru_cache(_CACHED_WORDS)(has_impossible_diacritics)
