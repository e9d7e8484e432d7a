"""Removes names of people from the text of an address, but not from names of places.

Streets, hamlets and markets are named after people, so a name is removed only after a word for a
person (`ông`, `chủ hộ`, `gặp chị`). It is kept if that word belongs to a place: after a kind of
place (`đường Bà Triệu`), after a house number (`12 Bà Sa`), at the start of a cell in a column of
places, and in the names of `people.csv` with such a word. A full name (`12 Bà Trần Thị Mai`) is not
a street.
"""

import re
import unicodedata
from typing import Final

from geo import lexicon
from geo.persons import is_full_name, is_historical, is_surname
from geo.text import fold, visible

REMOVED: Final = "…"
"""Replaces removed text; the address parser ignores it."""


def _people(use: str) -> tuple[str, ...]:
    return tuple(name.lower() for name in lexicon.names("people", use))


def _any_of(*words: str) -> str:
    return "|".join(
        sorted({re.escape(word).replace(r"\ ", r"\s+") for word in words}, key=len)[::-1]
    )


_TITLES: Final = _any_of(*_people("title"))
_BETWEEN: Final = r"[\s_.:–-]{1,4}"
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Without diacritics, only words that are unambiguous: `ho chi Minh` is a city.
_PERSON: Final = re.compile(
    rf"(?<![^\W_])(?:"
    rf"(?P<sure>(?:{_any_of(*_people('person'))}|chu ho)(?:{_BETWEEN}(?:{_TITLES}))?"
    rf"|(?:{_any_of(*_people('before_title'))}){_BETWEEN}(?:{_TITLES})|nha\s+(?:ong|ba|anh|chi|chu))"
    rf"|(?P<title>{_TITLES}|ong|ba|anh|chi|co|chu|bac)"
    rf"|(?P<owner>{_any_of(*_people('before_name'))}))(?={_BETWEEN}[^\W\d_])",
    re.IGNORECASE,
)
_BEFORE_NAME: Final = re.compile(_BETWEEN)
_IN_NAME: Final = re.compile(r"[\s_.]{1,3}")
_KIND_PHRASES: Final = tuple(
    row.writing.lower()
    for row in lexicon.words()
    if row.role in ("street", "locality", "alley", "admin")
)
_KINDS: Final = frozenset(phrase.split()[-1] for phrase in (*_people("place"), *_KIND_PHRASES))
"""Last words of kinds of places."""
_BOUNDS: Final = frozenset(
    {
        *_people("bound"),
        *(first for kind in _KIND_PHRASES if len(first := kind.split()[0]) > 1 and first != "thị"),
    }
)
"""Words at which a name ends."""
_PLACES: Final = frozenset(map(fold, _people("of_place")))
"""Folded names of places that contain a word for a person."""
_LONGEST_PLACE: Final = max(len(name.split()) for name in _PLACES)
_LAST_WORD: Final = re.compile(r"([^\W\d_]+)[\s_.]*$")
_HOUSE_NUMBER: Final = re.compile(r"\d[A-Za-zĐđ]?\s+$")
_INFORMAL_TITLES: Final = ("ông", "bà", "cụ")
"""Titles that a lower-case name may follow: `ông bảy`."""
_MOST: Final = 5
"""Words of the longest name."""
_OF_STREET: Final = 2
"""Words that a street's name has after a title."""


