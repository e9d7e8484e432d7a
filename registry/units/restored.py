"""The units at the end of a text that nothing is called as written, found by their letters.

Asked where the exact reading was not sure. From the end of the text a province is looked for, or
else a district; before it a commune that it holds or held, with its district between them; each as
the part of the text that is the fewest edits away. What another place explains nearly as well is
left as it is.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from geo.text import accent_key, fold, has_diacritics
from geo.values import value
from registry.core.text_work import spend
from registry.units.by_letters import (
    EDIT,
    LIKE,
    MARGIN,
    TRIMMED,
    Match,
    Squashed,
    allowed,
    match_in,
    squash,
)
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.misspelt_kinds import mend_kinds, set_kinds_apart
from registry.units.onward import communes_of
from registry.units.remembered import Remembered
from registry.units.text import Naming, read_units
from registry.units.vocabulary import vocabulary_of

MAX_TEXT: Final = 400
_WORD: Final = re.compile(r"[^\W\d_]+")
_COMMA: Final = re.compile(r",(?!\w\b)")
"""Between parts; that of `Lê Châ,n` is a letter too early."""
_NEAR_END: Final = 70
"""Letters at the end of a text in which a unit's name may begin."""
_LONG: Final = 10
"""Letters from which on a name has no neighbour that is one as well."""
_SHORT: Final = 5
"""Letters below which a name is none without its kind."""
_WHOLE: Final = 3
"""Letters that it counts that a name begins and ends where words do."""
_WRITTEN: Final = 3
"""The same of its kind being written before it."""
_LEFT: Final = 2
"""Letters between two units that may be explained by nothing."""
_COUNTRY: Final = ("vietnam", "vn")
_KINDS: Final = ("thanhpho", "tinh", "quan", "huyen", "thixa", "tp", "tx")
_STEPS: Final = 8
"""Of the work of a text, for its end compared with all names of a province."""
_PROVINCE: Final = "tinh"
_KIND_LETTERS: Final = ("t", "q", "h", "p")

_Names = tuple[tuple[str, Unit], ...]
_around: Final = Remembered[None, tuple[_Names, _Names]](1)
_inside: Final = Remembered[int, tuple[_Names, _Names]](128)


@value(frozen=True, slots=True)
class Restored:
    """A text of which the units are known."""

    head: str
    """What stands before them, as it was written."""
    units: tuple[Unit, ...]
    """From the inside out."""

    def text(self, head: str) -> str:
        """An address of these units."""
        names = (unit.versions[-1].full_name for unit in self.units)
        return ", ".join((head.strip(TRIMMED), *names))

    def naming(self) -> Naming:
        """The units as what a text names; corrected, since nothing is called as it is written."""
        level = {unit.level: unit for unit in self.units}
        named = (level.get("commune"), level.get("district"), level.get("province"))
        return Naming(*named, corrected=True)


@value(frozen=True, slots=True)
class _Candidate:
    """A commune that the end of a text may name."""

    worth: int
    """Letters that it explains, less what speaks against it."""
    start: int
    """Letter with which its kind or name begins."""
    units: tuple[Unit, ...]
    """From the inside out: itself, a district, what was found around it."""

    def is_of(self, day: datetime.date) -> bool:
        """Whether it is one of that day, beside no district."""
        return len(self.units) == 2 and self.units[0].alive_on(day)


def restore_units(gazetteer: Gazetteer, text: str) -> Restored | None:
    """The text with the one commune, or district, that the end of it names; None where none is
    certain.
    """
    if len(text) > MAX_TEXT:
        return None
    squashed = Squashed.of(text)
    size = _before_word(squashed.letters, len(squashed.letters), _COUNTRY)
    found: list[_Candidate] = []
    for outer, match in _outermost(gazetteer, squashed, size):
        end = _before_word(squashed.letters, match.start, _KINDS, squashed.words)
        found += _candidates(gazetteer, outer, squashed, end)
    best = _best(gazetteer, found)
    return Restored(text[: squashed.at[best.start]], best.units) if best else None


def read_units_nearly(gazetteer: Gazetteer, text: str) -> list[Naming]:
    """What `read_units` says of a text that names units and nothing else; where that leaves any of
    it unread, names no commune or corrects a letter, what letters say of all of it: kinds set
    right, or names, each in what is named around it.
    """
    exact = read_units(gazetteer, text)
    if _is_all_read(exact):
        return exact
    mended = mend_kinds(vocabulary_of(gazetteer), set_kinds_apart(text))
    found = read_units(gazetteer, mended) if mended != text else []
    if _is_all_read(found):
        return [replace(naming, corrected=True) for naming in found]
    restored = restore_units(gazetteer, mended)
    if restored is not None and not restored.head.strip(TRIMMED):
        return [restored.naming()]
    return exact


