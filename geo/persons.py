"""Names of persons in an address, `nhà ông Bảy`: removed before the address is parsed.

Nearly every list of a commune has the owner beside the door; without this, it would be read as a
street, a hamlet or a building, and stored.
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
# accents, because `ho chi Minh` is a city; without accents only `nha ong` and the like.
_OWNER: Final = (
    rf"(?:(?:{'|'.join(_BEFORE_TITLES)})\s+(?:{'|'.join(_TITLES)})|nha\s+(?:ong|anh|chi|chu))\b"
)
_BESIDE: Final = r"(?:(?:gần|sau|trước|cạnh|bên|sát|đối diện|kế|gan)\s+)?"
# A name ends at punctuation, a number, or the next part of the address.
_END: Final = (
    r"(?=\s*(?:[,;()\[\]/|]|[-–—]\s|\d|$)|\s+(?:thôn|xóm|ấp|bản|buôn|tổ|khu|khối|khóm|đường|phố"
    r"|phường|xã|ngõ|ngách|hẻm|kiệt|số|lô|quận|huyện|tỉnh|tp|thành phố|gần|cạnh|đối diện|sau|đt|sđt"
    r"|thon|xom|ap|duong|phuong|xa|ngo|hem|so)\b)"
)
_PERSON: Final = re.compile(rf"\b{_BESIDE}{_OWNER}[^,;()\[\]\d/|]*?{_END}", re.IGNORECASE)
_CALLED: Final = re.compile(rf"(?:{'|'.join(_TITLES)}|mrs?|ms)\.?(?: \w+){{1,3}}", re.IGNORECASE)
_SURNAMES: Final = {fold(name): name for name in lexicon.names("surnames")}


def is_surname(word: str) -> bool:
    """Whether a word is a surname, possibly with diacritics missing; a wrong one makes another
    word.

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
"""Folded names of historical persons that streets are named after."""
_FULL: Final = (3, 4)
"""Numbers of words in a full name."""
_BEFORE_PERSON: Final = frozenset(lexicon.names("in_names", "before_person"))
"""Folded: words before a person's name in the name of a street."""
_OWNERS: Final = frozenset(lexicon.names("people", "before_name"))
_FORMS: Final = frozenset({*_TITLES, "hộ"})
_HOMES: Final = frozenset(lexicon.names("people", "home"))
_BUILDINGS: Final = frozenset({"toà", "tòa"})
_WORD: Final = re.compile(r"[^\W\d_]+")
# Tested first, since almost no address has one, and millions are parsed.
_SIGNS: Final = ("nha ", *(f"{words.split()[-1]} " for words in _BEFORE_TITLES))


def is_historical(key: str) -> bool:
    """Whether a folded name is that of a person whom streets are named after."""
    return key in _STREET_NAMES


def without_owner(text: str) -> str:
    """Remove the owner of the house from the text.

    >>> without_owner("12 Láng (nhà ông Bảy), phường Láng"), without_owner("gần nhà chị Hoa thôn 3")
    ('12 Láng (), phường Láng', ' thôn 3')
    >>> without_owner("12 Đường Ông Ích Khiêm"), without_owner("Ho Chi Minh")
    ('12 Đường Ông Ích Khiêm', 'Ho Chi Minh')
    """
    lower = text.lower()
    return _PERSON.sub("", text) if any(map(lower.__contains__, _SIGNS)) else text


def is_full_name(text: str) -> bool:
    """Whether a cell is only a person's full name: surname, Văn or Thị, and a given name, except
    historical persons.

    >>> is_full_name("Trần Thị Mai"), is_full_name("NGUYỄN VĂN BÌNH"), is_full_name("Võ Thị Sáu")
    (True, True, False)
    >>> is_full_name("Toà Trần Thị Mai"), is_full_name("Hàng Khoai"), is_full_name("Văn Thị")
    (False, False, False)
    """
    key = fold(text)
    words = key.split()
    full = len(words) in _FULL and is_surname(text.split()[0]) and words[1] in ("van", "thi")
    return full and all(map(str.isalpha, words)) and key not in _STREET_NAMES


