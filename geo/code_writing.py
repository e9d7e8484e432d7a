r"""How people write a code: what announces it, separators, look-alikes, and keyboards' accents.

The letters O I L S Z B G are not in the alphabet of codes and are read as the digits that they look
like: 0 1 1 5 2 8 6.

A code in digits and consonants passes a Vietnamese keyboard untouched. One typed with O for 0 or I
for 1 does not: the keyboard takes the next key for an accent of that vowel. The accents are turned
back into keys:

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

Keys that a keyboard swallowed (O11 leaves O1, O12 leaves Ò) leave a text one symbol short. Any
other accent (Ö, Ñ) is a foreign symbol of its own.
"""

import re
import string
import unicodedata
from collections.abc import Iterator
from itertools import islice, permutations, product
from typing import Final

from geo.spoken_number import digits_said

ANNOUNCING: Final = r"(?:mã(?:\s+(?:địa\s+chỉ|đc)(?:\s+số)?)?|ma|code)\b"
"""Pattern of the words in front of a code that say that it is one, in any case."""
_ANNOUNCED: Final = re.compile(rf"\s*(?:{ANNOUNCING}[\s:#]*|#\s*)", re.IGNORECASE)
LINK: Final = r"https?://[^\s/?#]+/a/([\w.~%-]{1,40})/?(?:[?#]\S*)?"
"""Pattern of what the QR of a plate opens, whatever its host; group 1 is the code."""
_LINK: Final = re.compile(rf"\s*{LINK}\s*", re.IGNORECASE)

_SAID: Final = 11
"""Digits of a code on the telephone (`geo.code.SPOKEN_LENGTH`)."""

_LOOKALIKES: Final = str.maketrans("OILSZBG", "0115286")

# NFKD leaves Đ whole; U+0335 stands for its stroke. Only ASCII letters are raised: str.upper would
# read ß as SS, that is 55.
_STROKE: Final = "\u0335"
_UPPER: Final = str.maketrans(
    {lower: lower.upper() for lower in string.ascii_lowercase} | dict.fromkeys("đĐ", "D" + _STROKE)
)

# Dashes outside the category Pd: minus (to which NFKD takes super- and subscript minus), swung
# dash, hyphen bullet. Marks of no width outside Cf: grapheme joiner, variation selectors.
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


def unannounced(text: str) -> str:
    """What of `text` may be a code: without the word in front that says that it is one, without the
    link of a plate that it stands in, and in digits where they are said one by one.

    No code is lost by it: A, C, D, E and # are no symbols, so none begins with `ma` or `code`.

    >>> unannounced("Mã địa chỉ số: 2HT6-4FP5"), unannounced("#2ht64fp5"), unannounced("M2HT-64FP")
    ('2HT6-4FP5', '2ht64fp5', 'M2HT-64FP')
    >>> unannounced("https://diachi.vn/a/2HT6-4FP5"), unannounced("https://diachi.vn/a/")
    ('2HT6-4FP5', 'https://diachi.vn/a/')
    >>> unannounced("mã một hai ba bốn năm sáu bảy tám chín bảy tám")
    '12345678978'
    """
    if linked := _LINK.fullmatch(text):
        return linked[1]
    composed = unicodedata.normalize("NFC", text)
    word = _ANNOUNCED.match(composed)
    rest = composed[word.end() :] if word else text
    return digits_said(rest, _SAID) or rest


def readings(text: str, *, longest: int) -> tuple[str, ...]:
    """Every way to read `text`, all of one length, the VNI reading first; look-alikes replaced.

    At least one, and no more of a text with over `longest` symbols, which is no code.
    """
    written = _written(text)
    typed = (
        "".join(parts).translate(_LOOKALIKES)
        for keys in (_VNI, _TELEX)
        for parts in product(*_typed(written, keys))
    )
    # Only its length bounds the number of readings. A text longer than any code needs but one.
    hopeless = sum(map(len, written)) > longest
    return tuple(dict.fromkeys(islice(typed, 1) if hopeless else typed))


def _written(text: str) -> list[str]:
    """The letters of `text`, each with its accents behind it; "" for each separator.

    An accent that no Vietnamese keyboard puts on its letter stands as a letter of its own.
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
    """For each letter, the ways in which it and the keys of its accents can have been typed.

    A letter that may stand between a vowel and its keys is given together with that vowel.
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
