"""Finds units in the words at the ends of a text that matches nothing as written.

`12 nguyen trai thanh xuan`, `Vinhomes Ocean Park Gia Lâm`: without a comma, a unit's name could
also be part of the street's. So this is tried last, and its results must be confirmed by a match.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from geo.admin import parse_name
from geo.house_number import ALLEY_RANK
from geo.kinds import ends_in_middle_name
from geo.text import accent_key, fold
from registry.search.read.door_with_units import is_unit
from registry.units.gazetteer import Gazetteer
from registry.units.text import Naming, read_units

_WAYS: Final = frozenset(
    write(kind) for kind in ("đường", "phố", *ALLEY_RANK) for write in (accent_key, fold)
)
"""Words before the name of a street."""
_MOST: Final = 7
"""Most words of units without commas: `xã Phước Kiển huyện Nhà Bè` has six."""
_ONE_WORD: Final = frozenset({"hn", "hcm", "tphcm", "sg", "dn", "brvt", "bmt"})
"""Units in one word that does not end street names; not `Huế`."""


@dataclass(frozen=True, slots=True)
class SplitText:
    """A text with a comma before its units."""

    text: str
    sure: bool
    """Whether the words are almost certainly units; else the street must be found there: `Khởi
    Nghĩa` was a commune."""


def split_units(gazetteer: Gazetteer, text: str) -> Iterator[SplitText]:
    """Yield the text with the units at its end split off, most words first, then with those at its
    start moved to the end."""
    *before, last = text.split(",")
    words = last.split()
    for at in range(max(1, len(words) - _MOST), len(words)):
        tail = " ".join(words[at:])
        before_it = accent_key(words[at - 1])
        opens = at == 1 or any(map(str.isdigit, words[at - 2]))
        if ends_in_middle_name(words[:at]) or (opens and before_it in _WAYS):
            continue  # `Nguyễn Thị Hà Giang`; `Phố Lạng Sơn`, but `ly thuong kiet hoan kiem`
        if naming := _units_of(gazetteer, tail):
            yield SplitText(
                ", ".join([*before, " ".join(words[:at]), tail]), _is_sure(naming, tail)
            )
    first, *after = text.split(",")
    words = first.split()
    for end in range(min(_MOST, len(words) - 1), 1, -1):
        head = " ".join(words[:end])
        if _has_kind(head) and (naming := _units_of(gazetteer, head)):
            yield SplitText(", ".join([" ".join(words[end:]), *after, head]), sure=True)
            break


def _units_of(gazetteer: Gazetteer, words: str) -> Naming | None:
    """Return the naming of the words if all of them are units, spelled exactly."""
    if not any(map(str.isalpha, words)):
        return None
    namings = read_units(gazetteer, words)
    if not namings or namings[0].unread or namings[0].corrected or not is_unit(gazetteer, words):
        return None
    if " " not in words and fold(words) not in _ONE_WORD:
        return None
    return namings[0]


def _is_sure(naming: Naming, words: str) -> bool:
    named = (naming.commune, naming.district, naming.province)
    return naming.province is not None or sum(u is not None for u in named) > 1 or _has_kind(words)


def _has_kind(words: str) -> bool:
    return any(reading.kinds for reading in parse_name(words))
