"""What one part of a text may name: units of any map, whole or cut out of it."""

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
    heirs_of,
    names_in_one_word,
    units_with_initials,
)
from registry.units.remembered import Remembered

MAX_RUN: Final = 10
"""Words of the longest names that are written in one."""
_NUMBERS: Final = {word: int(number) for word, (number,) in lexicon.readings("number").items()}
_SPOKEN: Final = {
    write(word): str(number)
    for write in (fold, accent_key)
    for word, number in (*_NUMBERS.items(), ("nhất", 1), ("mười một", 11), ("mười hai", 12))
    if 0 < number <= 12
}
"""Numbers of districts and wards in words: `Quận nhất`."""


FORMER: Final = re.compile(r"(\W*\w.*?)\s*(?:\(\s*cũ\s*\)|\bcũ)\W*", re.IGNORECASE)
"""What says of itself that it is no more: `Phường Ngọc Hà cũ`."""
INITIALS: Final = -2
"""`Fit.kind` of a unit that is named by its initials: only what it holds can vouch for it."""
PARTS: Final = -3
"""`Fit.kind` of each of several units that differ by the number behind the name: `Mỹ Đình` for Mỹ
Đình 1 and 2. Only what holds it can vouch for it."""
OF_COMMUNES: Final = (("xa",), ("phuong",), ("thi_tran",))
_INITIALS: Final = re.compile(r"[A-ZĐ]{2,4}")


@value(frozen=True, slots=True)
class Fit:
    """How well a unit fits the words that may name it."""

    kind: int
    """1 its kind is written, 0 no kind is, -1 another kind of its level is, INITIALS no name is,
    PARTS its number is not."""
    accents: int
    """1 the name has its accents, in a text that is written with accents; else 0."""


@value(frozen=True, slots=True)
class Part:
    """A part of a text with the units it may name."""

    text: str
    hits: tuple[tuple[Unit, Fit], ...]
    corrected: bool = False
    """Whether it is written as nothing is called, but for one letter."""


# Districts and provinces stand in thousands of texts, without accents and with.
_read_before: Final = (Remembered[str, Part](4_096), Remembered[str, Part](4_096))
_LONGEST_NAME: Final = 200
"""Letters beyond which nothing is called so, whatever spaces and marks are in it."""
_LONGEST_REMEMBERED: Final = 40


class PartReader:
    """Finds the units that parts of one text may name."""

    def __init__(self, gazetteer: Gazetteer, *, accented: bool) -> None:
        self.gazetteer = gazetteer
        self._accented = accented
        self._known = _read_before[accented].of(gazetteer)
        self._here: dict[str, Part] = {}
        """What is too long to be remembered for other texts."""

    def cut(self, part: str) -> list[Part]:
        """`part` where it names a unit, or nothing cut out of it does; else its pieces.

        A dash, the word for a kind, or the name of a unit may begin another one or belong to a
        name: so only what is unknown as a whole is cut.
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
        """`Tân Tạo A Bình Tân TPHCM` in three, each held by the next: written without a comma."""
        words = part.split()
        found = self._run(words) if len(words) <= MAX_RUN else None
        return found or [part]

    def _run(self, words: list[str]) -> list[str] | None:
        """The words as two or three units that hold one another, smallest or largest first."""
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
        """Whether a unit that one text may name holds one that the other may name."""
        around = {unit.id for unit, _ in self.read(outer).hits}
        return bool(around) and any(
            not around.isdisjoint(self.gazetteer.holders(unit)) for unit, _ in self.read(inner).hits
        )

    def read(self, text: str) -> Part:
        """What `text` may name as a whole; where that is nothing, without slips of the keyboard."""
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
        """What `text` names as written, or with a number in words: `Quận ba`, not Quản Bạ."""
        spend(1)
        plain = self._read_written(text)
        spoken = _spoken(text)
        hits = self._read_written(spoken).hits if spoken else ()
        if not hits or any(fit.accents for _, fit in plain.hits):
            return plain
        if has_diacritics(text) or not plain.hits:
            return Part(text, hits)
        # Without accents it may be either, and only what holds it can tell.
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
            for unit, kind in self._meant(reading):
                best.setdefault(unit.id, (unit, Fit(kind, 0)))
        return Part(text, tuple(best.values()))

    def _read_former(self, text: str, name: str) -> Part:
        """`Phường Ngọc Hà cũ` is the one of an earlier map, where there was one."""
        hits = self._read_written(name).hits
        return Part(text, tuple(hit for hit in hits if hit[0].ended is not None) or hits)

    def _meant(self, reading: NamedPart) -> Iterator[tuple[Unit, int]]:
        """Units that no list has under this name, each with its `Fit.kind`."""
        if reading.kinds in ((), ("tinh",)):
            yield from ((unit, 0) for unit in heirs_of(self.gazetteer, reading.key, "province"))
        if reading.kinds in ((), ("huyen",), ("quan",)):
            yield from ((unit, 0) for unit in heirs_of(self.gazetteer, reading.key, "district"))
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
    """The levels of which a unit may be that is written so."""
    if not reading.kinds:
        return frozenset(LEVELS)
    return frozenset(level for kind in reading.kinds for level in KIND_LEVELS[kind])


def _are_initials(name: str) -> bool:
    """In capitals, or where nobody can say them: `hạ long qn`, but no `la` for Long An."""
    unsayable = _INITIALS.fullmatch(name.upper()) and not is_syllable(fold(name))
    return bool(unsayable or _INITIALS.fullmatch(name))


def _spoken(text: str) -> str | None:
    """`Quận ba` as `Quận 3`, `phuong muoi mot` as `phường 11`, `Q. I` as `quận 1`; None where no
    number is in words or Roman.
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
    """`Fit.kind` of a unit by this name, where a part is read so."""
    if not reading.kinds:
        return 0
    kinds = {hit.kind} if hit.kind else {version.kind for version in hit.unit.versions}
    return -1 if kinds.isdisjoint(reading.kinds) else 1
