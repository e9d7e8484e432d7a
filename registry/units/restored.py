"""Find misspelt units at the end of a text by their letters.

Used if the exact reading is not certain. Searches from the end of the text for a province, or else
a district; before it for a commune that is or was in it, with its district between them; each as
the part of the text with the fewest edits. Nothing is restored if another place explains the text
nearly as well.
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
"""A comma between parts; in `Lê Châ,n` it is a letter too early."""
_NEAR_END: Final = 70
"""Letters at the end of a text in which a unit's name may start."""
_LONG: Final = 10
"""Letters from which on a name has no similar names."""
_SHORT: Final = 5
"""Letters below which a name needs its kind."""
_WHOLE: Final = 3
"""Bonus in letters for a name between word boundaries."""
_WRITTEN: Final = 3
"""Bonus in letters for the kind before the name."""
_LEFT: Final = 2
"""Unexplained letters allowed between two units."""
_COUNTRY: Final = ("vietnam", "vn")
_KINDS: Final = ("thanhpho", "tinh", "quan", "huyen", "thixa", "tp", "tx")
_STEPS: Final = 8
"""Steps of a text's work budget for comparing its end with all names of a province."""
_PROVINCE: Final = "tinh"
_KIND_LETTERS: Final = ("t", "q", "h", "p")

_Names = tuple[tuple[str, Unit], ...]
_around: Final = Remembered[None, tuple[_Names, _Names]](1)
_inside: Final = Remembered[int, tuple[_Names, _Names]](128)


@value(frozen=True, slots=True)
class Restored:
    """A text with its restored units."""

    head: str
    """The text before them, as written."""
    units: tuple[Unit, ...]
    """Smallest first."""

    def text(self, head: str) -> str:
        """Return an address in these units."""
        names = (unit.versions[-1].full_name for unit in self.units)
        return ", ".join((head.strip(TRIMMED), *names))

    def naming(self) -> Naming:
        """Return the units as a naming, marked as corrected."""
        level = {unit.level: unit for unit in self.units}
        named = (level.get("commune"), level.get("district"), level.get("province"))
        return Naming(*named, corrected=True)


@value(frozen=True, slots=True)
class _Candidate:
    """A commune that the end of a text may name."""

    worth: int
    """Letters that it explains, minus penalties."""
    start: int
    """Position of the first letter of its kind or name."""
    units: tuple[Unit, ...]
    """Smallest first: itself, a district, the units found around it."""

    def is_of(self, day: datetime.date) -> bool:
        """Whether it exists on that day, without a district."""
        return len(self.units) == 2 and self.units[0].alive_on(day)


def restore_units(gazetteer: Gazetteer, text: str) -> Restored | None:
    """Return the text with the one commune, or district, named at its end; None if not certain."""
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
    """Return the readings of a text that names only units; if `read_units` leaves any of it unread,
    finds no commune or corrects a letter, match all of it by letters: with kinds corrected, or
    names inside of the units named around them.
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
    """Whether the typed text may be a name itself: all its words occur in names."""
    vocabulary, accented = vocabulary_of(gazetteer), has_diacritics(typed)
    write = accent_key if accented else fold
    return all(vocabulary.knows(write(word), accented=accented) for word in _WORD.findall(typed))


def _before_word(
    letters: str, end: int, words: Iterable[str], bounds: AbstractSet[int] = frozenset()
) -> int:
    """Return the start of the word that approximately ends at `end`, or `end` if there is none."""
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
    """Return the provinces that the text before `end` may name; else the districts."""
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
    """Return the best commune; None if two are possible."""
    found = sorted(found, key=lambda one: (-one.worth, not one.is_of(today())))
    if not found:
        return None
    meant = set(_today(gazetteer, found[0].units[0]))
    for other in found[1:]:
        if other.worth <= found[0].worth - MARGIN:
            break
        # Of communes with one name in one province, today's is meant, as in exact readings.
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
            continue  # `P203 Kim Liên, Láng` is not in Yên Lãng
        if match.edits and (match.edits > 1 or len(name) < _LONG) and _is_name(gazetteer, typed):
            continue  # `Bình An` is not a slip of Bình Tân
        if match.edits and squashed.letters[first:last] in known:
            continue  # `Bình Th ạnh`
        district, left, read = _between(gazetteer, unit, districts, near[match.end :])
        start, kind = _before_kind(near, match.start, unit)
        # A name without its kind that is also a district's names no commune; neither does `Nam Từ
        # Liêm`.
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
            apart &= squashed.begins(first)  # `P. Hước Long` is not in Phước Long
        if left > _LEFT or bare or not apart:
            continue
        worth = len(name) + read - EDIT * match.edits - 2 * left
        worth += _WRITTEN * kind + _WHOLE * squashed.is_whole(first, last)
        if worth > 0:
            around = (district, outer) if district else (outer,)
            yield _Candidate(worth, cut + start, (unit, *around))


def _last_match(name: str, near: str, bounds: AbstractSet[int], end: int) -> Match | None:
    """Return the last match, before the units around it, though the street may match exactly:
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
    """Return the district between a commune and its province, the number of letters left there, and
    the number that it explains.
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
    """Count the letters left after removing kinds of units; digits are not counted."""
    for kind in _KINDS:
        letters = letters.removeprefix(kind).removesuffix(kind)
    if any(map(str.isdigit, letters)):
        return _NEAR_END
    return 0 if letters in _KIND_LETTERS else len(letters)


def _before_kind(letters: str, start: int, unit: Unit) -> tuple[int, bool]:
    """Return the start of a unit whose name begins at `start`, and whether its kind is written."""
    kinds = {squash(version.full_name)[: -len(squash(version.name))] for version in unit.versions}
    before = _before_word(letters, start, sorted(kinds - {""}))
    if before == start and letters[:start][-1:] in {kind[0] for kind in kinds if kind}:
        before = start - 1
    return before, before < start


def _is_province(letters: str, start: int, bounds: AbstractSet[int]) -> bool:
    """Whether the word before excludes a commune: `Tỉnh Bình Dương`."""
    return letters.endswith(_PROVINCE, 0, start) and start - len(_PROVINCE) in bounds


def _names_around(gazetteer: Gazetteer) -> tuple[_Names, _Names]:
    """Return provinces of all maps, and districts with names that are not numbers."""
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
    """Return communes that are or were in the province or district, and their districts."""
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
    """Return each name of a unit once; numbers only after their kind."""
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
