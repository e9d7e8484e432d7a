"""Uses of a door besides or instead of homes, with names of organisations.

They are a list in the record, like its entrances: nullable JSON (at most 500 uses, one to eight
entrances), checked by a constraint and replaced as a whole, so that history, feed, packs, undo and
transfer have them. A trigger keeps the uses as rows (`household_use`) for search and counts. Names
match whole: `Bệnh viện Bạch` may be another hospital. A record without uses is a dwelling.

Rejected: a child table (each of these paths again). Lockers of a province cannot be queried.
"""

import datetime
import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, NotRequired, cast, get_args

from typing_extensions import TypedDict

from geo import lexicon
from geo.lexicon import read_table
from geo.organisations import organisation_key
from geo.persons import is_full_name, may_be_name
from geo.placeholders import is_none
from geo.text import accent_key, fold
from geo.titles import names_person
from registry.core.days import day_words, parse_day
from registry.core.messages import _, in_vietnamese
from registry.core.personal import holds_personal

Kind = Literal["dwelling", "office", "business", "works", "public_place", "other"]
KINDS: Final = get_args(Kind)
DWELLING: Final = "dwelling"
MOST: Final = 500
"""Maximum uses of one door: a tower of offices may have this many names on its board."""
MOST_OF_CELL: Final = 10
"""Maximum uses in one row of a list; an import accepts those of fifty rows at a door."""
MAX_NAME: Final = 200
SOMEBODY: Final = " ?person"
"""Suffix of the parsed cell if a name was dropped because it is a person's."""

Use = dict[str, Any]
"""`use`, and where known `name` with its `key`, and the days `since` and `until`; as stored."""


class UseTold(TypedDict):
    """What stands at a door; what is not known is left out."""

    use: Kind
    name: NotRequired[str]
    """Of an organisation or a public place, never of a person"""
    since: NotRequired[datetime.date]
    """First day"""
    until: NotRequired[datetime.date]
    """Last day"""


class _Kind(NamedTuple):
    """A row of `uses.csv`, which describes its columns."""

    use: str
    platform: str
    english: str
    words: str

    def fault(self, _comments: str) -> str | None:
        """Return what is wrong with it, or None."""
        return None if self.use in KINDS and self.words else "no such use, or no words"


_TABLE: Final = read_table(Path(__file__).with_suffix(".csv"), _Kind, in_order=False)
USE_WORDS: Final = {row.use: row.english for row in _TABLE}
"""Use → its label, a text of the catalogue."""
_BETWEEN: Final = re.compile(r"\s*[;\n|]\s*")
_AND: Final = re.compile(r"\s*(?:[;,\n|/+&]|\b(?:kết hợp(?: với)?|và|kiêm)\b)\s*", re.IGNORECASE)
_DAYS: Final = re.compile(r"\s*\[([^\[\]]*)\.\.([^\[\]]*)\]$")
"""Behind a use as `_cell` writes it."""
_LONGEST: Final = 6
"""Words at the start of a text that may indicate its use."""


def use_of(text: str) -> str | None:
    """Return the use written in a cell, or at the start of a name.

    >>> [use_of(text) for text in ("Trụ sở công ty", "UBND phường Láng", "Chợ Mơ", "cho thuê")]
    ['business', 'office', 'public_place', None]
    >>> [use_of(text) for text in ("nhà 3 tầng", "Nhà trẻ Hoạ Mi", "nhà để chơi")]
    ['dwelling', 'public_place', None]
    """
    words = text.split(maxsplit=_LONGEST)[:_LONGEST]
    if not words or fold(words[0]) not in _first_words():
        return None  # most addresses, decided in a microsecond
    full = organisation_key(" ".join(words)).split()
    for size in range(min(len(full), _LONGEST), 0, -1):
        if use := _words().get(" ".join(full[:size])):
            return use
    use = _marked().get(accent_key(words[0]))
    # What a `nhà` is, the words behind it say.
    return use if use != DWELLING or len(words) == 1 or words[1].isdigit() else None


@cache
def _first_words() -> frozenset[str]:
    written = [fold(word) for row in _TABLE for word in (row.use, *row.words.split("|"))]
    known = {key.removeprefix("truong ").split()[0] for key in written} | {"truong"}
    short = lexicon.readings("organisation")
    return frozenset(known | {word for word, (full,) in short.items() if full.split()[0] in known})


