"""Whose house it is, inside of an address: `nhà ông Bảy`. Taken out before the address is read.

It stands beside the door in nearly every list that a commune keeps, and would otherwise be read as
a street, a hamlet or a building, and stored.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from geo import lexicon
from geo.syllables import is_syllable
from geo.text import fold

_TITLES: Final = lexicon.names("people", "title")
_BEFORE_TITLES: Final = lexicon.names("people", "before_title")
# Never after a kind of place: Đường Ông Ích Khiêm and Đường Bà Triệu have no such word before. With
# its accents, for `ho chi Minh` is a city; only `nha ong` is known without.
_OWNER: Final = (
    rf"(?:(?:{'|'.join(_BEFORE_TITLES)})\s+(?:{'|'.join(_TITLES)})|nha\s+(?:ong|anh|chi|chu))\b"
)
_BESIDE: Final = r"(?:(?:gần|sau|trước|cạnh|bên|sát|đối diện|kế|gan)\s+)?"
# A name goes on to a sign, a number, or the next part of the address.
_END: Final = (
    r"(?=\s*(?:[,;()\[\]/|]|[-–—]\s|\d|$)|\s+(?:thôn|xóm|ấp|bản|buôn|tổ|khu|khối|khóm|đường|phố"
    r"|phường|xã|ngõ|ngách|hẻm|kiệt|số|lô|quận|huyện|tỉnh|tp|thành phố|gần|cạnh|đối diện|sau|đt|sđt"
    r"|thon|xom|ap|duong|phuong|xa|ngo|hem|so)\b)"
)
_PERSON: Final = re.compile(rf"\b{_BESIDE}{_OWNER}[^,;()\[\]\d/|]*?{_END}", re.IGNORECASE)
_CALLED: Final = re.compile(rf"(?:{'|'.join(_TITLES)}|mrs?|ms)\.?(?: \w+){{1,3}}", re.IGNORECASE)
_SURNAMES: Final = {fold(name): name for name in lexicon.names("surnames")}


def is_surname(word: str) -> bool:
    """Whether a word is a surname, all or some of its marks left out; a wrong mark is another word.

    >>> is_surname("Đinh"), is_surname("dinh"), is_surname("Nguyên"), is_surname("Đình")
    (True, True, True, False)
    """
    surname = _SURNAMES.get(fold(word))
    return surname is not None and _marks(word) <= _marks(surname)


@lru_cache(maxsize=1_024)
def _marks(word: str) -> frozenset[str]:
    apart = unicodedata.normalize("NFD", word.lower())
    return frozenset(char for char in apart if unicodedata.combining(char) or char == "đ")


_BEHIND_DASH: Final = re.compile(
    r"[^\W\d_][.)]?\s+[-–—]\s+((?:[^\W\d_]+\s+){2,3}[^\W\d_]+)\s*(?=[,;(/\d]|[-–—]\s|$)"
)
_STREET_NAMES: Final = frozenset(map(fold, lexicon.names("names", "person")))
"""Of people of history, after whom streets are called."""
_FULL: Final = (3, 4)
"""Words of a name in full."""
_LED_TO: Final = frozenset(lexicon.names("in_names", "before_person"))
"""Folded: what may stand before a person's name in that of a street."""
_OWNERS: Final = frozenset(lexicon.names("people", "before_name"))
_FORMS: Final = frozenset({*_TITLES, "hộ"})
_HOMES: Final = frozenset(lexicon.names("people", "home"))
_BUILDINGS: Final = frozenset({"toà", "tòa"})
_WORD: Final = re.compile(r"[^\W\d_]+")
# Looked for first, for nearly no address has one, and millions are read.
_SIGNS: Final = ("nha ", *(f"{words.split()[-1]} " for words in _BEFORE_TITLES))


def is_of_history(key: str) -> bool:
    """Whether a folded name is that of somebody after whom streets are called."""
    return key in _STREET_NAMES


def without_owner(text: str) -> str:
    """The text without what says whose house it is; the rest is as it was.

    >>> without_owner("12 Láng (nhà ông Bảy), phường Láng"), without_owner("gần nhà chị Hoa thôn 3")
    ('12 Láng (), phường Láng', ' thôn 3')
    >>> without_owner("12 Đường Ông Ích Khiêm"), without_owner("Ho Chi Minh")
    ('12 Đường Ông Ích Khiêm', 'Ho Chi Minh')
    """
    lower = text.lower()
    return _PERSON.sub("", text) if any(map(lower.__contains__, _SIGNS)) else text


