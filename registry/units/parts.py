"""The units of any map that one part of a text may name, as a whole or after cutting it."""

import re
from collections.abc import Iterator
from typing import Final

from geo import lexicon
from geo.admin import KIND_LEVELS, LEVELS, NamedPart, parse_name, split_before_kinds, split_dashes
from geo.syllables import is_syllable
from geo.text import accent_key, fold, has_diacritics
from geo.typing_slips import repaired
from geo.values import value
from geo.words import ROMAN
from registry.core.text_work import spend
from registry.units.gazetteer import Gazetteer, Unit, UnitName
from registry.units.near_names import (
    communes_numbered,
    names_in_one_word,
    units_on_land_of,
    units_with_initials,
)
from registry.units.remembered import Remembered

MAX_RUN: Final = 10
"""Words of the longest run of names without commas."""
_NUMBERS: Final = {word: int(number) for word, (number,) in lexicon.readings("number").items()}
_SPOKEN: Final = {
    write(word): str(number)
    for write in (fold, accent_key)
    for word, number in (*_NUMBERS.items(), ("nhất", 1), ("mười một", 11), ("mười hai", 12))
    if 0 < number <= 12
}
"""Numbers of districts and wards in words: `Quận nhất`."""


FORMER: Final = re.compile(r"(\W*\w.*?)\s*(?:\(\s*cũ\s*\)|\bcũ)\W*", re.IGNORECASE)
"""A name marked as former: `Phường Ngọc Hà cũ`."""
INITIALS: Final = -2
"""`Fit.kind` of a unit named by its initials: only a unit inside it can confirm it."""
PARTS: Final = -3
"""`Fit.kind` of each of several units that differ by the number after the name: `Mỹ Đình` for Mỹ
Đình 1 and 2. Only a unit around it can confirm it."""
OF_COMMUNES: Final = (("xa",), ("phuong",), ("thi_tran",))
_INITIALS: Final = re.compile(r"[A-ZĐ]{2,4}")


@value(frozen=True, slots=True)
class Fit:
    """How well a unit fits the words that may name it."""

    kind: int
    """1 with its kind, 0 without a kind, -1 with another kind of its level, INITIALS without name,
    PARTS without its number."""
    accents: int
    """1 if the name has its accents, in a text with accents; else 0."""


@value(frozen=True, slots=True)
class Part:
    """A part of a text with the units it may name."""

    text: str
    hits: tuple[tuple[Unit, Fit], ...]
    corrected: bool = False
    """Whether it matches a name only with one letter corrected."""


# Districts and provinces recur in thousands of texts, without accents and with.
_read_before: Final = (Remembered[str, Part](4_096), Remembered[str, Part](4_096))
_LONGEST_NAME: Final = 200
"""Letters of the longest text that may be a name, including spaces and marks."""
_LONGEST_REMEMBERED: Final = 40


