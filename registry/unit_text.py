"""Which units a text names: the administrative part of an address of any map.

Reads parts between commas; the full grammar of addresses is not needed for it, so a house number
or a street in front is left over and said so.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product
from typing import Final, Self
from weakref import WeakKeyDictionary

from geo.admin import (
    KIND_LEVELS,
    NamedPart,
    name_key,
    parse_name,
    split_before_kinds,
    split_dashes,
    split_parts,
)
from geo.text import accent_key, fold, has_diacritics
from geo.typing_slips import repaired
from registry.errors import InvalidInputError
from registry.gazetteer import LEVELS, Gazetteer, Unit, UnitName
from registry.unit_slips import heirs_of_province, nearly_named

MAX_PARTS: Final = 12
MAX_TEXT: Final = 2_000
_MAX_RUN: Final = 10
"""Words of the longest names that are written in one."""
_MAX_SLIPS: Final = 4
"""Parts at the end of a text among which a misspelt unit is looked for."""
_NUMBER_WORDS: Final = (
    *(("nhất", "1"), ("một", "1"), ("hai", "2"), ("ba", "3"), ("tư", "4"), ("bốn", "4")),
    *(("năm", "5"), ("sáu", "6"), ("bảy", "7"), ("bẩy", "7"), ("tám", "8"), ("chín", "9")),
    *(("mười", "10"), ("mười một", "11"), ("mười hai", "12")),
)
_SPOKEN: Final = {
    write(word): number for write in (fold, accent_key) for word, number in _NUMBER_WORDS
}
"""Numbers of districts and wards in words: `Quận nhất`."""
_COUNTRY: Final = re.compile(r"(?:vi[eệ]t\s?nam|vn)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Naming:
    """One way to read a text: the units named, at most one a level, and what was not read."""

    commune: Unit | None = None
    district: Unit | None = None
    province: Unit | None = None
    unread: tuple[str, ...] = ()
    corrected: bool = False
    """Whether a unit is written with one letter wrong."""

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
    corrected: bool = False
    """Whether it is written as nothing is called, but for one letter."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    part: int
    unit: Unit
    fit: _Fit


# The same communes are named in the same words, by customers of one shop and rows of one delivery.
# Goes with its gazetteer, so that no old map stays in memory.
_read_before: WeakKeyDictionary[Gazetteer, dict[str, tuple[Naming, ...]]] = WeakKeyDictionary()
_LONGEST_REMEMBERED: Final = 100
_MAX_REMEMBERED: Final = 8_192

_Score = tuple[int, ...]
_Reading = tuple[_Candidate, ...]
"""At most one unit a level, the smallest first."""


def read_units(gazetteer: Gazetteer, text: str) -> list[Naming]:
    """The best readings of `text`, by code of the innermost unit; empty when it names no unit.

    More than one means that the text fits each equally well, and somebody has to be asked.
    Raises InvalidInputError for a text without any letter or digit, or too long a one.
    """
    known = _read_before.setdefault(gazetteer, {})
    found = known.get(text)
    if found is None:
        found = tuple(_read_units(gazetteer, text))
        if len(text) <= _LONGEST_REMEMBERED:
            if len(known) >= _MAX_REMEMBERED:
                known.clear()
            known[text] = found
    return list(found)


def _read_units(gazetteer: Gazetteer, text: str) -> list[Naming]:
    if len(text) > MAX_TEXT:
        raise InvalidInputError.of_field(
            "text", "text_too_long", f"more than {MAX_TEXT:,} characters"
        )
    parts = [part for part in split_parts(text) if any(map(str.isalnum, part))]
    if not parts:
        raise InvalidInputError.of_field("text", "text_without_word", "holds no word")
    parts = [tidy for part in parts if (tidy := _tidy(part))]
    # The administrative part of an address stands at its end.
    reader = _Reader(gazetteer, accented=has_diacritics(text))
    cut = _once([piece for part in parts[-MAX_PARTS:] for piece in reader.cut(part)])
    front = [*parts[:-MAX_PARTS], *(piece.text for piece in cut[:-MAX_PARTS])]
    return _best_namings(gazetteer, front, cut[-MAX_PARTS:])


def _once(parts: list[_Part]) -> list[_Part]:
    """Without a unit that is named again with its kind: `TP. Huế, Thành phố Huế`."""
    kept: dict[object, _Part] = {}
    for at, part in enumerate(parts):
        first = parse_name(part.text)[0]
        kept.setdefault((first.key, first.kinds) if first.kinds and part.hits else at, part)
    return list(kept.values())


def _best_namings(gazetteer: Gazetteer, front: list[str], parts: list[_Part]) -> list[Naming]:
    """The best readings of `parts`, one for each innermost unit, by code."""
    best = _best(gazetteer, parts)
    meant = _nearly_read(gazetteer, parts, best)
    if meant != parts:
        better = _best(gazetteer, meant)
        if better and len(better[0]) > (len(best[0]) if best else 0):
            parts, best = meant, better
    return [_naming(front, parts, chosen) for chosen in sorted(best, key=lambda c: c[0].unit.code)]


