"""Whose house it is, inside of an address: `nhà ông Bảy`. Taken out before the address is read.

It stands beside the door in nearly every list that a commune keeps, and would otherwise be read as
a street, a hamlet or a building, and stored.
"""

import re
from typing import Final

# Never after a kind of place: Đường Ông Ích Khiêm and Đường Bà Triệu have no such word before. With
# its accents, for `ho chi Minh` is a city; only `nha ong` is known without.
_OWNER: Final = (
    r"(?:(?:nhà|hộ|gđ|gia đình|gặp|chủ|chủ nhà|chủ hộ|phòng|của|lh|liên hệ)\s+"
    r"(?:ông|bà|anh|chị|cô|chú|bác|em|dì|cậu|thầy|mệ)|nha\s+(?:ong|anh|chi|chu))\b"
)
_BESIDE: Final = r"(?:(?:gần|sau|trước|cạnh|bên|sát|đối diện|kế|gan)\s+)?"
# A name goes on to a sign, a number, or the next part of the address.
_END: Final = (
    r"(?=\s*(?:[,;()\[\]/|]|[-–—]\s|\d|$)|\s+(?:thôn|xóm|ấp|bản|buôn|tổ|khu|khối|khóm|đường|phố"
    r"|phường|xã|ngõ|ngách|hẻm|kiệt|số|lô|quận|huyện|tỉnh|tp|thành phố|gần|cạnh|đối diện|sau|đt|sđt"
    r"|thon|xom|ap|duong|phuong|xa|ngo|hem|so)\b)"
)
_PERSON: Final = re.compile(rf"\b{_BESIDE}{_OWNER}[^,;()\[\]\d/|]*?{_END}", re.IGNORECASE)
# Looked for first, for nearly no address has one, and millions are read.
_SIGNS: Final = (
    "nhà ",
    "hộ ",
    "gđ ",
    "đình ",
    "gặp ",
    "chủ ",
    "phòng ",
    "của ",
    "lh ",
    "hệ ",
    "nha ",
)


def without_owner(text: str) -> str:
    """The text without what says whose house it is; the rest is as it was.

    >>> without_owner("12 Láng (nhà ông Bảy), phường Láng"), without_owner("gần nhà chị Hoa thôn 3")
    ('12 Láng (), phường Láng', ' thôn 3')
    >>> without_owner("12 Đường Ông Ích Khiêm"), without_owner("Ho Chi Minh")
    ('12 Đường Ông Ích Khiêm', 'Ho Chi Minh')
    """
    lower = text.lower()
    return _PERSON.sub("", text) if any(map(lower.__contains__, _SIGNS)) else text