def is_full_name(text: str) -> bool:
    """Whether a cell holds nothing but what a person is called in full: by surname, Văn or Thị, and
    a name, but for those of history.

    >>> is_full_name("Trần Thị Mai"), is_full_name("NGUYỄN VĂN BÌNH"), is_full_name("Võ Thị Sáu")
    (True, True, False)
    >>> is_full_name("Toà Trần Thị Mai"), is_full_name("Hàng Khoai"), is_full_name("Văn Thị")
    (False, False, False)
    """
    key = fold(text)
    words = key.split()
    full = len(words) in _FULL and is_surname(text.split()[0]) and words[1] in ("van", "thi")
    return full and all(map(str.isalpha, words)) and key not in _STREET_NAMES


def goes_on_to_person(street: str) -> bool:
    """Whether the name of a street ends in somebody's: `Láng Trần Thị Mai`, `Láng hộ Nguyễn Nam`.

    >>> names = ("Láng Trần Thị Mai", "Láng/Nguyễn Văn Nam", "Láng chủ hộ Nam", "Láng nhà Hoa")
    >>> [goes_on_to_person(name) for name in names]
    [True, True, True, True]
    >>> names = ("Nguyễn Văn Nam", "Kênh Nguyễn Văn Nam", "Láng Võ Thị Sáu", "Bà Mẹ Việt Nam")
    >>> [goes_on_to_person(name) for name in names]
    [False, False, False, False]
    """
    words = street.replace("/", " ").split()
    if "-" in words:
        return False  # a road by its ends: see `person_behind`
    return bool(words) and mentions_person(street) and not is_full_name(street)


def mentions_person(text: str) -> bool:
    """Whether a text names somebody anywhere: by surname, Văn or Thị and a name, or as people are
    spoken of, `nhà Hoa`, `anh Hùng`, `gđ Lý Thông`.

    >>> texts = ("cạnh Nguyễn Thị Lan", "gần nhà Trần Tèo", "Láng Hạ anh Hùng", "Nhà chị Hoa")
    >>> [mentions_person(text) for text in texts]
    [True, True, True, True]
    >>> texts = ("gần chợ Nguyễn Văn Nam", "sau Nhà thờ", "Việt Nam Anh Hùng", "cạnh Võ Thị Sáu")
    >>> [mentions_person(text) for text in texts]
    [False, False, False, False]
    """
    words = _WORD.findall(text)
    # The longer name first: Nguyễn Thị Minh Khai is not Nguyễn Thị Minh.
    for size in reversed(_FULL):
        for at in range(len(words) - size + 1):
            named = words[at : at + size]
            if fold(" ".join(named)) in _STREET_NAMES:
                rest = (words[:at], words[at + size :])
                return any(mentions_person(" ".join(each)) for each in rest)
            led_to = at > 0 and fold(words[at - 1]) in _LED_TO
            if not led_to and is_full_name(" ".join(named)):
                return True
    return any(
        (word in _FORMS and after[0].isupper() and len(after) > 1 and fold(before) not in _LED_TO)
        or (
            word in _OWNERS
            and (after in _FORMS or (after[0].isupper() and len(after) > 1))
            and before.lower() not in _BUILDINGS
        )
        or (word.lower() in _HOMES and after.lower() in _FORMS)
        for before, word, after in zip(["", *words], words, words[1:], strict=False)
    )


def is_called(text: str) -> bool:
    """Whether a cell holds nothing but how somebody is called: `chị Hoa`, `Ông Bảy`."""
    return _CALLED.fullmatch(text) is not None


def may_be_name(text: str) -> bool:
    """Whether a cell may hold nothing but what a person is called: `chị Hoa`, or three or four
    words of Vietnamese behind a surname, but for those of history. Buildings have such names, too.

    >>> [may_be_name(text) for text in ("chị Hoa", "Ông Bảy", "bà 5", "Lê Mai Hoa", "Trần Thị Mai")]
    [True, True, True, True, True]
    >>> [may_be_name(text) for text in ("Lê Thành", "Hà Đô Park", "Võ Thị Sáu", "Toà Lê Mai Hoa")]
    [False, False, False, False]
    """
    if is_called(text):
        return True
    key = fold(text)
    words = key.split()
    full = len(words) in _FULL and is_surname(text.split()[0]) and key not in _STREET_NAMES
    return full and all(map(is_syllable, words))


def person_behind(text: str) -> str | None:
    """What stands behind a name and a dash as people are called; None for none.

    Roads have the names of their two ends, which nearly never are three words behind a surname.

    >>> person_behind("92 An Dương Vương - Phạm Thanh Hoa, khóm 3"), person_behind("Láng - Hòa Lạc")
    ('Phạm Thanh Hoa', None)
    >>> person_behind("Lê Lợi - Trần Phú"), person_behind("Tân Hội - Mỹ Hạnh Đông")
    (None, None)
    >>> person_behind("Cầu Lùng - Cao Bá Quát"), person_behind("Nguyễn Huệ - Trần Hưng Đạo")
    (None, None)
    """
    for found in _BEHIND_DASH.finditer(text):
        named = fold(found[1])
        if is_surname(found[1].split()[0]) and named not in _STREET_NAMES:
            return found[1]
    return None
