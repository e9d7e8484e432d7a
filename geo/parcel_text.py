"""What is on a parcel besides the address: taken out before anything is read, and kept nowhere.

>>> without_noise("12 Lê Lợi, Huế, SĐT 0912 345 678")[0]
'12 Lê Lợi, Huế, , SĐT, '
"""

import re
import unicodedata
from typing import Final

# Numbers of telephones, with or without spaces, and of identity cards.
_PHONE: Final = re.compile(
    r"(?<![\w/+])(?:(?:S?[ĐD]/?[tT]|[Tt]el|[Pp]hone|[Mm]obile)\s?[:.]?\s?)?"
    r"(?:(?:\+|00)?84[ .-]?|0)(?:\(0\))?[1-9](?:[ .-]?\d){8,9}(?![\d/])"
    r"|(?<!\d)\d{9,14}(?!\d)"
)
_MANY_DIGITS: Final = re.compile(r"\d(?:[ .()-]{0,3}\d){8}")
_MAIL_OR_LINK: Final = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,80}|(?:https?://|www\.)\S{1,500}")
_PLUS_CODE: Final = re.compile(
    r"(?<![\w+])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,4}(?![\w+])", re.IGNORECASE
)
_BRACKETS: Final = str.maketrans("()[]{}", ",,,,,,")
# `Tôn Đức Thắng. Khu phố 2`, `Số nhà 30. Khối 1`: a sentence ends, no abbreviation.
_SENTENCE: Final = re.compile(r"(?:(?<=[^\W\d_]{4})|(?<=\d))\.\s(?=[^\W\d_])")
# `Huỳnh Tấn Phát/Hẻm 41`: a slash beside a word is no path. `40bis/1` is one.
_SLASH: Final = re.compile(
    r"/(?=[^\W\d_]{2,7}(?!\w))|(?<=[^\W\d_]{3})(?<!bis)(?<!BIS)(?<!Bis)/(?=\w)"
)


def without_noise(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` in composed letters and plain digits, and the plus codes that it held.

    Telephone numbers, numbers of identity cards and mail addresses are gone.
    """
    text = unicodedata.normalize("NFKC", text)
    plus_codes: tuple[str, ...] = ()
    # Most texts have none of these signs: asking is faster than searching.
    if _MANY_DIGITS.search(text):
        text = _PHONE.sub(", SĐT, ", text)
    if "@" in text or "http" in text or "www." in text:
        text = _MAIL_OR_LINK.sub(" ", text)
    if "+" in text:
        plus_codes = tuple(_PLUS_CODE.findall(text))
        text = _PLUS_CODE.sub(",", text)
    if ". " in text:
        text = _SENTENCE.sub(", ", text)
    if "/" in text:
        text = _SLASH.sub(", ", text)
    return text.translate(_BRACKETS), plus_codes
