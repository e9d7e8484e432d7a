"""What has been typed of an address so far: a name that is begun, a number, and where."""

import re
from dataclasses import dataclass
from typing import Final

from geo.house_number import path_steps
from geo.locality import parse_locality
from geo.street import parse_street
from geo.text import fold

_NUMBER: Final = r"(\d[\w/.-]*)"
_BEFORE: Final = re.compile(
    rf"\s*(?:(?:số nhà|so nha|nhà số|nha so|số|so|sn)\s+)?{_NUMBER}\s+(\S.*)"
)
_ALLEY: Final = re.compile(
    rf"\s*(?:ngõ|ngo|ngách|ngach|hẻm|hem|kiệt|kiet)\s+{_NUMBER}\s+(\S.*)", re.IGNORECASE
)
_BEHIND: Final = re.compile(rf"(.*\S)\s+{_NUMBER}\s*")
# With nothing behind it such a word says nothing of where: `, phường` is on the way to a name.
_KIND_WORDS: Final = (
    *("p", "ph", "q", "h", "x", "t", "tp", "tx", "tt", "phuong", "xa", "thi tran", "dac khu"),
    *("quan", "huyen", "thi xa", "thanh pho", "tinh", "duong", "pho"),
)
_MAX_TAIL: Final = 4
"""Words of a commune that is typed behind a name without a comma."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One way to understand what has been typed."""

    name: str
    """What begins a street, a locality or a unit; as typed."""
    number: str | None = None
    """Canonical beginning of a house number."""
    parts: tuple[str, ...] = ()
    """What begins the units around it."""
    named: bool = False
    """Whether the name is complete: a comma stands behind it."""
    exact: bool = False
    """Whether only what is called just so is meant: a number stands behind it."""

    @property
    def street_keys(self) -> tuple[str, ...]:
        """What keys of streets may begin with."""
        street = parse_street(self.name)
        return tuple(dict.fromkeys([*([street.key] if street else []), fold(self.name)]))

    @property
    def locality_keys(self) -> tuple[str, ...]:
        """What keys of localities may begin with, where a kind was typed."""
        place = parse_locality(self.name)
        return tuple(dict.fromkeys([*([place.key] if place else []), fold(self.name)]))


def readings(text: str) -> list[Typed]:
    """The ways to understand `text`, likeliest first; empty without a letter or digit.

    >>> [(t.name, t.number) for t in readings("12/3 lang")]
    [('lang', '12/3'), ('12/3 lang', None)]
    >>> readings("tran hung dao, ba d")[0].parts
    ('ba d',)
    >>> readings("le loi, phư")[0].parts, readings("le loi, q., ha noi")[0].parts
    ((), ('ha noi',))
    """
    head, *rest = text.split(",")
    written = [part.strip() for part in rest if any(map(str.isalnum, part))]
    parts = tuple(
        part
        for part in written
        if not _is_only_a_kind(part, half=part is written[-1] and not text.rstrip().endswith(","))
    )
    if not any(map(str.isalnum, head)):
        return []
    whole = Typed(head.strip(), None, parts, bool(rest))
    found = [whole]
    if match := _ALLEY.fullmatch(head):
        found.insert(0, Typed(match[2].strip(), _path(match[1]) + "/", parts, bool(rest)))
    elif match := _BEFORE.fullmatch(head):
        found.insert(0, Typed(match[2].strip(), _path(match[1]), parts, bool(rest)))
    elif match := _BEHIND.fullmatch(head):
        # Behind: `Đường số 7` may be the name, and stands first.
        found.append(Typed(match[1].strip(), _path(match[2]), parts, named=True, exact=True))
    return found


def _is_only_a_kind(part: str, *, half: bool) -> bool:
    """Whether a part is the word for a kind of unit, or, with `half`, begins as one."""
    key = fold(part)
    return key in _KIND_WORDS or (half and any(word.startswith(key) for word in _KIND_WORDS))


def with_tail(typed: Typed) -> list[Typed]:
    """The same with its last words as a unit that was typed without a comma, the fewest first.

    >>> [(t.name, t.parts) for t in with_tail(Typed("le loi ba d"))]
    [('le loi ba', ('d',)), ('le loi', ('ba d',)), ('le', ('loi ba d',))]
    """
    words = typed.name.split()
    cuts = range(len(words) - 1, max(0, len(words) - 1 - _MAX_TAIL), -1)
    return [
        Typed(
            " ".join(words[:cut]), typed.number, (" ".join(words[cut:]), *typed.parts), named=True
        )
        for cut in cuts
    ]


def _path(written: str) -> str:
    open_end = "/" if written.endswith("/") else ""
    return "/".join(path_steps(written)) + open_end