def redact_names(text: str, *, of_place: bool = False) -> str:
    """Replace names of people, and the words that announce them, by `…`.

    `of_place`: the text is the cell of a street, hamlet, building or unit.

    >>> redact_names("12 Láng (nhà ông Bảy), Phường Láng"), redact_names("5 Láng, CHỦ HỘ: LÊ NA")
    ('12 Láng (…), Phường Láng', '5 Láng, …')
    >>> redact_names("12 Bà Triệu, gặp chị Hoa"), redact_names("7 Ông Lê Văn Tèo, ấp Ông Đình")
    ('12 Bà Triệu, …', '7 …, ấp Ông Đình')
    >>> redact_names("Phố Ông Ích Khiêm, Phường Hai Bà Trưng, huyện Cát Bà")
    'Phố Ông Ích Khiêm, Phường Hai Bà Trưng, huyện Cát Bà'
    >>> redact_names("Bà Nữ"), redact_names("Bà Nữ", of_place=True)
    ('…', 'Bà Nữ')
    >>> redact_names("Ba Đình Ngọc Hà"), redact_names("ba Đinh Ngọc Hà")
    ('Ba Đình Ngọc Hà', '…')
    """
    given, text = text, unicodedata.normalize("NFC", visible(text))
    if not _PERSON.search(text):
        return given
    kept: list[str] = []
    written = at = 0
    while found := _PERSON.search(text, at):
        at = found.end()
        name = _name_after(text, found)
        if not name or _is_of_place(text, found, name, of_place=of_place):
            continue
        kept += [text[written : found.start()], REMOVED]
        written = at = name[-1].end()
    return "".join((*kept, text[written:])) if kept else given


def _name_after(text: str, person: re.Match[str]) -> list[re.Match[str]]:
    """Return the words of the name after a word for a person."""
    words: list[re.Match[str]] = []
    small, at = False, person.end()
    while len(words) < _MOST:
        between = (_IN_NAME if words else _BEFORE_NAME).match(text, at)
        word = _WORD.match(text, between.end()) if between else None
        if word is None or word[0].lower() in _BOUNDS:
            break
        if not words:
            small = word[0].islower()
        elif word[0].islower() != small and not person["sure"]:
            break
        words.append(word)
        at = word.end()
    if not small or person["sure"] or not words:
        return words
    if is_surname(words[0][0]) and len(words) > 1:
        return words
    return words[:1] if person[0].lower() in _INFORMAL_TITLES else []


def _is_of_place(
    text: str, person: re.Match[str], name: list[re.Match[str]], *, of_place: bool
) -> bool:
    """Whether a word for a person and the name after it belong to a place, or are not a person."""
    if person["sure"]:
        return False
    before = _LAST_WORD.search(text[: person.start()])
    if _is_known_place(text, person, before):
        return True
    full = _is_full(name)
    if person["owner"]:
        if ":" in text[person.end() : name[0].start()]:
            return False
        # `nhà Hoa`, `HỘ LÊ NA`; `Nhà Thờ`, `Hộ A` and `toà nhà Hoà Bình` are not persons.
        small = person[0].islower() and name[0][0].istitle() and len(name[0][0]) > 1
        loud = person[0].isupper() and len(name) > 1 and is_surname(name[0][0])
        building = before is not None and before[1].lower() in ("toà", "tòa")
        return not (full or ((small or loud) and not building))
    if before is not None and before[1].lower() in _KINDS:
        return True
    if text.isascii() or (person[0].isascii() and person[0].lower() != "anh"):
        return not full  # `ba` is three, too
    if person[0] == "Anh" and before is not None and before[1].istitle():
        return not full  # Lê Anh Xuân
    if full or person[0].islower():
        return False
    ahead = text[: person.start()]
    behind_number = len(name) <= _OF_STREET and bool(_HOUSE_NUMBER.search(ahead))
    return behind_number or (of_place and not ahead.strip())


def _is_known_place(text: str, person: re.Match[str], before: re.Match[str] | None) -> bool:
    """Whether the words, with or without the one before, are in the table of such places."""
    starts = [person.start(), *([before.start(1)] if before else [])]
    for start in starts:
        words = fold(text[start:]).split()
        for count in range(2, min(_LONGEST_PLACE, len(words)) + 1):
            if " ".join(words[:count]) in _PLACES:
                return True
    return False


def _is_full(name: list[re.Match[str]]) -> bool:
    """Whether it is a surname and two more words, except historical persons."""
    joined = " ".join(word[0] for word in name)
    surname = len(name) > _OF_STREET and is_surname(name[0][0])
    return is_full_name(joined) or (surname and not is_historical(fold(joined)))
