"""Text on a parcel besides the address: removed before parsing, and never stored.

>>> without_noise("12 Lê Lợi, Huế, SĐT 0912 345 678")[0]
'12 Lê Lợi, Huế, , SĐT, '
"""

import re
import unicodedata
from typing import Final

from geo import kinds, lexicon
from geo.flat import FLATS
from geo.house_number import ALLEYS, NUMBER_WORDS, PLOTS
from geo.locality import LOCALITIES
from geo.street import STREETS
from geo.text import accent_key, fold
from geo.words import starts_with_number_letter

# Numbers of telephones, with or without spaces, and of identity cards.
_PHONE: Final = re.compile(
    # Without separators, so that a house number after it is not taken for its end.
    r"(?<![\w/+])0[1-9]\d{8}(?!\d)"
    r"|(?<![\w/+])(?:(?i:s?[đd]/?t|tel|phone|mobile)\s?[:.]?\s?)?"
    r"(?:(?:\+|00)?84[ .-]?|0)(?:\(0\))?[1-9](?:(?:[.-]| {1,3})?\d){8,9}(?![\d/])"
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
# HTML in a shop's export: `12 Láng<br>P. Láng`; scripts are removed with their content.
_MARKUP: Final = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*>|$)|</?[a-z][^<>]{0,200}>", re.IGNORECASE | re.DOTALL
)
# `67 (số mới 81) Lý Nam Đế`, `81 (cũ: 67)`: the new number of a house counts.
_RENUMBERED: Final = re.compile(
    r"(?<![\w/])(?P<one>\d[\w/]{0,20})\s*\(\s*(?:số\s+|so\s+)?(?P<when>cũ|cu|mới|moi)\s*:?\s*"
    r"(?P<other>\d[\w/]{0,20})\s*\)",
    re.IGNORECASE,
)
# `số mới 23 (số cũ 19)`
_NEW_NUMBER: Final = re.compile(
    r"(?<!\w)((?:số|so)(?:\s+nhà)?)\s+(?:mới|moi)\s*:?(?=\s*\d[\w/]{0,20}\s*\(\s*(?:số\s+|so\s+)?c[uũ])",
    re.IGNORECASE,
)
# `Xã Gia Phù (nay là Xã Gia Phù)`, `phường 5 trước đây thuộc Quận 3`
_NOW: Final = re.compile(
    r"\b(?:nay|hiện\s+nay|trước\s+đây|trước)\s+(?:là|thuộc)\b|\bnay\s+(?:la|thuoc)\b", re.IGNORECASE
)
_BRACKETS: Final = str.maketrans("()[]{}", ",,,,,,")
# `Tôn Đức Thắng. Khu phố 2`, `Số nhà 30. Khối 1`: the end of a sentence, not an abbreviation;
# `12.Phường 5`.
_SENTENCE: Final = re.compile(
    r"(?:(?<=[^\W\d_]{4})|(?<=\d))\.\s(?=[^\W\d_])"
    r"|(?:(?<=\d)|(?<=[^\W\d_]{3}))\.(?=[PXQHFpxqhf]\.\s?[^\W\d_])"
    r"|(?<=[^\W\d_]{3})\.(?=[PQFpqf]\d)|(?<=[PQFpqf]\d)\.(?=[^\W\d_])|(?<=[PQFpqf]\d\d)\.(?=[^\W\d_])"
    r"|(?<=\d)\.(?=[^\W\d_]{3}|(?i:xã|tp|tt|tx|kp|ấp|lê|lý|hồ|vũ|võ|đỗ|ba|hà|an|tô)\b)"
)
# A shop's notes about the order: `COD 350.000đ 12 Lê Lợi`, `đơn #4521`, `Lazada LZD99887766`.
_ORDER: Final = re.compile(
    r"\b(?:cod|thu\s+hộ|thu\s+ho)\s*:?\s*\d[\d.,]*\s?(?:k|đ|d|vnđ|vnd|đồng|nghìn|ngàn)\b[.,;]?"
    r"|(?:\b(?:mã|ma)\s+)?\b(?:vận\s+đơn|van\s+don|đơn(?:\s+hàng)?|don(?:\s+hang)?)\b\s*[:#]?\s*#?"
    r"(?:\d{4,14}|(?=[a-z\d]{0,14}\d{3})[a-z\d]{7,20})(?![\w/])"
    r"|\b(?:shopee|lazada|tiki|spx|ghtk|ghn|vnpost|viettel\s?post)\s*[:-]?\s*[a-z]{1,6}\d{6,14}"
    r"(?![\w/])"
    r"|(?<![\w/])(?!s?dt|tel|lh|zalo|call|phone)[a-z]{2,6}\d{8,14}(?![\w/])",
    re.IGNORECASE,
)
# `… Hà Nội sau 17h`, `giao từ 8h30 đến 17h`, at the end of a part: `12H Lê Lợi` is a house, and so
# is 12H in `phía sau 12H`.
_HOUR: Final = r"\d{1,2}\s?(?:h|giờ|gio)(?:\d{2})?"
_HOURS: Final = re.compile(r"\d\s?(?:[hH]|[gG]i)")
_AT_HOURS: Final = re.compile(
    r"(?<!phía)(?<!nhà)(?<!mặt)[\s,;–-]+(?:(?:giao|ship|nhận|gọi|nhan|goi)\s+)?"
    r"\b(?:sau|trước|lúc|từ|khoảng|tầm|giao|ship|truoc|luc|tu|khoang|tam)\s+"
    rf"{_HOUR}(?:\s*(?:[-–]|đến|tới|den|toi)\s*{_HOUR})?"
    r"(?:\s+(?:sáng|trưa|chiều|tối|sang|trua|chieu|toi))?(?=\s*(?:[,;.()]|$))",
    re.IGNORECASE,
)
# `giao 4/12`, at the end of a part or before a house number; `giao 4/12 Láng` is an address.
_ON_DAY: Final = re.compile(
    r"(?:^|[\s,;(–-]+)(?:giao|ship|nhận|hẹn|nhan|hen)\s+(?:(?:hàng|ngày|hang|ngay)\s+)*"
    r"\d{1,2}/\d{1,2}(?:/\d{2,4})?(?=\s*(?:[,;.)]|$)|\s+\d)",
    re.IGNORECASE,
)
_DAY_WORDS: Final = ("giao", "ship", "nhận", "hẹn", "nhan", "hen")
_ORDER_WORDS: Final = (
    *("cod", "thu ", "đơn", "don", "vận", "van", "shopee", "lazada", "tiki", "spx", "gh"),
    *("vnpost", "viettel"),
)
_ORDER_NUMBER: Final = re.compile(r"[A-Za-z]\d{6}")
# `F.Vĩnh Tuy`: a ward, as in F.12; `W11, D3`.
_WARD_LETTER: Final = re.compile(r"(?<![\w.])f\.\s?(?=[^\W\d_]{2})", re.IGNORECASE)
_WARD_IN_ENGLISH: Final = re.compile(
    r"(?<!\w)w\.?\s?(\d{1,2})\s*,?\s*d\.?\s?(\d{1,2})(?!\w)", re.IGNORECASE
)
# Missing spaces: `82/10/2Lê Lai`, `12 Lê Lai P11Q3`; but not `12Bis`, `12Bbis`.
_GROWN: Final = re.compile(
    r"(?<=\d)(?=(?![A-Z]?(?:[Bb]is|[Tt]er)(?![^\W\d_]))[A-ZÀ-ỸĐ][a-zà-ỹđ])|(?<=[PFpf]\d)(?=[Qq]\d)|(?<=[PFpf]\d\d)(?=[Qq]\d)"
)
_LETTER_BEHIND_DIGIT: Final = re.compile(r"\d[^\W\d_]")
# `Nhà 3 tầng số 12 Trần Phú`: the height of a house is not a house number.
_STOREYS: Final = re.compile(r"\b(?:nhà|biệt thự)\s+\d{1,2}\s+tầng\b[\s,]*(?=\D)", re.IGNORECASE)
# `Địa chỉ: 225 Lê Duẩn`, `ship về 56 ngõ 22`, `Nơi ở hiện tại: Ấp 3`: labels and phrases before an
# address.
_LABEL: Final = re.compile(
    r"\s*(?:(?:địa\s+chỉ|nơi\s+(?:ở|sinh|cư\s+trú|đăng\s+ký)|chỗ\s+ở|hktt|hộ\s+khẩu|thường\s+trú|"
    r"tạm\s+trú|trú\s+quán|quê\s+quán|nguyên\s+quán|kính\s+gửi)"
    r"(?:\s+(?:hiện\s+(?:nay|tại)|thường\s+trú|tạm\s+trú|liên\s+hệ|hộ\s+khẩu|của\s+tôi))*"
    r"(?:\s*:|\s+tại\b)"
    r"|(?:địa\s+chỉ|dia\s+chi|đ/c|d/c|đc|add|address|nơi\s+nhận|nơi\s+gửi)"
    r"(?:\s+(?:nhận|giao|gửi))?(?:\s+hàng)?\s*[:.-]?"
    r"|(?:cho\s+(?:em|mình|tôi|anh|chị)\s+)?(?:ship|giao|gửi|gui|chuyển)(?:\s+(?:hàng|hang))?"
    r"\s+(?:về|ve|tới|toi|đến|den|qua|sang|tại|tai|ở)"
    r"|(?:nhà\s+)?(?:em|e|mình|m|tôi|tui)\s+ở"
    # Only before a number: `giao 12 Lê Lợi`, `CS2: 12 Lê Lợi`, `mặt tiền 12 Lê Lợi`, `1. 12 Lê Lợi`
    r"|(?:(?:ship|giao|gửi|chuyển)(?:\s+hàng)?(?:\s+cho\s+(?:em|mình|tôi|anh|chị))?"
    r"|(?:nhận\s+hàng|nằm|tọa\s+lạc|toạ\s+lạc)(?:\s+(?:tại|ở))?|tới|đến|(?:nhà\s+)?mặt\s+(?:tiền|phố|đường)"
    r"|trụ\s+sở(?:\s+chính)?(?:\s+tại)?|chi\s+nhánh|cơ\s+sở(?:\s+\d{1,2}\s*:)?"
    r"|dạ|alo|tại|ở|(?:cs|cn|vp|kho)\s?\d{0,2}\s*:|\d{1,2}\.(?=\s))"
    r"(?=\s*:?\s+(?:số\s+)?\d)"
    r")\s*:?\s+(?=\S)",
    re.IGNORECASE,
)
_LABEL_BEGINS: Final = frozenset("đdansgcemthqkvở ĐDANSGCEMTHQKVỞ")
_LABEL_INSIDE: Final = re.compile(
    r"[,;\n]\s*(?:địa\s+chỉ|dia\s+chi|đ/c|d/c|đc)(?:\s+(?:nhận|giao))?(?:\s+hàng)?\s*:",
    re.IGNORECASE,
)
_KIND_LISTS: Final = (
    *(kinds.ADMIN, kinds.NOISE, LOCALITIES, ALLEYS, PLOTS, STREETS, FLATS, NUMBER_WORDS),
)
_NUMBERING: Final = frozenset(
    {
        *("cu", "moi", accent_key("cũ"), accent_key("mới")),
        *(word for listed in _KIND_LISTS for p in listed for word in (p.keys[-1], p.accents[-1])),
    }
)
"""Words that a number may belong to, despite punctuation between: `Phường. 8`, `Tổ: 5`."""
# `…, Biên Hòa. 8`, `… (hàng dễ vỡ) 10`: a count from a shop's list, or a footnote.
_COUNT_BEHIND: Final = re.compile(
    r"(?<!\w)(?:(?P<word>[^\W\d_]{2,})|(?:quận|quan|[qpf])\.?\s?\d{1,2})(?P<count>\s*\.\s*\d{1,3})$"
    r"|\)(?P<behind>\s*\.?\s*\d{1,3})$",
    re.IGNORECASE,
)
# `Chi nhánh Vinh: 12 Lê Lợi`, `Quận 9. 99 Lê Văn Việt`: a heading before the address.
_HEADING: Final = re.compile(r"(?<!\w)([^\W\d_]{2,})\s*:\s+(?=(?:(?:số|so|sn)\s+)?[a-zđ]?\d)", re.I)
_COLON: Final = re.compile(r"(?<=[^\W\d_]):(?=\d)")
_UNIT_FIRST: Final = re.compile(
    r"(?:quận|quan|huyện|huyen|thị xã|thi xa|thành phố|thanh pho|tp|tx|[qh])\.?\s*"
    r"(?:[^\W\d_][^.,:;\d]{1,30}|\d{1,2})\.(?=\s(?:số\s)?\d)",
    re.IGNORECASE,
)
# `… Hà Nội nhé`, `… Gò Vấp với ạ`, `… thủ đức nha`; Mường Nhé and Phong Nha are communes.
_POLITE: Final = frozenset(lexicon.names("manners", "polite"))
_POLITE_INSIDE: Final = re.compile(
    rf"(?<!\w)([^\W\d_]+)\s+(?:{'|'.join(lexicon.names('manners', 'inside'))})"
    r"(?:\s+(?:shop|ad|em|anh|chị|bạn))?(?=\s*[,;])",
    re.IGNORECASE,
)
# `số 12 trên đường Lê Lợi`, `số 12 mặt đường Lê Lợi`
_ON_THE_STREET: Final = re.compile(
    r"(\d[A-Za-z]?)\s+(?:(?:nằm\s+)?trên\s+(?=(?:đường|phố)\b)"
    r"|mặt\s+(?=(?:đường|phố)\b)|mặt\s+tiền\s+)",
    re.IGNORECASE,
)
_POLITE_ENDS: Final = frozenset(end for word in _POLITE for end in (word[-1], word[-1].upper()))
_ENDS: Final = " .!,~"
_NAMED_SO: Final = frozenset(lexicon.names("manners", "named"))
"""Words that precede a polite word in names of communes."""
_SLASH_BEHIND: Final = re.compile(r"(?<=\d)\s*/\s+(?=[^\W\d_]{2})")
"""`12 / Lê Lợi`, but `12 / A`."""
_CUT_OFF: Final = re.compile(r"(?<![\w/])\d+[A-Za-z]?(?:/\d+[A-Za-z]?)*/\s*[.…?]+")
"""`10/… Láng`: the inner number is not known, so none is."""
_BACKSLASH: Final = re.compile(r"(?<=\d)\\(?=\d)")
# `Huỳnh Tấn Phát/Hẻm 41`: a slash beside a word is not a path. `40bis/1` is one.
_SLASH: Final = re.compile(
    r"/(?=[^\W\d_]{2,7}(?!\w))|(?<=[^\W\d_]{3})(?<!bis)(?<!BIS)(?<!Bis)/(?=\w)"
)


