"""Which units a text names: the administrative part of an address of any map.

Reads parts between commas; the full grammar of addresses is not needed for it, so a house number
or a street in front is left over and said so.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Self

from geo.admin import parse_name, split_before_kinds, split_parts
from geo.text import fold, has_diacritics
from registry.errors import InvalidInputError
from registry.gazetteer import Gazetteer, Unit, UnitName, best_accents

MAX_PARTS: Final = 12
MAX_TEXT: Final = 2_000
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
class _Candidate:
    part: int
    unit: Unit
    kind_written: bool


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
    # Without commas a kind begins a part; but `Quan` may also be a name, so this is tried second.
    finer = [piece for part in parts for piece in split_before_kinds(part)]
    _, namings = max(_best(gazetteer, parts), _best(gazetteer, finer), key=lambda best: best[0])
    return sorted(_distinct(namings), key=lambda n: n.innermost.code if n.innermost else "")


def _best(gazetteer: Gazetteer, parts: list[str]) -> tuple[tuple[int, ...], list[Naming]]:
    # The administrative part of an address stands at its end.
    kept = parts[-MAX_PARTS:]
    by_level = _candidates(gazetteer, kept)
    best: list[Naming] = []
    best_score: tuple[int, ...] = (0,)
    for commune, district, province in product(
        [*by_level["commune"], None], [*by_level["district"], None], [*by_level["province"], None]
    ):
        chosen = [c for c in (commune, district, province) if c is not None]
        if not chosen or not _fit_together(gazetteer, commune, district, province):
            continue
        score = _score(chosen)
        naming = _naming(parts, len(parts) - len(kept), chosen)
        if score > best_score:
            best, best_score = [naming], score
        elif score == best_score:
            best.append(naming)
    return best_score, best


def _candidates(gazetteer: Gazetteer, parts: list[str]) -> dict[str, list[_Candidate]]:
    by_level: dict[str, list[_Candidate]] = {"commune": [], "district": [], "province": []}
    for index, part in enumerate(parts):
        for unit, kind_written in _units_named(gazetteer, part):
            by_level[unit.level].append(_Candidate(index, unit, kind_written))
    return by_level


def _units_named(gazetteer: Gazetteer, part: str) -> Iterator[tuple[Unit, bool]]:
    seen = set()
    for reading in parse_name(part):
        hits: list[UnitName] = gazetteer.named(reading.key)
        if reading.kinds:
            hits = [hit for hit in hits if hit.kind is None or hit.kind in reading.kinds]
        elif reading.key.isdigit():
            # A bare number is a house, not a ward.
            continue
        if has_diacritics(reading.name):
            hits = best_accents(hits, reading.name)
        for hit in hits:
            if hit.unit.id not in seen:
                seen.add(hit.unit.id)
                yield hit.unit, bool(reading.kinds)


def _fit_together(
    gazetteer: Gazetteer,
    commune: _Candidate | None,
    district: _Candidate | None,
    province: _Candidate | None,
) -> bool:
    chosen = [c.part for c in (commune, district, province) if c is not None]
    if len(set(chosen)) < len(chosen):
        return False
    return all(
        _belongs(inner.unit, outer.unit) or _belonged(gazetteer, inner.unit, outer.unit)
        for inner, outer in _pairs([c for c in (commune, district, province) if c is not None])
    )


def _pairs(chosen: list[_Candidate]) -> Iterator[tuple[_Candidate, _Candidate]]:
    """The innermost with each that should hold it."""
    for outer in chosen[1:]:
        yield chosen[0], outer


def _belongs(inner: Unit, outer: Unit) -> bool:
    """Whether `inner` itself was ever in `outer`."""
    return any(outer.id in (version.province_id, version.district_id) for version in inner.versions)


def _belonged(gazetteer: Gazetteer, inner: Unit, outer: Unit) -> bool:
    """Whether the land of `inner` was in `outer` before or after a reform.

    An old province with a new ward, or a new province with an old one, is normal writing.
    """
    family = [
        *(step.successor for step in gazetteer.successors(inner)),
        *(step.predecessor for step in gazetteer.predecessors(inner)),
    ]
    return any(_belongs(relative, outer) for relative in family)


def _score(chosen: list[_Candidate]) -> tuple[int, ...]:
    """More levels first; then of one map; in the usual order, small to large; kinds written out."""
    order = [c.part for c in chosen]
    return (
        len(chosen),
        sum(_belongs(inner.unit, outer.unit) for inner, outer in _pairs(chosen)),
        int(order == sorted(order)),
        sum(c.kind_written for c in chosen),
        # Of two provinces named, the last one is meant; the same for what lies inside.
        sum(order),
    )


def _naming(parts: list[str], offset: int, chosen: list[_Candidate]) -> Naming:
    units = {c.unit.level: c.unit for c in chosen}
    used = {c.part + offset for c in chosen}
    unread = tuple(
        part for index, part in enumerate(parts) if index not in used and fold(part) not in _TAILS
    )
    return Naming(units.get("commune"), units.get("district"), units.get("province"), unread)


def _distinct(namings: list[Naming]) -> list[Naming]:
    """One reading for each innermost unit, the first one."""
    by_unit: dict[int, Naming] = {}
    for naming in namings:
        if naming.innermost is not None:
            by_unit.setdefault(naming.innermost.id, naming)
    return list(by_unit.values())


def prefer_day(namings: list[Naming], day: datetime.date) -> list[Naming]:
    """The readings whose innermost unit existed on `day`, or all of them where none did."""
    return [n for n in namings if n.innermost and n.innermost.alive_on(day)] or namings
