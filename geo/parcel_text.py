"""What is on a parcel besides the address: taken out before anything is read, and kept nowhere.

>>> without_noise("12 Lê Lợi, Huế, SĐT 0912 345 678")[0]
'12 Lê Lợi, Huế, , SĐT, '
"""

import re
import unicodedata
from typing import Final

from geo.text import fold

# Numbers of telephones, with or without spaces, and of identity cards.
_PHONE: Final = re.compile(
    r"(?<![\w/+])(?:(?:S?[ĐD]/?[tT]|[Tt]el|[Pp]hone|[Mm]obile)\s?[:.]?\s?)?"
    r"(?:(?:\+|00)?84[ .-]?|0)(?:\(0\))?[1-9](?:[ .-]?\d){8,9}(?![\d/])"
    r"|(?<!\d)\d{9,14}(?!\d)"
)
_CALL: Final = re.compile(
    r"[\s,;–-]*\b(?:gọi|goi|liên\s+hệ|lh|alo|zalo|call)(?:\s+(?:số|trước|cho))*[\s:.]*(?=, SĐT, )",
    re.IGNORECASE,
)
_MANY_DIGITS: Final = re.compile(r"\d(?:[ .()-]{0,3}\d){8}")
_MAIL_OR_LINK: Final = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,80}|(?:https?://|www\.)\S{1,500}")
_PLUS_CODE: Final = re.compile(
    r"(?<![\w+])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,4}(?![\w+])", re.IGNORECASE
)
# What a shop's page leaves in its export: `12 Láng<br>P. Láng`; a program is all noise.
_MARKUP: Final = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*>|$)|</?[a-z][^<>]{0,200}>", re.IGNORECASE | re.DOTALL
)
# `67 (số mới 81) Lý Nam Đế`, `81 (cũ: 67)`: of two numbers of one house the new one counts.
_RENUMBERED: Final = re.compile(
    r"(?<![\w/])(?P<one>\d[\w/]{0,20})\s*\(\s*(?:số\s+|so\s+)?(?P<when>cũ|cu|mới|moi)\s*:?\s*"
    r"(?P<other>\d[\w/]{0,20})\s*\)",
    re.IGNORECASE,
)
_BRACKETS: Final = str.maketrans("()[]{}", ",,,,,,")
# `Tôn Đức Thắng. Khu phố 2`, `Số nhà 30. Khối 1`: a sentence ends, no abbreviation.
_SENTENCE: Final = re.compile(r"(?:(?<=[^\W\d_]{4})|(?<=\d))\.\s(?=[^\W\d_])")
# `Huỳnh Tấn Phát/Hẻm 41`: a slash beside a word is no path. `40bis/1` is one.
# `Địa chỉ: 225 Lê Duẩn`, `ship về 56 ngõ 22`: what people write before an address.
_LABEL: Final = re.compile(
    r"\s*(?:(?:địa\s+chỉ|dia\s+chi|đ/c|d/c|đc|add|address|nơi\s+nhận|nơi\s+gửi)"
    r"(?:\s+(?:nhận|giao|gửi))?(?:\s+hàng)?\s*[:.-]?"
    r"|(?:ship|giao|gửi|gui|chuyển)(?:\s+(?:hàng|hang))?"
    r"\s+(?:về|ve|tới|toi|đến|den|qua|sang|tại|tai|ở)"
    r"|(?:nhà\s+)?(?:em|e|mình|m|tôi|tui)\s+ở)\s*:?\s+(?=\S)",
    re.IGNORECASE,
)
_LABEL_BEGINS: Final = frozenset("đdansgcemt ĐDANSGCEMT")
_LABEL_INSIDE: Final = re.compile(
    r"[,;\n]\s*(?:địa\s+chỉ|dia\s+chi|đ/c|d/c|đc)(?:\s+(?:nhận|giao))?(?:\s+hàng)?\s*:",
    re.IGNORECASE,
)
# `… Hà Nội nhé`, `… Gò Vấp với ạ`; Mường Nhé is a commune.
_POLITE: Final = frozenset({"nhé", "ạ", "ạh", "với"})
_POLITE_ENDS: Final = frozenset("éạhÉẠH")
_ENDS: Final = " .!,"
_MUONG: Final = frozenset({"mường", "muong", "nậm"})
_SLASH: Final = re.compile(
    r"/(?=[^\W\d_]{2,7}(?!\w))|(?<=[^\W\d_]{3})(?<!bis)(?<!BIS)(?<!Bis)/(?=\w)"
)


def without_noise(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` in composed letters and plain digits, and the plus codes that it held.

    Telephone numbers, numbers of identity cards and mail addresses are gone.
    """
    text = unicodedata.normalize("NFKC", text)
    plus_codes: tuple[str, ...] = ()
    text = _without_manners(text)
    # Most texts have none of these signs: asking is faster than searching.
    if "<" in text:
        text = _MARKUP.sub(", ", text)
    if _MANY_DIGITS.search(text):
        text = _CALL.sub("", _PHONE.sub(", SĐT, ", text))
    if "@" in text or "http" in text or "www." in text:
        text = _MAIL_OR_LINK.sub(" ", text)
    if "+" in text:
        plus_codes = tuple(_PLUS_CODE.findall(text))
        text = _PLUS_CODE.sub(",", text)
    if ". " in text:
        text = _SENTENCE.sub(", ", text)
    if "/" in text:
        text = _SLASH.sub(", ", text)
    if "(" in text:
        text = _RENUMBERED.sub(lambda m: m["other"] if fold(m["when"]) == "moi" else m["one"], text)
    if any(map(text.__contains__, "()[]{}")):
        text = text.translate(_BRACKETS)
    return text, plus_codes


def _without_manners(text: str) -> str:
    """`text` without the words that people put before and behind an address."""
    if text[:1] in _LABEL_BEGINS and (match := _LABEL.match(text)):
        text = text[match.end() :]
    if ":" in text:
        text = _LABEL_INSIDE.sub(", ", text)
    if text.rstrip(_ENDS)[-1:] in _POLITE_ENDS:
        text = _without_polite_end(text)
    return text


def _without_polite_end(text: str) -> str:
    while True:
        head, _, last = text.rstrip(_ENDS).rpartition(" ")
        before = head.split()[-1:]
        if last.lower() not in _POLITE or not before or before[0].lower() in _MUONG:
            return text
        text = head