def without_noise(text: str) -> tuple[str, tuple[str, ...]]:
    """Return `text` normalized to NFKC without noise, and the Plus Codes that it contained.

    Telephone numbers, identity card numbers and email addresses are removed.
    """
    text = unicodedata.normalize("NFKC", text)
    plus_codes: tuple[str, ...] = ()
    text = _without_manners(text)
    # Most texts have none of these characters, and testing is faster than searching.
    if "<" in text:
        text = _MARKUP.sub(", ", text)
    text = _without_order(text)
    if "+" in text:
        plus_codes = tuple(_PLUS_CODE.findall(text))
        text = _PLUS_CODE.sub(",", text)
    text = _in_parts(text)
    if "\\" in text:
        text = _BACKSLASH.sub("/", text)
    if "/" in text:
        text = _CUT_OFF.sub(" ", text)
        text = _SLASH.sub(", ", _SLASH_BEHIND.sub(", ", text))
    if "nay " in text or "trước " in text:
        text = _NOW.sub(",", text)
    if "(" in text:
        text = _NEW_NUMBER.sub(r"\1 ", text)
        text = _RENUMBERED.sub(lambda m: m["other"] if fold(m["when"]) == "moi" else m["one"], text)
    if any(map(text.__contains__, "()[]{}")):
        text = text.translate(_BRACKETS)
    return text, plus_codes