def ends_in_person(street: str) -> bool:
    """Whether the name of a street ends in a person's: `Láng Trần Thị Mai`, `Láng hộ Nguyễn Nam`.

    >>> names = ("Láng Trần Thị Mai", "Láng/Nguyễn Văn Nam", "Láng chủ hộ Nam", "Láng nhà Hoa")
    >>> [ends_in_person(name) for name in names]
    [True, True, True, True]
    >>> names = ("Nguyễn Văn Nam", "Kênh Nguyễn Văn Nam", "Láng Võ Thị Sáu", "Bà Mẹ Việt Nam")
    >>> [ends_in_person(name) for name in names]
    [False, False, False, False]
    """
    words = street.replace("/", " ").split()
    if "-" in words:
        return False  # a road named by its ends: see `person_after_dash`
    return bool(words) and mentions_person(street) and not is_full_name(street)


def mentions_person(text: str) -> bool:
    """Whether a text names a person anywhere: by surname, Văn or Thị and a given name, or
    informally, `nhà Hoa`, `anh Hùng`, `gđ Lý Thông`.

    >>> texts = ("cạnh Nguyễn Thị Lan", "gần nhà Trần Tèo", "Láng Hạ anh Hùng", "Nhà chị Hoa")
    >>> [mentions_person(text) for text in texts]
    [True, True, True, True]
    >>> texts = ("gần chợ Nguyễn Văn Nam", "sau Nhà thờ", "Việt Nam Anh Hùng", "cạnh Võ Thị Sáu")
    >>> [mentions_person(text) for text in texts]
    [False, False, False, False]
    """
    words = _WORD.findall(text)
    # Longer names first: Nguyễn Thị Minh Khai is not Nguyễn Thị Minh.
    for size in reversed(_FULL):
        for at in range(len(words) - size + 1):
            named = words[at : at + size]
            if fold(" ".join(named)) in _STREET_NAMES:
                rest = (words[:at], words[at + size :])
                return any(mentions_person(" ".join(each)) for each in rest)
            of_street = at > 0 and fold(words[at - 1]) in _BEFORE_PERSON
            if not of_street and is_full_name(" ".join(named)):
                return True
    return any(
        (
            word in _FORMS
            and after[0].isupper()
            and len(after) > 1
            and fold(before) not in _BEFORE_PERSON
        )
        or (
            word in _OWNERS
            and (after in _FORMS or (after[0].isupper() and len(after) > 1))
            and before.lower() not in _BUILDINGS
        )
        or (word.lower() in _HOMES and after.lower() in _FORMS)
        for before, word, after in zip(["", *words], words, words[1:], strict=False)
    )


def is_titled_name(text: str) -> bool:
    """Whether a cell is only a person with a title: `chị Hoa`, `Ông Bảy`."""
    return _CALLED.fullmatch(text) is not None


def may_be_name(text: str) -> bool:
    """Whether a cell may be only a person: `chị Hoa`, or three or four Vietnamese words that start
    with a surname, except historical persons. Buildings have such names, too.

    >>> [may_be_name(text) for text in ("chị Hoa", "Ông Bảy", "bà 5", "Lê Mai Hoa", "Trần Thị Mai")]
    [True, True, True, True, True]
    >>> [may_be_name(text) for text in ("Lê Thành", "Hà Đô Park", "Võ Thị Sáu", "Toà Lê Mai Hoa")]
    [False, False, False, False]
    """
    if is_titled_name(text):
        return True
    key = fold(text)
    words = key.split()
    full = len(words) in _FULL and is_surname(text.split()[0]) and key not in _STREET_NAMES
    return full and all(map(is_syllable, words))


def person_after_dash(text: str) -> str | None:
    """Return the person's name after a name and a dash, or None.

    Roads are named after their two ends, which almost never are a surname and two or three words.

    >>> texts = ("92 An Dương Vương - Phạm Thanh Hoa, khóm 3", "Láng - Hòa Lạc")
    >>> [person_after_dash(text) for text in texts]
    ['Phạm Thanh Hoa', None]
    >>> person_after_dash("Lê Lợi - Trần Phú"), person_after_dash("Tân Hội - Mỹ Hạnh Đông")
    (None, None)
    >>> person_after_dash("Cầu Lùng - Cao Bá Quát"), person_after_dash("Nguyễn Huệ - Trần Hưng Đạo")
    (None, None)
    """
    for found in _BEHIND_DASH.finditer(text):
        named = fold(found[1])
        if is_surname(found[1].split()[0]) and named not in _STREET_NAMES:
            return found[1]
    return None
