"""Which units a text names: the administrative part of an address of any map.

Reads parts between commas; the full grammar of addresses is not needed for it, so a house number
or a street in front is left over and said so.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, product
from typing import Final, Self

from geo.admin import (
    KIND_LEVELS,
    NamedPart,
    parse_name,
    split_before_kinds,
    split_dashes,
    split_parts,
)
from geo.text import fold, has_diacritics
from registry.errors import InvalidInputError
from registry.gazetteer import Gazetteer, Unit, UnitName, best_accents

MAX_PARTS: Final = 12
MAX_TEXT: Final = 2_000
_MAX_PAIR: Final = 8
"""Words of the longest two names that are written in one."""
_TAILS: Final = {"viet nam", "vietnam", "vn"}


@dataclass(frozen=True, slots=True)
class Naming:
    """One way to read a text: the units named, at most one a level, and what was not read."""

    commune: Unit | None = None
    district: Unit | None = None
    province: Unit | None = None
    unread: tuple[str, ...] = ()

    @classmethod
    def of(cls, unit: Unit) -> Self:
        """A naming of this unit and no other."""
        return cls(
            unit if unit.level == "commune" else None,
            unit if unit.level == "district" else None,
            unit if unit.level == "province" else None,
        )

    @property
    def innermost(self) -> Unit | None:
        """The smallest unit named."""
        return self.commune or self.district or self.province


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a text with the units it may name."""

    text: str
    hits: tuple[tuple[Unit, int], ...]
    """(unit, 1 its kind is written | 0 no kind is | -1 another kind of its level is)"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    part: int
    unit: Unit
    kind_fit: int


_Score = tuple[int, ...]


def read_units(gazetteer: Gazetteer, text: str) -> list[Naming]:
    """The best readings of `text`, by code of the innermost unit; empty when it names no unit.

    More than one means that the text fits each equally well, and somebody has to be asked.
    Raises InvalidInputError for a text without any letter or digit, or too long a one.
    """
    if len(text) > MAX_TEXT:
        raise InvalidInputError.of_field(
            "text", "text_too_long", f"more than {MAX_TEXT:,} characters"
        )
    parts = [part for part in split_parts(text) if any(map(str.isalnum, part))]
    if not parts:
        raise InvalidInputError.of_field("text", "text_without_word", "holds no word")
    parts = [part for part in parts if fold(part) not in _TAILS]
    # The administrative part of an address stands at its end.
    cut = [piece for part in parts[-MAX_PARTS:] for piece in _cut(gazetteer, part)]
    front = [*parts[:-MAX_PARTS], *(piece.text for piece in cut[:-MAX_PARTS])]
    return _best_namings(gazetteer, front, cut[-MAX_PARTS:])


def _best_namings(gazetteer: Gazetteer, front: list[str], parts: list[_Part]) -> list[Naming]:
    """The best readings of `parts`, one for each innermost unit, by code."""
    found: dict[_Score, dict[int, tuple[_Candidate, ...]]] = defaultdict(dict)
    for chosen in _readings(gazetteer, parts):
        found[_score(gazetteer, chosen)].setdefault(chosen[0].unit.id, chosen)
    best = found[max(found)].values() if found else ()
    return [_naming(front, parts, chosen) for chosen in sorted(best, key=lambda c: c[0].unit.code)]


def _cut(gazetteer: Gazetteer, part: str) -> list[_Part]:
    """`part` where it names a unit, or nothing that can be cut out of it does; else its pieces.

    A dash, the word for a kind, or the name of a unit may begin another one or belong to a name:
    so only what is unknown as a whole is cut.
    """
    whole = _part(gazetteer, part)
    pieces = [whole]
    for split in (split_dashes, split_before_kinds, partial(_split_pair, gazetteer)):
        pieces = [
            smaller
            for piece in pieces
            for smaller in (
                [piece] if piece.hits else [_part(gazetteer, text) for text in split(piece.text)]
            )
        ]
    return pieces if any(piece.hits for piece in pieces) else [whole]


def _split_pair(gazetteer: Gazetteer, part: str) -> list[str]:
    """`Tân Tạo A Bình Tân` in two, a unit and one that holds it; map services leave out commas."""
    words = part.split()
    for cut in range(1, len(words) if len(words) <= _MAX_PAIR else 0):
        inner, outer = " ".join(words[:cut]), " ".join(words[cut:])
        around = {unit.id for unit, _ in _part(gazetteer, outer).hits}
        if around and any(
            not around.isdisjoint(gazetteer.holders(unit))
            for unit, _ in _part(gazetteer, inner).hits
        ):
            return [inner, outer]
    return [part]


def _part(gazetteer: Gazetteer, text: str) -> _Part:
    hits: dict[int, tuple[Unit, int]] = {}
    for reading in parse_name(text):
        for hit in _hits(gazetteer, reading):
            hits.setdefault(hit.unit.id, (hit.unit, _kind_fit(reading, hit)))
    return _Part(text, tuple(hits.values()))


def _hits(gazetteer: Gazetteer, reading: NamedPart) -> list[UnitName]:
    hits = gazetteer.named(reading.key)
    if reading.kinds:
        levels = {level for kind in reading.kinds for level in KIND_LEVELS[kind]}
        hits = [hit for hit in hits if hit.unit.level in levels]
        # The kind as written first: a unit that bears the name under two kinds is one hit.
        hits.sort(key=lambda hit: -_kind_fit(reading, hit))
    elif reading.key.isdigit():
        return []  # a bare number is a house, not a ward
    return best_accents(hits, reading.name) if has_diacritics(reading.name) else hits


def _kind_fit(reading: NamedPart, hit: UnitName) -> int:
    if not reading.kinds:
        return 0
    kinds = {hit.kind} if hit.kind else {version.kind for version in hit.unit.versions}
    return -1 if kinds.isdisjoint(reading.kinds) else 1


def _readings(gazetteer: Gazetteer, parts: list[_Part]) -> Iterator[tuple[_Candidate, ...]]:
    """Every choice of at most one unit a level, innermost first, where the outer ones hold it."""
    by_unit: dict[int, list[_Candidate]] = defaultdict(list)
    for index, part in enumerate(parts):
        for unit, kind_fit in part.hits:
            by_unit[unit.id].append(_Candidate(index, unit, kind_fit))
    for inner in chain.from_iterable(by_unit.values()):
        around: dict[str, list[_Candidate | None]] = {"district": [None], "province": [None]}
        for holder in gazetteer.holders(inner.unit):
            around[gazetteer.units[holder].level] += by_unit.get(holder, ())
        for outer in product(*around.values()):
            chosen = (inner, *(c for c in outer if c is not None))
            apart = len({c.part for c in chosen}) == len(chosen)
            # Another kind than the one written takes a second name to vouch for it.
            if apart and (len(chosen) > 1 or inner.kind_fit >= 0):
                yield chosen


def _score(gazetteer: Gazetteer, chosen: tuple[_Candidate, ...]) -> _Score:
    """More levels first; then of one map; in the usual order, small to large; kinds written out."""
    holders = gazetteer.holders(chosen[0].unit)
    order = [c.part for c in chosen]
    return (
        len(chosen),
        sum(holders[outer.unit.id] for outer in chosen[1:]),
        int(order == sorted(order)),
        sum(c.kind_fit for c in chosen),
    )


def _naming(front: list[str], parts: list[_Part], chosen: tuple[_Candidate, ...]) -> Naming:
    units = {c.unit.level: c.unit for c in chosen}
    used = {c.part for c in chosen}
    unread = (*front, *(part.text for index, part in enumerate(parts) if index not in used))
    return Naming(units.get("commune"), units.get("district"), units.get("province"), unread)


def prefer_day(namings: list[Naming], day: datetime.date) -> list[Naming]:
    """The readings whose innermost unit existed on `day`, or all of them where none did."""
    return [n for n in namings if n.innermost and n.innermost.alive_on(day)] or namings