def _without_order(text: str) -> str:
    """Remove notes about the order and its recipient."""
    lower = text.lower()
    if any(map(lower.__contains__, _ORDER_WORDS)) or _ORDER_NUMBER.search(text):
        text = _ORDER.sub(", ", text)
    if _MANY_DIGITS.search(text):
        text = _CALL.sub("", _PHONE.sub(", SĐT, ", text))
    if _HOURS.search(text):
        text = _AT_HOURS.sub("", text)
    if "/" in text and any(map(lower.__contains__, _DAY_WORDS)):
        text = _ON_DAY.sub("", text)
    if "@" in text or "http" in text or "www." in text:
        text = _MAIL_OR_LINK.sub(" ", text)
    return text


def _without_manners(text: str) -> str:
    """Remove phrases that people write before and after an address."""
    lower = text.lower()
    if "tầng" in lower:
        text = _STOREYS.sub("", text)
    if (text[:1] in _LABEL_BEGINS or ". " in text[:4]) and (match := _LABEL.match(text)):
        text = text[match.end() :]
    if ":" in text:
        text = _LABEL_INSIDE.sub(", ", text)
    if " mặt" in lower or " trên" in lower:
        text = _ON_THE_STREET.sub(r"\1 ", text)
    if " nhé" in lower or " nha" in lower or " ạ" in lower:
        text = _POLITE_INSIDE.sub(_without_polite_word, text)
    if text.rstrip(_ENDS)[-1:] in _POLITE_ENDS:
        text = _without_polite_end(text)
    return text