def _is_all_read(namings: list[Naming]) -> bool:
    known = any(naming.commune is not None for naming in namings)
    return known and not any(naming.unread or naming.corrected for naming in namings)


def _is_name(gazetteer: Gazetteer, typed: str) -> bool:
    """Whether what was typed may be a name by itself: names are made of all its words."""
    vocabulary, accented = vocabulary_of(gazetteer), has_diacritics(typed)
    write = accent_key if accented else fold
    return all(vocabulary.knows(write(word), accented=accented) for word in _WORD.findall(typed))


def _before_word(
    letters: str, end: int, words: Iterable[str], bounds: AbstractSet[int] = frozenset()
) -> int:
    """Where the one of the words begins that ends at `end`, nearly; `end` where none does."""
    found = [
        (edits, end - length not in bounds, abs(length - len(word)), length)
        for word in words
        for length in range(len(word) - max(1, allowed(len(word))), len(word) + 2)
        if 0 < length <= end
        and letters[end - length : end].isalpha()
        and (edits := OSA.distance(word, letters[end - length : end])) <= allowed(len(word))
    ]
    return end - min(found)[-1] if found else end


def _outermost(gazetteer: Gazetteer, squashed: Squashed, end: int) -> list[tuple[Unit, Match]]:
    """Provinces that what stands before `end` names, as far as it tells; else districts."""
    cut = max(0, end - _NEAR_END // 2)
    letters, bounds = squashed.letters[:end], {at - cut for at in squashed.words}

    def cost(one: tuple[Unit, Match]) -> int:
        return EDIT * one[1].edits - (one[1].end - one[1].start)

    for names in _names_around(gazetteer):
        found = [
            (unit, Match(cut + match.start, cut + match.end, match.edits))
            for name, unit in _alike(letters[cut:], names)
            if (match := match_in(name, letters[cut:], bounds)) and cut + match.end >= end - _LEFT
        ]
        if found:
            least = min(map(cost, found))
            return [one for one in found if cost(one) == least]
    return []


def _best(gazetteer: Gazetteer, found: list[_Candidate]) -> _Candidate | None:
    """The commune that is meant; None where two may be."""
    found = sorted(found, key=lambda one: (-one.worth, not one.is_of(today())))
    if not found:
        return None
    meant = set(_today(gazetteer, found[0].units[0]))
    for other in found[1:]:
        if other.worth <= found[0].worth - MARGIN:
            break
        # Of one name in one province that of today is meant, as where it is read exactly.
        if found[0].is_of(today()) and not other.is_of(today()) and other.worth <= found[0].worth:
            continue
        if meant.isdisjoint(_today(gazetteer, other.units[0])):
            return None
    return found[0]


def _candidates(
    gazetteer: Gazetteer, outer: Unit, squashed: Squashed, end: int
) -> Iterator[_Candidate]:
    spend(_STEPS)
    communes, districts = _names_inside(gazetteer, outer)
    of_districts = {name for name, _ in districts}
    known = of_districts.union(name for name, _ in communes)
    cut = max(0, end - _NEAR_END)
    near = squashed.letters[cut:end]
    bounds = {at - cut for at in squashed.words}
    for name, unit in _alike(near, communes):
        match = _last_match(name, near, bounds, end - cut)
        if match is None:
            continue
        first, last = cut + match.start, cut + match.end
        typed = squashed.typed(first, last)
        if _COMMA.search(typed):
            continue  # `P203 Kim Liên, Láng` is in no Yên Lãng
        if match.edits and (match.edits > 1 or len(name) < _LONG) and _is_name(gazetteer, typed):
            continue  # `Bình An` is no slip of Bình Tân
        if match.edits and squashed.letters[first:last] in known:
            continue  # `Bình Th ạnh`
        district, left, read = _between(gazetteer, unit, districts, near[match.end :])
        start, kind = _before_kind(near, match.start, unit)
        # Without its kind a name that a district has as well says that no commune is named; nor is
        # one in `Nam Từ Liêm`.
        held = name in of_districts or any(
            near.endswith(longer, 0, match.end) for longer in of_districts if name in longer
        )
        bare = not kind and (
            len(name) < _SHORT
            or (district is None and held)
            or _is_province(near, match.start, bounds)
        )
        apart = squashed.is_apart(cut + start, last)
        if match.edits and match.start - start == 1:
            apart &= squashed.begins(first)  # no `P. Hước Long` is in Phước Long
        if left > _LEFT or bare or not apart:
            continue
        worth = len(name) + read - EDIT * match.edits - 2 * left
        worth += _WRITTEN * kind + _WHOLE * squashed.is_whole(first, last)
        if worth > 0:
            around = (district, outer) if district else (outer,)
            yield _Candidate(worth, cut + start, (unit, *around))


def _last_match(name: str, near: str, bounds: AbstractSet[int], end: int) -> Match | None:
    """The match that ends where the units around are, though the street may be called exactly so:
    `10 Bình Phú, Phường Bnìh Phú`.
    """
    match = match_in(name, near, bounds)
    if match is None or match.edits or match.end >= end - _LEFT:
        return match
    last = match_in(name, near[match.end :], {at - match.end for at in bounds})
    return Match(match.end + last.start, match.end + last.end, last.edits) if last else match


def _today(gazetteer: Gazetteer, unit: Unit) -> Iterable[int]:
    return communes_of(gazetteer, today(), unit)


def _alike(letters: str, names: _Names) -> Iterator[tuple[str, Unit]]:
    choices = [name for name, _ in names]
    found = process.extract(
        letters, choices, scorer=fuzz.partial_ratio, score_cutoff=LIKE, limit=None
    )
    for _, _, at in found:
        yield names[at]


def _between(
    gazetteer: Gazetteer, commune: Unit, districts: _Names, letters: str
) -> tuple[Unit | None, int, int]:
    """The district that stands between a commune and its province, how many letters are left
    there, and how many it explains.
    """
    holders = gazetteer.holders(commune)
    best: tuple[Unit | None, int, int] = (None, _unexplained(letters), 0)
    for name, unit in districts if letters else ():
        if unit.id in holders and (match := match_in(name, letters)):
            left = _unexplained(letters[: match.start]) + _unexplained(letters[match.end :])
            read = len(name) - EDIT * match.edits
            if left - read < best[1] - best[2]:
                best = (unit, left, read)
    return best


def _unexplained(letters: str) -> int:
    """How many letters are left without words for kinds of units; a digit is never left."""
    for kind in _KINDS:
        letters = letters.removeprefix(kind).removesuffix(kind)
    if any(map(str.isdigit, letters)):
        return _NEAR_END
    return 0 if letters in _KIND_LETTERS else len(letters)


def _before_kind(letters: str, start: int, unit: Unit) -> tuple[int, bool]:
    """Where a unit begins whose name begins at `start`, and whether its kind is written."""
    kinds = {squash(version.full_name)[: -len(squash(version.name))] for version in unit.versions}
    before = _before_word(letters, start, sorted(kinds - {""}))
    if before == start and letters[:start][-1:] in {kind[0] for kind in kinds if kind}:
        before = start - 1
    return before, before < start


def _is_province(letters: str, start: int, bounds: AbstractSet[int]) -> bool:
    """Whether a word right before says that no commune is named: `Tỉnh Bình Dương`."""
    return letters.endswith(_PROVINCE, 0, start) and start - len(_PROVINCE) in bounds


def _names_around(gazetteer: Gazetteer) -> tuple[_Names, _Names]:
    """Provinces of all maps, and districts whose names are no numbers."""
    kept = _around.of(gazetteer)
    known = kept.get(None)
    if known is None:
        units = gazetteer.units.values()
        known = (
            _names(unit for unit in units if unit.level == "province"),
            _names(
                u for u in units if u.level == "district" and len(squash(u.versions[-1].name)) > 4
            ),
        )
        _around.keep(kept, None, known)
    return known


def _names_inside(gazetteer: Gazetteer, province: Unit) -> tuple[_Names, _Names]:
    """Communes that the province or district holds or held, and their districts."""
    kept = _inside.of(gazetteer)
    known = kept.get(province.id)
    if known is None:
        units = gazetteer.units
        inside = [
            unit
            for unit in units.values()
            if unit.level == "commune" and province.id in gazetteer.holders(unit)
        ]
        around = {i: units[i] for unit in inside for i in gazetteer.holders(unit) if i in units}
        districts = (unit for unit in around.values() if unit.level == "district")
        known = (_names(inside), _names(districts))
        _inside.keep(kept, province.id, known)
    return known


def _names(units: Iterable[Unit]) -> _Names:
    """Each name once for a unit; numbers only behind their kind."""
    found: dict[tuple[str, int], Unit] = {}
    for unit in units:
        for version in unit.versions:
            name = squash(version.name)
            if name.isdigit():
                for kind in ("phuong", "p", "quan", "q"):
                    if kind[0] == squash(version.full_name)[0]:
                        found[f"{kind}{name}", unit.id] = unit
            elif len(name) > 2:
                found[name, unit.id] = unit
    return tuple((name, unit) for (name, _), unit in found.items())
