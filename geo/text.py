"""Vietnamese text: two keys for comparing names.

`fold` removes everything that people omit or vary: case, diacritics, tone, i/y, apostrophes,
punctuation. `accent_key` removes only what does not change the word: case, the position of the tone
mark (hòa = hoà), Unicode form, punctuation. It distinguishes names that fold alike, so typed
diacritics count and missing ones do no harm.

>>> fold("Thị trấn Ea M’Droh"), fold("ea m'droh")
('thi tran ea m droh', 'ea m droh')
>>> fold("Quy Nhơn") == fold("Qui Nhon"), fold("Đắk Mĩ") == fold("Đăk Mỹ")
(True, True)
>>> accent_key("Hòa Lạc") == accent_key("HOÀ LẠC"), accent_key("Hòa") == accent_key("Hoa")
(True, False)
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

# Letters with a stroke do not decompose. Ð ð (Icelandic) and Ɖ ɖ (African) look like Đ đ, and are
# used for it in old files.
_STROKES = str.maketrans({"đ": "d", "ð": "d", "ɖ": "d", "ƀ": "b", "ɓ": "b", "ł": "l", "ø": "o"})
_TO_DYET = str.maketrans({"ð": "đ", "ɖ": "đ"})
# Unicode classifies these apostrophes as letters, so they would join the words of `Ea MʼDroh`.
_APOSTROPHES = str.maketrans(dict.fromkeys("ʹʻʼʽˈˊˋ", " "))
# Soft hyphens, joiners, direction and byte order marks: invisible and not intended.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# `Trung`, a zero-width space, `Trực`: two words.
_BETWEEN_WORDS = re.compile("(?<=[^\\W\\d_])\u200b(?=[^\\W\\d_])(?![a-zà-ỹđ])")
_SIGNS = {
    ",": "\u3001\uff64\u201a\u060c\u2022\u30fb\u00b7",
    ".": "\u3002\uff61",
    "-": "\u2010\u2011\u2012\u2015\u2212\ufe63",
    "/": "\u2044\u2215",
    "(": "\u3008\u300a\u300c\u300e\u3010\u3014",
    ")": "\u3009\u300b\u300d\u300f\u3011\u3015",
    " ": "\u3000",
}
_PLAIN_SIGNS = {ord(sign): plain for plain, signs in _SIGNS.items() for sign in signs} | {
    wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)
}
_STRAY_MARKS = re.compile(
    "(?<![^\\W\\d_])(?<![\u0300-\u036f])[\u0300-\u036f]+|(?<=[\u0300-\u036f]{2})[\u0300-\u036f]+"
)
"""Combining marks beyond two on a letter, or without a letter."""
_MARK = re.compile("[\u0300-\u036f]")
_OTHER_SIGN = re.compile(f"[{''.join(map(chr, _PLAIN_SIGNS))}]")
_TONES = {
    "\u0300": "1",  # huyền
    "\u0301": "2",  # sắc
    "\u0303": "3",  # ngã
    "\u0309": "4",  # hỏi
    "\u0323": "5",  # nặng
}
_NOT_WORD = re.compile(r"[\W_]+")
# y and i are the same vowel if nothing else follows the consonant (Mỹ = Mĩ, Lý = Lí), and in quy =
# qui; elsewhere they differ (thúy is not thúi).
_LONE_Y = re.compile(r"\b([bcdghklmnprstvx]{1,3}|qu)y\b")
# Only names and words are cached: they repeat, whole addresses do not.
_LONGEST_NAME = 24
_MOST_CHARACTERS = 4_096
"""Most characters to cache: more than are in use here, fewer than exist."""


def fold(text: str) -> str:
    """Return lower-case words without diacritics, between single spaces.

    Idempotent. Letters of other scripts are kept.
    """
    return _fold_cached(text) if len(text) <= _LONGEST_NAME else _fold(text)


def _fold(text: str) -> str:
    words = _NOT_WORD.sub(" ", text.translate(_BARE)).strip()
    return _LONE_Y.sub(r"\1i", words)


class _Bare(dict[int, str]):
    """Character → its folded form, computed at its first use."""

    def __missing__(self, character: int) -> str:
        decomposed = _strip_invisible(unicodedata.normalize("NFKD", chr(character)).casefold())
        bare = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_STROKES)
        if len(self) < _MOST_CHARACTERS:
            self[character] = bare
        return bare


_BARE = _Bare()


_fold_cached = lru_cache(maxsize=8_192)(_fold)


def accent_key(text: str) -> str:
    """Return lower-case words with their diacritics, each tone as a digit after its word.

    Not idempotent because of the tone digits; compare only keys with keys.
    """
    return _accent_key_cached(text) if len(text) <= _LONGEST_NAME else _accent_key(text)


def _accent_key(text: str) -> str:
    if text.isascii():
        return _fold(text)  # no accents
    composed = _strip_invisible(unicodedata.normalize("NFKC", text).casefold()).translate(_TO_DYET)
    return " ".join(_with_tone_last(word) for word in _NOT_WORD.split(composed) if word)


_accent_key_cached = lru_cache(maxsize=8_192)(_accent_key)


def transliterate(text: str) -> str:
    """Remove diacritics, keeping case and punctuation.

    >>> transliterate("Đắk R'Moan")
    "Dak R'Moan"
    """
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def has_diacritics(text: str) -> bool:
    """Whether any letter of `text` has a diacritic or stroke, so that diacritics were typed.

    >>> has_diacritics("Đa Kao"), has_diacritics("Da Kao")
    (True, False)
    """
    return not text.isascii() and any(map(_is_marked, text))


@lru_cache(maxsize=4_096)
def _is_marked(character: str) -> bool:
    decomposed = unicodedata.normalize("NFD", character).casefold()
    return any(unicodedata.combining(c) or ord(c) in _STROKES for c in decomposed)


_NAME: Final = re.compile(r"[^\W_](?:[^\W_]|[ \u00a0.,\-–/'’()&])*")


def is_name(text: str) -> bool:
    """Whether the text may be the name of a unit, street or locality: not a formula, not HTML.

    >>> [is_name(t) for t in ("Ba Đình", "M'Đrắk", "30/4", "A&B (cũ)", "Phan Rang - Tháp Chàm")]
    [True, True, True, True, True]
    >>> [is_name(t) for t in ("=cmd()", "<b>Láng</b>", "-1", "Láng\\x00", "Láng\\u202e", " ", "")]
    [False, False, False, False, False, False, False]
    """
    return _NAME.fullmatch(unicodedata.normalize("NFC", text)) is not None


def visible(text: str) -> str:
    """Remove invisible characters; a zero-width space between two words becomes a space.

    >>> visible("Nguyễn\u200b Trãi"), visible("Trung\u200bTrực"), visible("Tr\u00adực")
    ('Nguyễn Trãi', 'Trung Trực', 'Trực')
    """
    if text.isascii() or not _INVISIBLE.search(text):
        return text
    return _INVISIBLE.sub("", _BETWEEN_WORDS.sub(" ", text))


def to_plain_signs(text: str) -> str:
    """Replace commas, dashes, slashes, brackets and full-width characters by their ASCII forms, and
    remove stray combining marks.

    >>> to_plain_signs("142， 144、 146 Lê Lợi"), to_plain_signs("12‑14／3")
    ('142, 144, 146 Lê Lợi', '12-14/3')
    >>> to_plain_signs("L\u0301a\u0302\u0301\u0300\u0300n \u03012") == "L\u0301a\u0302\u0301n 2"
    True
    """
    if text.isascii():
        return text
    if _MARK.search(text):
        text = _STRAY_MARKS.sub("", text)
    return text.translate(_PLAIN_SIGNS) if _OTHER_SIGN.search(text) else text


def _strip_invisible(text: str) -> str:
    return _INVISIBLE.sub("", text.translate(_APOSTROPHES))


@lru_cache(maxsize=8_192)
def _with_tone_last(word: str) -> str:
    tone = ""
    letters = []
    for character in unicodedata.normalize("NFD", word):
        if character in _TONES:
            tone = _TONES[character]
        else:
            letters.append(character)
    key = unicodedata.normalize("NFC", "".join(letters))
    return _LONE_Y.sub(r"\1i", key) + tone


def is_one_slip(one: str, other: str) -> bool:
    """Whether one letter was inserted, omitted, replaced, or swapped with its neighbour.

    >>> is_one_slip("nguyen", "nguyne"), is_one_slip("lang", "lamg"), is_one_slip("lang", "lng")
    (True, True, True)
    >>> is_one_slip("lang", "lang"), is_one_slip("lang", "lnga"), is_one_slip("tran", "cao")
    (False, False, False)
    """
    return OSA.distance(one, other, score_cutoff=1) == 1