@cache
def _words() -> dict[str, str]:
    return {
        fold(word): row.use for row in _TABLE for word in row.words.split("|") if " " in word
    } | {row.use: row.use for row in _TABLE}


@cache
def _labels() -> dict[str, str]:
    """Folded labels, as pages and exports write them, and their parts → use."""
    return {
        fold(label): row.use
        for row in _TABLE
        for label in (row.use, row.platform, row.english, in_vietnamese(row.english))
    } | {fold(part): row.use for row in _TABLE for part in row.platform.split(", ")}


@cache
def _marked() -> dict[str, str]:
    return {
        accent_key(word): row.use
        for row in _TABLE
        for word in row.words.split("|")
        if " " not in word
    }


def names_somebody(name: str) -> bool:
    """Whether a name may be a person's, or has a person's contact.

    >>> [names_somebody(n) for n in ("Trần Thị Mai", "Trường THPT Trần Phú", "UBND, LH anh Nam")]
    [True, False, True]
    """
    if holds_personal(name) or is_full_name(name) or may_be_name(name):
        return True
    return (use_of(name) is None and names_person(name)) or bool(_CONTACT.search(name))


_CONTACT: Final = re.compile(
    r"\b(?:lh|liên hệ|đại diện|người đại diện|giám đốc|chủ cơ sở|chủ hộ|gặp)\b[\s:.]", re.IGNORECASE
)


