"""Vietnamese text in encodings from before Unicode, which files still have: TCVN3 and VNI.

Both redefine bytes above 127, so the text looks like `Hµ Néi` or `Haø Noäi` without the font. TCVN3
(ABC fonts): TCVN 5712:1993, the set VN3. VNI: a base letter and one sign for its diacritics.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, Literal

from geo.syllables import has_impossible_diacritics, has_late_tone, is_syllable

Font = Literal["tcvn3", "vni"]

# Each letter with its five tones: huyền, hỏi, ngã, sắc, nặng; or the tones alone.
_TONES: Final = ("\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
_TCVN3_TONED: Final = {
    "a": "µ¶·¸¹",
    "ă": "»¼½¾Æ",
    "â": "ÇÈÉÊË",
    "e": "ÌÎÏÐÑ",
    "ê": "ÒÓÔÕÖ",
    "i": "×ØÜÝÞ",
    "o": "ßáâãä",
    "ô": "åæçèé",
    "ơ": "êëìíî",
    "u": "ïñòóô",
    "ư": "õö÷øù",
    "y": "úûüýþ",
}
_TCVN3_PLAIN: Final = dict(zip("¡¢£¤¥¦§¨©ª«¬\u00ad®", "ĂÂÊÔƠƯĐăâêôơưđ", strict=True))

# (Carrier of the sign, letter without a tone) → signs with a tone.
_VNI_TONED: Final = {
    ("a", "a"): "øûõùï",
    ("a", "ă"): "èúüéë",
    ("a", "â"): "àåãáä",
    ("e", "e"): "øûõùï",
    ("e", "ê"): "àåãáä",
    ("o", "o"): "øûõùï",
    ("o", "ô"): "àåãáä",
    ("ô", "ơ"): "øûõùï",
    ("u", "u"): "øûõùï",
    ("ö", "ư"): "øûõùï",
    ("y", "y"): "øûõù",
}
_VNI_PLAIN: Final = {
    "aâ": "â",
    "aê": "ă",
    "eâ": "ê",
    "oâ": "ô",
    "ô": "ơ",
    "ö": "ư",
    "ñ": "đ",
    "ì": "ì",
    "í": "í",
    "æ": "ỉ",
    "ó": "ĩ",
    "ò": "ị",
    "î": "ỵ",
}


def _toned(letter: str, tone: str) -> str:
    return unicodedata.normalize("NFC", letter + tone)


_TCVN3: Final = str.maketrans(
    _TCVN3_PLAIN
    | {
        sign: _toned(letter, tone)
        for letter, signs in _TCVN3_TONED.items()
        for sign, tone in zip(signs, _TONES, strict=True)
    }
)


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_PLAIN)
    for (carrier, letter), signs in _VNI_TONED.items():
        for sign, tone in zip(signs, _TONES, strict=False):
            table[carrier + sign] = _toned(letter, tone)
    table |= {key.upper(): value.upper() for key, value in table.items()}
    # A capital with a lower-case sign, as in `Aáp`.
    table |= {
        key[0].upper() + key[1:]: value.upper() for key, value in table.items() if len(key) > 1
    }
    return table


_VNI: Final = _vni_table()
_VNI_PATTERN: Final = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))

_LETTERS: Final = frozenset(
    each
    for letter in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    for each in (letter, *(_toned(letter, tone) for tone in _TONES))
) | set("đĐ")
_BETWEEN: Final = re.compile(r"[\s\d_,.;:/()\"'-]+")
_IN_DOUBT: Final = re.compile("[\u00a1-\u00ff]")
_ENOUGH: Final = 0.7
"""Share of the doubtful words that must be Vietnamese in a font for a text to be in it."""


def from_tcvn3(text: str) -> str:
    """Convert to Unicode; `text` has the font's bytes as Latin-1 letters.

    >>> from_tcvn3("Hµ Néi, ®­êng L¸ng")
    'Hà Nội, đường Láng'
    """
    return text.translate(_TCVN3)


def from_vni(text: str) -> str:
    """Convert to Unicode; `text` has the font's bytes as Latin-1 letters.

    >>> from_vni("Haø Noäi, ñöôøng Laùng")
    'Hà Nội, đường Láng'
    """
    return _VNI_PATTERN.sub(lambda match: _VNI[match[0]], text)


CONVERTERS: Final[dict[Font, Callable[[str], str]]] = {"tcvn3": from_tcvn3, "vni": from_vni}


def font_of(texts: Iterable[str]) -> Font | None:
    """Return the font that the texts were typed in; None if Unicode explains them as well.

    >>> font_of(["Hµ Néi"]), font_of(["Haø Noäi"]), font_of(["Hà Nội", "café"])
    ('tcvn3', 'vni', None)
    """
    words = words_in_doubt(texts)
    if not words:
        return None
    best = max(CONVERTERS, key=lambda font: share_read(words, CONVERTERS[font]))
    share = share_read(words, CONVERTERS[best])
    return best if share >= _ENOUGH and share > share_read(words, str) else None


def words_in_doubt(texts: Iterable[str]) -> list[str]:
    """Return the words with Latin-1 letters, which may be meant as such or as a font's bytes.

    >>> words_in_doubt(["12½ Lê Lai, 105°48'"])
    ['Lê']
    """
    return [
        word
        for text in texts
        for word in _BETWEEN.split(text)
        if _IN_DOUBT.search(word) and any(map(str.isalpha, word))
    ]


def share_read(words: Iterable[str], read: Callable[[str], str]) -> float:
    """Return the share of words that are Vietnamese after `read`, 0 to 1; 0 without words.

    >>> share_read(["Hà", "Nội", "Zürich"], str)
    0.6666666666666666
    """
    results = [_is_vietnamese(unicodedata.normalize("NFC", read(word))) for word in words]
    return sum(results) / len(results) if results else 0.0


def is_written(word: str) -> bool:
    """Whether the word is a Vietnamese syllable with valid diacritics.

    >>> [is_written(word) for word in ("Trãi", "Tr·i", "Sãc", "Leõ")]
    [True, False, False, False]
    """
    composed = unicodedata.normalize("NFC", word)
    return _is_vietnamese(composed) and not (
        has_impossible_diacritics(composed) or has_late_tone(composed)
    )


def _is_vietnamese(word: str) -> bool:
    known = all(letter.isascii() or letter in _LETTERS for letter in word)
    return known and is_syllable(word)
