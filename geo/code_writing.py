r"""How people write a code: words in front, separators, look-alikes and keyboard accents.

The letters O I L S Z B G are not in the alphabet of codes and are read as the digits that they look
like: 0 1 1 5 2 8 6.

A Vietnamese keyboard leaves digits and consonants unchanged. In a code typed with O for 0 or I for
1 it takes the next key for an accent of that vowel. The accents are turned back into keys:

    accent                      VNI     Telex
    sắc         Ó Í             1       S (read as 5)
    huyền       Ò Ì             2       F
    hỏi         Ỏ Ỉ             3       R
    ngã         Õ Ĩ             4       X
    nặng        Ọ Ị             5       (J, no symbol)
    mũ          Ô               6       O (read as 0)
    móc         Ơ               7       (W, no symbol)

Such a text has one *reading* for each keyboard, for each order of two accents on one letter (Ố is
O61 or O16), and for each place of the key when one of I K M O P T follows the vowel, because
keyboards also accept the accent after it (ÓM is O1M or OM1). One text is typed on one keyboard:
VNI and Telex are never mixed in one reading. All readings have the same length.

>>> readings('FÔ0-000H', longest=11)
('F060000H', 'F000000H')
>>> readings('KỔ-000H', longest=11)
('K063000H', 'K036000H', 'K00R000H', 'K0R0000H')

A keyboard may swallow a key (O11 becomes O1, O12 becomes Ò): the text is one symbol short then. Any
other accent (Ö, Ñ) is a foreign symbol of its own.
"""

import re
import string
import unicodedata
from collections.abc import Iterator
from itertools import islice, permutations, product
from typing import Final

from geo.spoken_number import spoken_digits

ANNOUNCING: Final = r"(?:mã(?:\s+(?:địa\s+chỉ|đc)(?:\s+số)?)?|ma|code)\b"
"""Pattern of the words that announce a code, case-insensitive."""
_ANNOUNCED: Final = re.compile(rf"\s*(?:{ANNOUNCING}[\s:#]*|#\s*)", re.IGNORECASE)
LINK: Final = r"https?://[^\s/?#]+/a/([\w.~%-]{1,40})/?(?:[?#]\S*)?"
"""Pattern of the link in the QR code of a plate, on any host; group 1 is the code."""
_LINK: Final = re.compile(rf"\s*{LINK}\s*", re.IGNORECASE)

_SPOKEN_LENGTH: Final = 11
"""Digits of a code on the telephone (`geo.code.SPOKEN_LENGTH`)."""

_LOOKALIKES: Final = str.maketrans("OILSZBG", "0115286")

# NFKD does not decompose Đ; U+0335 represents its stroke. Only ASCII letters are upper-cased:
# str.upper would turn ß into SS, that is 55.
_STROKE: Final = "\u0335"
_UPPER: Final = str.maketrans(
    {lower: lower.upper() for lower in string.ascii_lowercase} | dict.fromkeys("đĐ", "D" + _STROKE)
)

# Dashes outside the category Pd: minus (to which NFKD takes super- and subscript minus), swung
# dash, hyphen bullet. Zero-width marks outside Cf: grapheme joiner, variation selectors.
_OTHER_DASHES: Final = "\u2212\u2053\u2043"
_NO_WIDTH: Final = "\u034f\ufe0e\ufe0f"

# Accent -> key. Telex types the circumflex by the vowel itself, hence the empty key.
_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = "\u0301\u0300\u0309\u0303\u0323"
_CIRCUMFLEX, _HORN, _BREVE = "\u0302\u031b\u0306"
_ACCENTS: Final = _ACUTE + _GRAVE + _HOOK + _TILDE + _DOT + _CIRCUMFLEX + _HORN + _BREVE + _STROKE
_VNI: Final = dict(zip(_ACCENTS, "123456789", strict=True))
_TELEX: Final = dict(zip(_ACCENTS, "SFRXJ WWD", strict=True)) | {_CIRCUMFLEX: ""}
_ACCENTED: Final = frozenset("AEIOUYD")
_FOLLOWERS: Final = "IKMOPT"
"""Letters that may stand between a vowel and the key of its accent."""


def strip_announcement(text: str) -> str:
    """Return the part of `text` that may be a code: without the announcing word and the link of a
    plate, and with spoken digits as digits.

    No code is damaged: A, C, D, E and # are not symbols, so no code starts with `ma` or `code`.

    >>> texts = ("Mã địa chỉ số: 2HT6-4FP5", "#2ht64fp5", "M2HT-64FP")
    >>> [strip_announcement(text) for text in texts]
    ['2HT6-4FP5', '2ht64fp5', 'M2HT-64FP']
    >>> strip_announcement("https://diachi.vn/a/2HT6-4FP5"), strip_announcement("https://diachi.vn/a/")
    ('2HT6-4FP5', 'https://diachi.vn/a/')
    >>> strip_announcement("mã một hai ba bốn năm sáu bảy tám chín bảy tám")
    '12345678978'
    """
    if linked := _LINK.fullmatch(text):
        return linked[1]
    composed = unicodedata.normalize("NFC", text)
    word = _ANNOUNCED.match(composed)
    rest = composed[word.end() :] if word else text
    return spoken_digits(rest, _SPOKEN_LENGTH) or rest


def readings(text: str, *, longest: int) -> tuple[str, ...]:
    """Return every way to read `text`, all of one length, VNI first; look-alikes are replaced.

    At least one; exactly one for a text with more than `longest` symbols, which is not a code.
    """
    written = _written(text)
    typed = (
        "".join(parts).translate(_LOOKALIKES)
        for keys in (_VNI, _TELEX)
        for parts in product(*_typed(written, keys))
    )
    # Only the length bounds the number of readings.
    hopeless = sum(map(len, written)) > longest
    return tuple(dict.fromkeys(islice(typed, 1) if hopeless else typed))


def _written(text: str) -> list[str]:
    """Return the letters of `text`, each followed by its accents; "" for each separator.

    An accent that no Vietnamese keyboard puts on its letter is a letter of its own.
    """
    written: list[str] = [""]
    for char in unicodedata.normalize("NFKD", text).translate(_UPPER):
        category = unicodedata.category(char)
        if category == "Cf" or char in _NO_WIDTH:
            continue
        if char.isspace() or category == "Pd" or char in _OTHER_DASHES:
            written.append("")
        elif char in _ACCENTS and written[-1][:1] in _ACCENTED and len(written[-1]) < 3:
            written[-1] += char
        else:
            written.append(char)
    return written


def _typed(written: list[str], keys: dict[str, str]) -> Iterator[list[str]]:
    """Yield, for each letter, the ways to type it and the keys of its accents.

    A letter that may come between a vowel and its keys is yielded together with that vowel.
    """
    followers = [*written[1:], ""]
    taken = False
    for letter, follower in zip(written, followers, strict=True):
        if taken:
            taken = False
            continue
        accents = [keys[accent] or letter[0] for accent in letter[1:]]
        taken = bool(accents) and follower != "" and follower in _FOLLOWERS
        between = follower if taken else ""
        yield [
            letter[:1] + "".join(order[:place]) + between + "".join(order[place:])
            for order in permutations(accents)
            for place in range(len(accents), -1 if taken else len(accents) - 1, -1)
        ]
