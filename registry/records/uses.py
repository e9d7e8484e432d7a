"""What stands at a door: uses beside homes or in their place, with names of organisations.

They are a list in the record, like its entrances. A record without one is a dwelling.
"""

import datetime
import json
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, NotRequired, cast, get_args

from typing_extensions import TypedDict

from geo import lexicon
from geo.lexicon import read_table
from geo.persons import is_full_name, may_be_name
from geo.text import accent_key, fold
from geo.titles import speaks_of_somebody
from registry.core.days import day_words
from registry.core.messages import _
from registry.core.personal import holds_personal

Kind = Literal["dwelling", "office", "business", "works", "public_place", "other"]
KINDS: Final = get_args(Kind)
DWELLING: Final = "dwelling"
MOST: Final = 50
"""Uses of one door: a tower of offices has as many names on its board."""
MAX_NAME: Final = 200
SOMEBODY: Final = " ?person"
"""Stands behind what is read of a cell whose name was left out, because it is a person's."""

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
    """A row of `uses.csv`, which says what its columns are."""

    use: str
    platform: str
    english: str
    words: str

    def fault(self, _comments: str) -> str | None:
        """What is wrong with it; None for nothing."""
        return None if self.use in KINDS and self.words else "no such use, or no words"


_TABLE: Final = read_table(Path(__file__).with_suffix(".csv"), _Kind, in_order=False)
USE_WORDS: Final = {row.use: row.english for row in _TABLE}
"""Use → what clerks call it, a text of the catalogue."""
_BETWEEN: Final = re.compile(r"\s*[;\n|]\s*")
_AND: Final = re.compile(r"\s*(?:[;,\n|/+&]|\b(?:kết hợp(?: với)?|và|kiêm)\b)\s*", re.IGNORECASE)
_CODED: Final = re.compile(rf"({'|'.join(KINDS)})(?:: *(.*))?")
_LEVELS_OF_SCHOOLS: Final = re.compile(
    r"^(?=(?:tieu hoc|trung hoc|mam non|mau giao|dai hoc|cao dang) )"
)


def use_of(text: str) -> str | None:
    """The use that a cell says, or that a name begins with.

    >>> [use_of(text) for text in ("Trụ sở công ty", "UBND phường Láng", "Chợ Mơ", "cho thuê")]
    ['business', 'office', 'public_place', None]
    """
    words = text.split()
    full = use_key(" ".join(words[:6])).split()
    for size in range(min(len(full), 6), 0, -1):
        if use := _words().get(" ".join(full[:size])):
            return use
    return _marked().get(accent_key(words[0])) if words else None


@cache
def _words() -> dict[str, str]:
    return {
        fold(word): row.use for row in _TABLE for word in row.words.split("|") if " " in word
    } | {row.use: row.use for row in _TABLE}


@cache
def _marked() -> dict[str, str]:
    return {
        accent_key(word): row.use
        for row in _TABLE
        for word in row.words.split("|")
        if " " not in word
    }


@lru_cache(8_192)
def use_key(name: str) -> str:
    """The name folded, with its abbreviations in full: what is matched.

    >>> use_key("BV Bạch Mai"), use_key("Tiểu học Kim Liên") == use_key("Trường TH Kim Liên")
    ('benh vien bach mai', True)
    """
    short = lexicon.readings("organisation")
    full = " ".join(short.get(word, (word,))[0] for word in fold(name).split())
    return _LEVELS_OF_SCHOOLS.sub("truong ", full)


def names_somebody(name: str) -> bool:
    """Whether a name may be a person's, or says how to reach one.

    >>> [names_somebody(n) for n in ("Trần Thị Mai", "Trường THPT Trần Phú", "UBND, LH anh Nam")]
    [True, False, True]
    """
    if holds_personal(name) or is_full_name(name) or may_be_name(name):
        return True
    return (use_of(name) is None and speaks_of_somebody(name)) or bool(_CONTACT.search(name))