def _best(gazetteer: Gazetteer, parts: list[_Part]) -> list[_Reading]:
    found: dict[_Score, dict[int, _Reading]] = defaultdict(dict)
    for chosen in _readings(gazetteer, parts):
        found[_score(gazetteer, chosen)].setdefault(chosen[0].unit.id, chosen)
    best = _binding(list(found[max(found)].values())) if found else []
    best = _without_second_commune(parts, best) or best
    return _provinces_alone(parts, best) or _in_the_city(gazetteer, parts, best) or best


def _nearly_read(gazetteer: Gazetteer, parts: list[_Part], best: list[_Reading]) -> list[_Part]:
    """`parts` with the units that those naming nothing may mean, one letter being wrong.

    Nothing in the country is called as written. Communes only inside of units that are named; a
    name without a kind only where its place in the text says that it is a unit's.
    """
    around = {c.unit.id for chosen in best for c in chosen if c.unit.level != "commune"}
    first = min((c.part for chosen in best for c in chosen), default=len(parts))
    meant = list(parts)
    for at in range(max(0, len(parts) - _MAX_SLIPS), len(parts)):
        named = parse_name(parts[at].text)[0]
        bare = at in (first - 1, len(parts) - 1) and not any(map(str.isdigit, named.key))
        if parts[at].hits or not (named.kinds or bare):
            continue
        hits = nearly_named(gazetteer, named, around)
        if hits:
            fits = tuple((hit.unit, _Fit(_kind_fit(named, hit), 0)) for hit in hits)
            meant[at] = _Part(parts[at].text, fits, corrected=True)
    return meant


def _tidy(part: str) -> str:
    """`part` without the country before it, and once where it is said twice.

    `Vietnam Hải Hậu`; `Thành phố Vinh Thành phố Vinh`, as a map service writes what it knows alone.
    """
    while match := _COUNTRY.match(part):
        part = part[match.end() :].strip()
    words = part.split()
    half = len(words) // 2
    return " ".join(words[:half]) if half and words[:half] == words[half:] else part


def _without_second_commune(parts: list[_Part], best: list[_Reading]) -> list[_Reading]:
    """The districts, where a commune that no list has is written: `P. Lạ, Cầu Giấy, Hà Nội`."""
    unknown = any(
        all(KIND_LEVELS[kind] == ("commune",) for kind in named.kinds)
        for part in parts
        if not part.hits and (named := parse_name(part.text)[0]).kinds
    )
    return [c for c in best if c[0].unit.level != "commune"] if unknown else []


def _provinces_alone(parts: list[_Part], best: list[_Reading]) -> list[_Reading]:
    """The provinces, where a name alone is theirs: `Bình Dương` is no commune of that name."""
    if any(len(chosen) > 1 or chosen[0].fit.kind for chosen in best):
        return []
    provinces = [c for c in best if c[0].unit.level == "province"]
    return [c for c in provinces if _is_own_name(c[0].unit, parts[c[0].part].text)]


def _is_own_name(unit: Unit, text: str) -> bool:
    """Whether `unit` was ever called so in full; Vũng Tàu is short for the province's name."""
    return name_key(text) in {name_key(version.name) for version in unit.versions}