def made_use(
    use: str,
    name: str | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Use:
    """Return a use as stored, with members in the order in which PostgreSQL writes them."""
    name = name if name and is_name(name) and organisation_key(name) else None
    made = {
        "key": organisation_key(name) if name else None,
        "use": use,
        "name": name,
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
    }
    return {n: v for n, v in made.items() if v}


def kept_uses(uses: Iterable[Use]) -> list[Use] | None:
    """Return the distinct uses of a record; None for a mere dwelling."""
    once = list({json.dumps(each): each for each in uses}.values())
    return None if all(each == {"use": DWELLING} for each in once) else once


def is_lived_in(uses: Iterable[Use] | None) -> bool:
    """Whether the uses include a dwelling."""
    return uses is None or any(each["use"] == DWELLING for each in uses)


def read_uses(uses: Iterable[str], names: Iterable[str]) -> str:
    """Parse cells of a list into uses as stored.

    A cell may have several, separated by semicolons; a name without a use has the use that it
    begins with. Text of which nothing is understood is returned unchanged; after `SOMEBODY`'s mark
    a person's name was dropped.

    >>> read_uses(["Nhà ở kết hợp kinh doanh"], [])
    '[{"use": "dwelling"}, {"use": "business"}]'
    >>> read_uses([], ["BV Bạch Mai"])
    '[{"key": "benh vien bach mai", "use": "public_place", "name": "BV Bạch Mai"}]'
    >>> read_uses(["nhà ở"], [""]), read_uses(["đất trống"], [])
    ('', 'đất trống')
    >>> read_uses(["nhà ở"], ["Trần Thị Mai"]), read_uses(["quán"], ["Trần Thị Mai"])
    (' ?person', '[{"use": "business"}] ?person')
    >>> read_uses(["Nhà ở + bán hàng"], []), read_uses(["?"], ["Quán Thìn"])
    ('', '[{"key": "quan thin", "use": "business", "name": "Quán Thìn"}]')
    >>> read_uses(["office: X [2025-13-01..]"], []), read_uses(["office: Trần Thị Mai"], [])
    ('office: X [2025-13-01..]', '[{"use": "office"}] ?person')
    >>> read_uses(["nơi công cộng: Đền Ngũ Xã [..05/06/2025]"], ["-"])
    '[{"key": "den ngu xa", "use": "public_place", "name": "Đền Ngũ Xã", "until": "2025-06-05"}]'
    >>> read_uses(["Chùa Láng"], []), read_uses(["Cửa hàng Tạp hóa"], ["Hương …"])
    ('[{"key": "chua lang", "use": "public_place", "name": "Chùa Láng"}]', '[{"use": "business"}]')
    """
    plain: list[str] = []
    found: list[Use] = []
    somebody, unread = False, ""
    for part in (part for cell in uses for part in _BETWEEN.split(cell) if part):
        if (stated := _stated(part)) is not None:
            if stated == {}:
                return _unread(part)
            somebody |= _drop_person(stated)
            found.append(stated)
        elif not any(known := [use_of(each) for each in _AND.split(part) if each]):
            unread = part
        elif len(known) == 1 and not any(names) and _is_named(part):
            named = made_use(known[0] or "other", part)
            somebody |= _drop_person(named)
            found.append(named)
        else:
            plain += filter(None, known)
    others = [use for use in plain if use != DWELLING]
    for name in (part for cell in names for part in _BETWEEN.split(cell) if is_name(part)):
        of_whom = names_somebody(name)
        somebody |= of_whom
        called = use_of(name) or next(iter(others), None if of_whom else "other")
        if called is not None:
            found.append(made_use(called, None if of_whom else name[:MAX_NAME]))
    if unread and not (plain or found):
        return _unread(unread)
    there = {each["use"] for each in found}
    kept = kept_uses([*(made_use(use) for use in plain if use not in there), *found])
    if len(kept or ()) > MOST_OF_CELL:
        return "…"
    # In PostgreSQL's format, because it is compared as text.
    return (json.dumps(kept, ensure_ascii=False) if kept else "") + (SOMEBODY if somebody else "")


def _unread(text: str) -> str:
    """Return a text that is not mistaken for uses as stored."""
    return text.lstrip("[ ") or "…"


def is_name(text: str) -> bool:
    """Whether it can name something: it has a letter, is complete, and no word for none.

    >>> [is_name(text) for text in ("Chợ Mơ", "-", "…", "N/A", "Không có", "Tạp hóa …")]
    [True, False, False, False, False, False]
    """
    return any(map(str.isalpha, text)) and "…" not in text and not is_none(text)


def _is_named(text: str) -> bool:
    """Whether more follows the words for a use, as in `Chùa Ngũ Xã`, not in `Cửa hàng Tạp hóa`."""
    if text.isupper():
        return False
    words = text.split()
    rest = next((at for at in range(1, len(words)) if words[at][0].isupper()), None)
    return rest is not None and use_of(" ".join(words[rest:])) is None


def _drop_person(use: Use) -> bool:
    """Remove the name of a person from a use; return whether there was one."""
    if names_somebody(use.get("name", "")):
        del use["name"], use["key"]
        return True
    return False


def _stated(part: str) -> Use | None:
    """Parse a use as `_cell` or `use_words` write it: its code or label, name and days.

    None if it is written otherwise; empty for invalid or unordered days.
    """
    dated = _DAYS.search(part)
    written, colon, name = part[: dated.start() if dated else None].partition(":")
    use = _labels().get(fold(written), use_of(written) if colon or dated else None)
    if use is None or not (colon or dated or written in KINDS):
        return None
    try:
        first, last = (
            parse_day(day.strip()) if day.strip() else None
            for day in (dated.groups() if dated else ("", ""))
        )
    except ValueError:
        return {}
    if first and last and last < first:
        return {}
    return made_use(use, name.strip()[:MAX_NAME] or None, first, last)


def visible_uses(uses: Iterable[Use] | None) -> list[UseTold]:
    """Return the uses for answers."""
    return [cast(UseTold, {n: v for n, v in each.items() if n != "key"}) for each in uses or ()]


def flat(uses: Iterable[Use] | None) -> str | None:
    """Format the uses as one cell that an import can read.

    >>> office = made_use("office", "UBND phường Láng", datetime.date(2025, 7, 1))
    >>> cell = flat([office, {"use": "other"}])
    >>> cell, json.loads(read_uses([cell], [])) == [office, {"use": "other"}]
    ('office: UBND phường Láng [2025-07-01..]; other', True)
    """
    return "; ".join(map(_cell, uses or ())) or None


def _cell(use: Use) -> str:
    name = f": {use['name'].replace(';', ',')}" if "name" in use else ""
    days = f" [{use.get('since', '')}..{use.get('until', '')}]"
    return f"{use['use']}{name}{days if days != ' [..]' else ''}"


def use_words(use: Use | UseTold) -> str:
    """Return the label of a use: `trụ sở cơ quan: UBND phường Láng (từ 01/07/2025)`."""
    words = _(USE_WORDS[use["use"]])
    if "name" in use:
        words = f"{words}: {use['name']}"
    days = [
        each
        for each in (
            _("from {day}", day=day_words(str(use["since"]))) if "since" in use else "",
            _("until {day}", day=day_words(str(use["until"]))) if "until" in use else "",
        )
        if each
    ]
    return f"{words} ({' '.join(days)})" if days else words