def _in_parts(text: str) -> str:
    """Put commas where a sentence or a heading ends, and remove a count at the end."""
    if text[-1:].isdigit():
        text = _without_count(text)
    if ". " in text and (unit := _UNIT_FIRST.match(text)):
        text = f"{unit[0][:-1]},{text[unit.end() :]}"
    if "." in text:
        text = _WARD_LETTER.sub("phường ", _SENTENCE.sub(", ", text))
    if _LETTER_BEHIND_DIGIT.search(text):
        text = _GROWN.sub(_apart, text)
    if "w" in text or "W" in text:
        text = _WARD_IN_ENGLISH.sub(r"phường \1, quận \2", text)
    return _HEADING.sub(_heading, _COLON.sub(": ", text)) if ":" in text else text


def _apart(grown: re.Match[str]) -> str:
    """Return a space, unless the next letter belongs to the number: `51Dnguyễn`."""
    return "" if starts_with_number_letter(grown.string[grown.end() :]) else " "


def _without_count(text: str) -> str:
    match = _COUNT_BEHIND.search(text)
    if match is None or accent_key(match["word"] or "") in _NUMBERING:
        return text
    return text[: match.start("behind" if match["behind"] else "count")]


def _heading(match: re.Match[str]) -> str:
    """Replace the colon by a comma, except between a kind and its number: `Tổ: 5`."""
    return match[0] if accent_key(match[1]) in _NUMBERING else f"{match[1]}, "


def _without_polite_word(match: re.Match[str]) -> str:
    """Return the word before a polite one; both if the latter ends a name, `Mường Nhé, Điện
    Biên`."""
    return match[0] if match[1].lower() in _NAMED_SO else match[1]


def _without_polite_end(text: str) -> str:
    while True:
        head, _, last = text.rstrip(_ENDS).rpartition(" ")
        if last.lower() not in _POLITE:
            return text
        before = head.split()[-1:]
        if not before or before[0].lower() in _NAMED_SO:
            return text
        text = head