def _in_the_city(gazetteer: Gazetteer, parts: list[_Part], best: list[_Reading]) -> list[_Reading]:
    """Of former wards, those in the city that bears its province's name: `Phường 1, Sóc Trăng`."""
    inner = [chosen[0].unit for chosen in best]
    if len(best) == 1 or any(unit.level != "commune" or unit.ended is None for unit in inner):
        return []
    cities = {
        unit.id
        for chosen in best
        if len(chosen) > 1 and chosen[-1].unit.level == "province" and chosen[-1].fit.kind == 0
        for unit, _ in parts[chosen[-1].part].hits
        if unit.level == "district"
    }
    return [c for c in best if not cities.isdisjoint(gazetteer.holders(c[0].unit))]


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
        self._known: dict[str, _Part] = {}

    def cut(self, part: str) -> list[_Part]:
        """`part` where it names a unit, or nothing cut out of it does; else its pieces.

        A dash, the word for a kind, or the name of a unit may begin another one or belong to a
        name: so only what is unknown as a whole is cut.
        """
        whole = self._read(part)
        pieces = [whole]
        for split in (split_dashes, split_before_kinds, self._split_run):
            pieces = [
                smaller
                for piece in pieces
                for smaller in ([piece] if piece.hits else map(self._read, split(piece.text)))
            ]
        return pieces if any(piece.hits for piece in pieces) else [whole]

    def _split_run(self, part: str) -> list[str]:
        """`Tân Tạo A Bình Tân TPHCM` in three, each held by the next: written without a comma."""
        words = part.split()
        return (self._run(words) if len(words) <= _MAX_RUN else None) or [part]

    def _run(self, words: list[str]) -> list[str] | None:
        """The words as two or three units that hold one another, smallest or largest first."""
        longer = None
        for cut in range(1, len(words)):
            first, last = " ".join(words[:cut]), " ".join(words[cut:])
            if self._holds(last, first) or self._holds(first, last):
                return [first, last]
            if longer is None and cut > 1 and self._read(last).hits:
                inner = self._pair(words[:cut])
                longer = [*inner, last] if inner and self._holds(last, inner[-1]) else None
        return longer

    def _pair(self, words: list[str]) -> list[str] | None:
        for cut in range(1, len(words)):
            first, last = " ".join(words[:cut]), " ".join(words[cut:])
            if self._holds(last, first):
                return [first, last]
        return None

    def _holds(self, outer: str, inner: str) -> bool:
        """Whether a unit that one text may name holds one that the other may name."""
        around = {unit.id for unit, _ in self._read(outer).hits}
        return bool(around) and any(
            not around.isdisjoint(self._gazetteer.holders(unit))
            for unit, _ in self._read(inner).hits
        )

    def _read(self, text: str) -> _Part:
        """What `text` may name as a whole; where that is nothing, without slips of the keyboard."""
        known = self._known.get(text)
        if known is None:
            known = self._read_new(text)
            meant = "" if known.hits else " ".join(map(repaired, text.split()))
            if meant and meant != text:
                known = _Part(text, self._read_new(meant).hits)
            self._known[text] = known
        return known

    def _read_new(self, text: str) -> _Part:
        """What `text` names as written, or with a number in words: `Quận ba`, not Quản Bạ."""
        plain = self._read_written(text)
        spoken = _spoken(text)
        hits = self._read_written(spoken).hits if spoken else ()
        if not hits or any(fit.accents for _, fit in plain.hits):
            return plain
        if has_diacritics(text) or not plain.hits:
            return _Part(text, hits)
        # Without accents it may be either, and only what holds it can tell.
        return _Part(text, (*plain.hits, *((unit, _Fit(-1, 0)) for unit, _ in hits)))

    def _read_written(self, text: str) -> _Part:
        best: dict[int, tuple[Unit, _Fit]] = {}
        for reading in parse_name(text):
            accents = accent_key(reading.name)
            for hit in self._hits(reading):
                fit = _Fit(_kind_fit(reading, hit), int(self._accented and hit.accents == accents))
                known = best.get(hit.unit.id)
                if known is None or (fit.kind, fit.accents) > (known[1].kind, known[1].accents):
                    best[hit.unit.id] = (hit.unit, fit)
            if reading.kinds in ((), ("tinh",)):
                for unit in heirs_of_province(self._gazetteer, reading.key):
                    best.setdefault(unit.id, (unit, _Fit(0, 0)))
        return _Part(text, tuple(best.values()))

    def _hits(self, reading: NamedPart) -> list[UnitName]:
        hits = self._gazetteer.named(reading.key)
        if reading.kinds:
            levels = {level for kind in reading.kinds for level in KIND_LEVELS[kind]}
            return [hit for hit in hits if hit.unit.level in levels]
        return [] if reading.key.isdigit() else hits  # a bare number is a house, not a ward


def _spoken(text: str) -> str | None:
    """`Quận ba` as `Quận 3`, `phuong muoi mot` as `phường 11`; None where no number is in words."""
    kind, _, number = text.partition(" ")
    for written in ("quận", "phường"):
        if accent_key(kind) in (accent_key(written), fold(written)):
            digits = _SPOKEN.get(accent_key(number))
            return f"{written} {digits}" if digits else None
    return None


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
            apart = len({c.part for c in chosen}) == len(chosen) and not _says_twice(parts, chosen)
            # Another kind than the one written takes a second name to vouch for it.
            if apart and (len(chosen) > 1 or inner.fit.kind >= 0):
                yield chosen


def _says_twice(parts: list[_Part], chosen: _Reading) -> bool:
    """`Q9, Thủ Đức`: a district by two of its names, and no commune of the second one."""
    inner = chosen[0]
    if inner.fit.kind != 0 or len(chosen) == 1:
        return False
    hits = {unit.id for unit, _ in parts[inner.part].hits}
    keys = {reading.key for reading in parse_name(parts[inner.part].text)}
    return any(
        c.unit.id in hits
        and keys.isdisjoint(reading.key for reading in parse_name(parts[c.part].text))
        for c in chosen[1:]
    )


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
    named = (units.get("commune"), units.get("district"), units.get("province"))
    return Naming(*named, unread, any(parts[c.part].corrected for c in chosen))


def prefer_day(namings: list[Naming], day: datetime.date) -> list[Naming]:
    """The readings whose innermost unit existed on `day`, or all of them where none did."""
    return [n for n in namings if n.innermost and n.innermost.alive_on(day)] or namings
