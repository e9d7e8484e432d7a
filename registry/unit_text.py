"""Which units a text names: the administrative part of an address of any map.

Reads parts between commas; the full grammar of addresses is not needed for it, so a house number
or a street in front is left over and said so.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
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
from geo.text import accent_key, fold, has_diacritics
from registry.errors import InvalidInputError
from registry.gazetteer import LEVELS, Gazetteer, Unit, UnitName

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
class _Fit:
    """How well a unit fits the words that may name it."""

    kind: int
    """1 its kind is written, 0 no kind is, -1 another kind of its level is."""
    accents: int
    """1 the name has its accents, in a text that is written with accents; else 0."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a text with the units it may name."""

    text: str
    hits: tuple[tuple[Unit, _Fit], ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    part: int
    unit: Unit
    fit: _Fit


_Score = tuple[int, ...]
_Reading = tuple[_Candidate, ...]
"""At most one unit a level, the smallest first."""


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
    reader = _Reader(gazetteer, accented=has_diacritics(text))
    cut = [piece for part in parts[-MAX_PARTS:] for piece in reader.cut(part)]
    front = [*parts[:-MAX_PARTS], *(piece.text for piece in cut[:-MAX_PARTS])]
    return _best_namings(gazetteer, front, cut[-MAX_PARTS:])


def _best_namings(gazetteer: Gazetteer, front: list[str], parts: list[_Part]) -> list[Naming]:
    """The best readings of `parts`, one for each innermost unit, by code."""
    found: dict[_Score, dict[int, _Reading]] = defaultdict(dict)
    for chosen in _readings(gazetteer, parts):
        found[_score(gazetteer, chosen)].setdefault(chosen[0].unit.id, chosen)
    best = _binding(list(found[max(found)].values())) if found else []
    return [_naming(front, parts, chosen) for chosen in sorted(best, key=lambda c: c[0].unit.code)]


def _binding(best: list[_Reading]) -> list[_Reading]:
    """Without the readings that pass over a larger unit than any they name.

    `Xã Phú Túc, Tỉnh Bình Định`: no Phú Túc is there, so what is sure is the province.
    """
    largest = min(LEVELS.index(chosen[-1].unit.level) for chosen in best)
    stated = {c[-1].part for c in best if LEVELS.index(c[-1].unit.level) == largest}
    return [chosen for chosen in best if any(c.part in stated for c in chosen)]


class _Reader:
    """Finds the units that parts of one text may name."""

    def __init__(self, gazetteer: Gazetteer, *, accented: bool) -> None:
        self._gazetteer = gazetteer
        self._accented = accented

    def cut(self, part: str) -> list[_Part]:
        """`part` where it names a unit, or nothing cut out of it does; else its pieces.

        A dash, the word for a kind, or the name of a unit may begin another one or belong to a
        name: so only what is unknown as a whole is cut.
        """
        whole = self._read(part)
        pieces = [whole]
        for split in (split_dashes, split_before_kinds, self._split_pair):
            pieces = [
                smaller
                for piece in pieces
                for smaller in ([piece] if piece.hits else map(self._read, split(piece.text)))
            ]
        return pieces if any(piece.hits for piece in pieces) else [whole]

    def _split_pair(self, part: str) -> list[str]:
        """`Tân Tạo A Bình Tân` in two, a unit and one that holds it: written without a comma."""
        words = part.split()
        for cut in range(1, len(words) if len(words) <= _MAX_PAIR else 0):
            inner, outer = " ".join(words[:cut]), " ".join(words[cut:])
            around = {unit.id for unit, _ in self._read(outer).hits}
            if around and any(
                not around.isdisjoint(self._gazetteer.holders(unit))
                for unit, _ in self._read(inner).hits
            ):
                return [inner, outer]
        return [part]

    def _read(self, text: str) -> _Part:
        best: dict[int, tuple[Unit, _Fit]] = {}
        for reading in parse_name(text):
            accents = accent_key(reading.name)
            for hit in self._hits(reading):
                fit = _Fit(_kind_fit(reading, hit), int(self._accented and hit.accents == accents))
                known = best.get(hit.unit.id)
                if known is None or (fit.kind, fit.accents) > (known[1].kind, known[1].accents):
                    best[hit.unit.id] = (hit.unit, fit)
        return _Part(text, tuple(best.values()))

    def _hits(self, reading: NamedPart) -> list[UnitName]:
        hits = self._gazetteer.named(reading.key)
        if reading.kinds:
            levels = {level for kind in reading.kinds for level in KIND_LEVELS[kind]}
            return [hit for hit in hits if hit.unit.level in levels]
        return [] if reading.key.isdigit() else hits  # a bare number is a house, not a ward


def _kind_fit(reading: NamedPart, hit: UnitName) -> int:
    if not reading.kinds:
        return 0
    kinds = {hit.kind} if hit.kind else {version.kind for version in hit.unit.versions}
    return -1 if kinds.isdisjoint(reading.kinds) else 1


def _readings(gazetteer: Gazetteer, parts: list[_Part]) -> Iterator[_Reading]:
    """Every choice of units where the larger ones hold the smallest."""
    by_unit: dict[int, list[_Candidate]] = defaultdict(list)
    for index, part in enumerate(parts):
        for unit, fit in part.hits:
            by_unit[unit.id].append(_Candidate(index, unit, fit))
    for inner in chain.from_iterable(by_unit.values()):
        around: dict[str, list[_Candidate | None]] = {"district": [None], "province": [None]}
        for holder in gazetteer.holders(inner.unit):
            around[gazetteer.units[holder].level] += by_unit.get(holder, ())
        for outer in product(*around.values()):
            chosen = (inner, *(c for c in outer if c is not None))
            apart = len({c.part for c in chosen}) == len(chosen)
            # Another kind than the one written takes a second name to vouch for it.
            if apart and (len(chosen) > 1 or inner.fit.kind >= 0):
                yield chosen


def _score(gazetteer: Gazetteer, chosen: _Reading) -> _Score:
    """More levels first; then of one map; in the usual order, small to large; as it is written."""
    holders = gazetteer.holders(chosen[0].unit)
    order = [c.part for c in chosen]
    return (
        len(chosen),
        sum(holders[outer.unit.id] for outer in chosen[1:]),
        int(order == sorted(order)),
        sum(c.fit.kind + c.fit.accents for c in chosen),
    )


def _naming(front: list[str], parts: list[_Part], chosen: _Reading) -> Naming:
    units = {c.unit.level: c.unit for c in chosen}
    used = {c.part for c in chosen}
    unread = (*front, *(part.text for index, part in enumerate(parts) if index not in used))
    return Naming(units.get("commune"), units.get("district"), units.get("province"), unread)


def prefer_day(namings: list[Naming], day: datetime.date) -> list[Naming]:
    """The readings whose innermost unit existed on `day`, or all of them where none did."""
    return [n for n in namings if n.innermost and n.innermost.alive_on(day)] or namings