_CONTACT: Final = re.compile(
    r"\b(?:lh|liên hệ|đại diện|người đại diện|giám đốc|chủ cơ sở|chủ hộ|gặp)\b[\s:.]", re.IGNORECASE
)


def made_use(
    use: str,
    name: str | None = None,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Use:
    """A use as it is stored, its members in the order in which PostgreSQL writes them."""
    made = {
        "key": use_key(name) if name else None,
        "use": use,
        "name": name,
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
    }
    return {n: v for n, v in made.items() if v}


def kept_uses(uses: Iterable[Use]) -> list[Use] | None:
    """The list of a record, each once; None for a mere dwelling."""
    once = list({json.dumps(each): each for each in uses}.values())[:MOST]
    return None if all(each == {"use": DWELLING} for each in once) else once


def is_lived_in(uses: Iterable[Use] | None) -> bool:
    """Whether homes are among them."""
    return uses is None or any(each["use"] == DWELLING for each in uses)


def read_uses(uses: Iterable[str], names: Iterable[str]) -> str:
    """What cells of a list say stands at a door, as it is stored.

    A cell may say several, with semicolons between; a name without a use is of the one that it
    begins with. What is not understood comes back as it is, and without the name of a person what
    `SOMEBODY` marks.

    >>> read_uses(["Nhà ở kết hợp kinh doanh"], [])
    '[{"use": "dwelling"}, {"use": "business"}]'
    >>> read_uses([], ["BV Bạch Mai"])
    '[{"key": "benh vien bach mai", "use": "public_place", "name": "BV Bạch Mai"}]'
    >>> read_uses(["nhà ở"], [""]), read_uses(["đất trống"], [])
    ('', 'đất trống')
    """
    found: list[Use] = []
    said: list[str] = []
    named, somebody = [], False
    for cell in filter(None, uses):
        for part in _BETWEEN.split(cell):
            if coded := _CODED.fullmatch(part):
                named.append((coded[1], coded[2]))
                continue
            known = [use_of(each) for each in _AND.split(part) if each]
            if None in known:
                return cell
            said += filter(None, known)
    named += [(None, name) for cell in names for name in _BETWEEN.split(cell) if name]
    for use, name in named:
        use = (
            use or use_of(name or "") or next((each for each in said if each != DWELLING), "other")
        )
        if name and names_somebody(name):
            somebody, name = True, None
        found.append(made_use(use, name and name[:MAX_NAME]))
    bare = [
        made_use(use) for use in dict.fromkeys(said) if all(each["use"] != use for each in found)
    ]
    kept = kept_uses([*bare, *found])
    # As PostgreSQL writes it, because it is compared as a text.
    return (json.dumps(kept, ensure_ascii=False) if kept else "") + (SOMEBODY if somebody else "")


def told(uses: Iterable[Use] | None) -> list[UseTold]:
    """The list for whoever asks."""
    return [cast(UseTold, {n: v for n, v in each.items() if n != "key"}) for each in uses or ()]


def in_force(uses: Iterable[Use] | None, day: datetime.date) -> list[Use]:
    """Those of that day."""
    on = day.isoformat()
    return [each for each in uses or () if each.get("since", "") <= on <= each.get("until", "9999")]


def flat(uses: Iterable[Use] | None) -> str | None:
    """The list in one cell, as an import reads it again: `office: UBND phường Láng; business`."""
    cells = [
        f"{each['use']}: {each['name']}" if "name" in each else each["use"] for each in uses or ()
    ]
    return "; ".join(cells) or None


def use_words(use: Use | UseTold) -> str:
    """One use for people: `trụ sở cơ quan: UBND phường Láng (từ 01/07/2025)`."""
    words = _(USE_WORDS[use["use"]])
    if "name" in use:
        words = f"{words}: {use['name']}"
    days = [
        said
        for said in (
            _("from {day}", day=day_words(str(use["since"]))) if "since" in use else "",
            _("until {day}", day=day_words(str(use["until"]))) if "until" in use else "",
        )
        if said
    ]
    return f"{words} ({' '.join(days)})" if days else words