class PartReader:
    """Finds the units that parts of one text may name."""

    def __init__(self, gazetteer: Gazetteer, *, accented: bool) -> None:
        self.gazetteer = gazetteer
        self._accented = accented
        self._known = _read_before[accented].of(gazetteer)
        self._here: dict[str, Part] = {}
        """Parts too long for the cache across texts."""

    def cut(self, part: str) -> list[Part]:
        """Return `part` if it names a unit, or no piece of it does; else its pieces.

        A dash, the word for a kind, or the name of a unit may start another one or belong to a
        name, so only parts that are unknown as a whole are cut.
        """
        whole = self.read(part)
        pieces = [whole]
        for split in (split_dashes, split_before_kinds, self._split_run):
            pieces = [
                smaller
                for piece in pieces
                for smaller in ([piece] if piece.hits else map(self.read, split(piece.text)))
            ]
        return pieces if any(piece.hits for piece in pieces) else [whole]

    def _split_run(self, part: str) -> list[str]:
        """Split nested units without commas: `Tân Tạo A Bình Tân TPHCM` in three."""
        words = part.split()
        found = self._run(words) if len(words) <= MAX_RUN else None
        return found or [part]

    def _run(self, words: list[str]) -> list[str] | None:
        """Split the words into two or three nested units, smallest or largest first."""
        longer = None
        for cut in range(1, len(words)):
            first, last = " ".join(words[:cut]), " ".join(words[cut:])
            if self._holds(last, first) or self._holds(first, last):
                return [first, last]
            if longer is None and cut > 1 and self.read(last).hits:
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
        """Whether a unit that `outer` may name contains one that `inner` may name."""
        around = {unit.id for unit, _ in self.read(outer).hits}
        return bool(around) and any(
            not around.isdisjoint(self.gazetteer.holders(unit)) for unit, _ in self.read(inner).hits
        )

    def read(self, text: str) -> Part:
        """Return the units `text` may name as a whole; if none, after correcting slips."""
        if len(text) > _LONGEST_NAME:
            return Part(text, ())
        known = self._known.get(text) or self._here.get(text)
        if known is None:
            known = self._read_new(text)
            meant = "" if known.hits else " ".join(map(repaired, text.split()))
            if meant and meant != text:
                known = Part(text, self._read_new(meant).hits)
            if len(text) <= _LONGEST_REMEMBERED:
                _read_before[self._accented].keep(self._known, text, known)
            else:
                self._here[text] = known
        return known

    def _read_new(self, text: str) -> Part:
        """Return the units `text` names as written, or with a number in words: `Quận ba`."""
        spend(1)
        plain = self._read_written(text)
        spoken = _spoken(text)
        hits = self._read_written(spoken).hits if spoken else ()
        if not hits or any(fit.accents for _, fit in plain.hits):
            return plain
        if has_diacritics(text) or not plain.hits:
            return Part(text, hits)
        # Without accents it may be either (`quan ba`); only the units around it can decide.
        return Part(text, (*plain.hits, *((unit, Fit(-1, 0)) for unit, _ in hits)))

    def _read_written(self, text: str) -> Part:
        if former := FORMER.fullmatch(text):
            return self._read_former(text, former[1])
        best: dict[int, tuple[Unit, Fit]] = {}
        for reading in parse_name(text):
            accents = accent_key(reading.name)
            for hit in self._hits(reading):
                fit = Fit(kind_fit(reading, hit), int(self._accented and hit.accents == accents))
                known = best.get(hit.unit.id)
                if known is None or (fit.kind, fit.accents) > (known[1].kind, known[1].accents):
                    best[hit.unit.id] = (hit.unit, fit)
            for unit, kind in self._unlisted(reading):
                best.setdefault(unit.id, (unit, Fit(kind, 0)))
        return Part(text, tuple(best.values()))

    def _read_former(self, text: str, name: str) -> Part:
        """Return former units for `Phường Ngọc Hà cũ`, if there were any."""
        hits = self._read_written(name).hits
        return Part(text, tuple(hit for hit in hits if hit[0].ended is not None) or hits)

    def _unlisted(self, reading: NamedPart) -> Iterator[tuple[Unit, int]]:
        """Yield units that the gazetteer lacks under this name, each with its `Fit.kind`."""
        if reading.kinds in ((), ("tinh",)):
            yield from (
                (unit, 0) for unit in units_on_land_of(self.gazetteer, reading.key, "province")
            )
        if reading.kinds in ((), ("huyen",), ("quan",)):
            yield from (
                (unit, 0) for unit in units_on_land_of(self.gazetteer, reading.key, "district")
            )
        if reading.kinds in ((), *OF_COMMUNES):
            yield from ((unit, PARTS) for unit in communes_numbered(self.gazetteer, reading.key))
        if _are_initials(reading.name):
            for unit in units_with_initials(self.gazetteer, reading.key):
                if unit.level in _levels(reading):
                    yield unit, INITIALS

    def _hits(self, reading: NamedPart) -> list[UnitName]:
        hits = self.gazetteer.named(reading.key)
        hits = hits or names_in_one_word(self.gazetteer, reading.key)
        if reading.kinds:
            levels = _levels(reading)
            return [hit for hit in hits if hit.unit.level in levels]
        return [] if reading.key.isdigit() else hits  # a bare number is a house, not a ward


def _levels(reading: NamedPart) -> frozenset[str]:
    """Return the possible levels of a unit by its kind."""
    if not reading.kinds:
        return frozenset(LEVELS)
    return frozenset(level for kind in reading.kinds for level in KIND_LEVELS[kind])


def _are_initials(name: str) -> bool:
    """Whether a name is initials: in capitals, or unpronounceable: `hạ long qn`, but not `la`."""
    unsayable = _INITIALS.fullmatch(name.upper()) and not is_syllable(fold(name))
    return bool(unsayable or _INITIALS.fullmatch(name))


def _spoken(text: str) -> str | None:
    """Convert `Quận ba` to `Quận 3`, `phuong muoi mot` to `phường 11`, `Q. I` to `quận 1`; None
    without a number in words or Roman numerals.
    """
    kind, _, number = text.partition(" ")
    roman = ROMAN.get(number.strip())
    for written in ("quận", "phường"):
        if accent_key(kind) in (accent_key(written), fold(written)):
            digits = roman or _SPOKEN.get(accent_key(number))
            return f"{written} {digits}" if digits else None
        if roman and kind.rstrip(".").casefold() == fold(written)[0]:
            return f"{written} {roman}"
    return None


def kind_fit(reading: NamedPart, hit: UnitName) -> int:
    """Return the `Fit.kind` of a unit with this name for a reading of a part."""
    if not reading.kinds:
        return 0
    kinds = {hit.kind} if hit.kind else {version.kind for version in hit.unit.versions}
    return -1 if kinds.isdisjoint(reading.kinds) else 1
