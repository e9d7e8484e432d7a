"""House number paths of both traditions: `số 5A, ngách 34, ngõ 12` is `12/34/5A`.

The key is the path from the street to the door, as southern plates write it. It does not depend on
the order of a range (`67-63` = `63-67`: one building over several numbers), on leading zeros, or on
the words for alleys: `K478/H29/3` and `số 3 hẻm 29 kiệt 478` are one door.

>>> parse_house_number("Số 5A, ngách 34, ngõ 12").key
'12/34/5A'
>>> parse_house_number("K478/H29/3").key, parse_house_number("số 3 hẻm 29 kiệt 478").key
('478/29/3', '478/29/3')
>>> parse_house_number("ngõ 164").alley_only, parse_house_number("Quốc lộ 1A")
(True, None)
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from geo import lexicon
from geo.text import fold
from geo.values import value
from geo.words import PhraseBook, Word, phrases, read_all, text_of, words_of

# The rank orders alleys inside one another: ngõ > ngách > hẻm in the north, kiệt > hẻm in the
# middle, hẻm alone in the south.
ALLEY_RANK: Final = {
    kind: rank
    for rank, trait in enumerate(("outer", "middle", "inner"))
    for kind in lexicon.kinds("alley", trait)
}
ALLEYS: Final = phrases("alley")
# Plots are steps of a path as well, kept apart from numbers by a mark.
PLOT_MARKS: Final = lexicon.marks("plot")
_INNER_PLOTS: Final = tuple(PLOT_MARKS[kind] for kind in lexicon.kinds("plot", "inner"))
BLOCKS: Final = {kind: PLOT_MARKS[kind] for kind in lexicon.kinds("plot", "row")}
"""Kinds of rows of houses: a number after theirs is a house in the row, not a range."""
PLOTS: Final = phrases("plot")
NUMBER_WORDS: Final = phrases("number")
SPOKEN_SLASHES: Final = frozenset(map(fold, lexicon.readings("slash")))
SUFFIXES: Final = frozenset({"bis", "ter"})
_BOOK: Final = PhraseBook(ALLEYS, PLOTS, NUMBER_WORDS)

_ROW: Final = re.compile(r"(?:LK|BT)\d+[A-Z]?")
"""A row of houses by its mark."""
ROW_BEHIND: Final = re.compile(r"(?:LK|BT|NV|TT)\d{1,2}[A-Z]?", re.IGNORECASE)
"""A row of houses by its mark, after a house number: `9 TT3B`."""
_INNER: Final = re.compile(r"O\d")
_ROAD_CODE: Final = re.compile(r"(QL|TL|DT|HL|DH|DX|KP|TDP|KV)\d[^/]*")
# Not after a point: `3.05` and `3.5` are doors of one floor.
_LEADING_ZEROS: Final = re.compile(r"(?<![\d.])0+(?=\d)")
_DIGITS: Final = "0123456789."
_BLOCK_POINT: Final = re.compile(r"(?<=^[A-Z])\.(?=\d)")
"""`Lô A.12` is plot A12; between digits a point is significant."""
_DASH: Final = re.compile("[-–—−]")
_WORD_BEHIND: Final = re.compile(r"\d\S*\s+(?!bis|ter)[^\W\d_]{2}", re.IGNORECASE)
"""`Số 3 ngõ 12` is a path in words, `12 Bis` a number."""
_ONE: Final = r"[1-9]\d{0,3}[a-z]?"
_SPACED_FIRST: Final = re.compile(rf"{_ONE}(?: {_ONE}){{1,3}}(?= [^\W\d_]{{2}})", re.I)
_MILESTONE: Final = re.compile(r"\b(km\s*\d{1,4})\s*\+\s*(\d{1,3})\b", re.I)
_NATURAL: Final = re.compile(r"(\d+)|(\D+)")
_DATES: Final = frozenset(lexicon.names("names", "day"))


@value(frozen=True, slots=True)
class HouseNumber:
    """A path from the street to the door."""

    written: str
    """As written."""
    parts: tuple[str, ...]
    """Canonical steps, outermost first."""
    alley_only: bool = False
    """Whether it names an alley without a house."""

    @property
    def key(self) -> str:
        """Canonical path: `12/34/5A`; `12/` for alley 12 itself, distinct from house 12."""
        return "/".join(self.parts) + "/" * self.alley_only

    @property
    def reversed_key(self) -> str | None:
        """The path read from the door to the street; None for one step."""
        return "/".join(self.parts[::-1]) if len(self.parts) > 1 else None


def natural_order(key: str) -> tuple[tuple[int, str], ...]:
    """Split `key` into numbers and other characters, as a sort key for the order along a street.

    >>> sorted(["12/3", "12A", "12", "2"], key=natural_order)
    ['2', '12', '12A', '12/3']
    """
    return tuple(
        (int(digits), "") if digits else (-1, signs.replace("/", "~"))
        for digits, signs in _NATURAL.findall(key)
    )


def parse_house_number(text: str) -> HouseNumber | None:
    """Parse a text that is only a house number path, or return None."""
    words = words_of(text.replace(",", " "))
    steps = NumberSteps()
    if not read_all(steps.read, words):
        return None
    number = steps.number(text_of(words))
    if number and _ROAD_CODE.fullmatch(number.key):
        return None
    if number and text.rstrip().endswith("/"):
        # The key of an alley, or `100/` with the house left out.
        return replace(number, alley_only=True)
    return number


def in_one_word(written: str, key: str) -> str | None:
    """Return the number as written, without spaces and a leading word for a number, if that parses
    to the same `key`. None if words describe the path.

    >>> in_one_word("BT5 - 12", "BT5/12"), in_one_word("Số nhà 12 Bis", "12BIS")
    ('BT5-12', '12Bis')
    >>> in_one_word("Số 5A, ngách 34", "34/5A"), in_one_word("ngõ 12", "12/")
    (None, None)
    """
    if _WORD_BEHIND.search(written):
        return None
    words = words_of(written)
    opening = _BOOK.match(words, 0)
    if opening is not None and opening.role == "number":
        words = words[len(opening.keys) :]
    one = "".join(word.text for word in words)
    number = parse_house_number(one)
    return one if number and number.key == key and not number.alley_only else None


def is_date(path: str) -> bool:
    """Whether `path` is a date that many streets are named after: `3/2`, `30-4`.

    >>> is_date("3/2"), is_date("30-04"), is_date("3/7")
    (True, True, False)
    """
    if len(path) > 5 or path.isalnum():
        return False
    return _LEADING_ZEROS.sub("", _DASH.sub("/", path)) in _DATES


def with_signs(text: str) -> Iterator[str]:
    """Yield the address with the signs that may be missing between its leading numbers.

    >>> list(with_signs("38 2a duong Lang")), list(with_signs("120 122 Lê Lợi, Q. 1"))
    (['38/2a duong Lang', '38-2a duong Lang'], ['120/122 Lê Lợi, Q. 1', '120-122 Lê Lợi, Q. 1'])
    >>> list(with_signs("12 Lê Lợi")), list(with_signs("12, 60 Lê Lợi"))
    ([], [])
    """
    if spaced := _SPACED_FIRST.match(text):
        for sign in "/-":
            yield f"{spaced[0].replace(' ', sign)}{text[spaced.end() :]}"


def with_milestone(text: str) -> str:
    """Return the text with a road's kilometre joined into one word.

    >>> with_milestone("Km 8 + 500 Quốc lộ 1A"), with_milestone("45 + 47 Lê Lợi")
    ('Km 8+500 Quốc lộ 1A', '45 + 47 Lê Lợi')
    """
    return _MILESTONE.sub(r"\1+\2", text) if "+" in text else text


@lru_cache(maxsize=16_384)
def path_steps(path: str) -> tuple[str, ...]:
    """Return the canonical steps of one written path.

    >>> path_steps("12/34/05a"), path_steps("67-63"), path_steps("LK5-12"), path_steps("12A-12")
    (('12', '34', '5A'), ('63-67',), ('LK5', '12'), ('12-12A',))
    """
    upper = _LEADING_ZEROS.sub("", path.upper().replace("Đ", "D"))
    return tuple(step for part in upper.split("/") for step in _plain_or_range(part) if step)


def _plain_or_range(part: str) -> tuple[str, ...]:
    ends = [end for end in _DASH.split(part) if end]
    if len(ends) < 2:
        return tuple(ends)
    if len(ends) == 2 and ends[0].isdecimal() and len(ends[1]) == 1 and ends[1].isalpha():
        return ("".join(ends),)  # `30-A`
    if len({end.rstrip(_DIGITS) if end[0] > "9" else "" for end in ends}) > 1:
        # A block and a plot in it: `LK5-12`, `DG10-10`, `311-H1`.
        return tuple(ends)
    return ("-".join(sorted(set(ends), key=natural_order)),)


class NumberSteps:
    """Collects the words of a house number, in any order."""

    def __init__(self) -> None:
        self.house: tuple[str, ...] = ()
        self.alleys: list[tuple[str, tuple[str, ...]]] = []
        self.plots: list[tuple[str, ...]] = []
        self._alleys_after_house = 0

    def read(self, words: Sequence[Word], at: int) -> int:
        """Take the step at `at`; return the index after it, or `at` if no step starts there."""
        phrase = _BOOK.match(words, at)
        if phrase is None:
            return self._read_house(words, at)
        behind = at + len(phrase.keys)
        if behind < len(words) and words[behind].key == "so":
            behind += 1
        if phrase.role == "number":
            return self._read_house(words, behind)
        block = BLOCKS.get(phrase.kind, "")
        path, end = read_path(words, behind, letters=phrase.role == "plot", block=block)
        if not path:
            return at
        if phrase.role == "alley":
            self.add_alley(phrase.kind, path)
        else:
            self.add_plot(phrase.kind, path)
        return end

    def _read_house(self, words: Sequence[Word], at: int) -> int:
        path, end = read_path(words, at)
        if path:
            self.add_house(path)
        return end

    def add_house(self, path: tuple[str, ...]) -> None:
        """Add a number without a word for its kind."""
        self.house += path
        self._alleys_after_house = 0

    def add_alley(self, kind: str, path: tuple[str, ...]) -> None:
        """Add an alley by its number."""
        if (kind, path) not in self.alleys:
            self.alleys.append((kind, path))
            self._alleys_after_house += bool(self.house)

    def add_plot(self, kind: str, path: tuple[str, ...]) -> None:
        """Add a plot, block of plots, parcel or milestone by its number."""
        steps, before = _marked(PLOT_MARKS[kind], path), (self.plots or [()])[-1]
        if _ROW.fullmatch(path[0]) and len(before) == 1 and before[0][:2] == path[0][:2]:
            # `Biệt thự số 12 lô BT5`
            self.plots.pop()
            steps = (path[0], before[0][2:])
        self.plots.append(steps)

    def number(self, written: str) -> HouseNumber | None:
        """Return the whole path; None if nothing was read."""
        if self.house and not self.alleys and not self.plots:
            parts, ends_in_alley = _without_kiet(self.house)
            return HouseNumber(written, parts, ends_in_alley)
        alleys = self._alley_path()
        house = self.house
        if alleys and house[: len(alleys)] == alleys and len(house) > len(alleys):
            # `50/83 hẻm 50` names the alley twice.
            alleys = ()
        # A parcel comes after its sheet, a plot after its block, in whatever order they are
        # written.
        inner_last = sorted(self.plots, key=lambda steps: steps[0].startswith(_INNER_PLOTS))
        plots = tuple(step for steps in inner_last for step in steps)
        if row := _in_row(house, plots):
            plots, house = (), row
        elif len(plots) == 1 and house and "." in plots[0]:
            mark, _, letters = plots[0].partition(".")
            plots, house = _marked(mark, (letters, *house)), ()
        parts = alleys + plots + house
        if not parts:
            return None
        parts, ends_in_alley = _without_kiet(parts)
        alley_only = ends_in_alley or not (house or plots)
        return HouseNumber(written, parts, alley_only)

    def _alley_path(self) -> tuple[str, ...]:
        """Return the alleys as one path, outermost first."""
        alleys = self.alleys
        if self._alleys_after_house or not self.house:
            # `ngách 34 ngõ 12` from the door to the street.
            alleys = alleys[::-1]
        ranked = sorted(alleys, key=lambda alley: ALLEY_RANK[alley[0]])
        path: tuple[str, ...] = ()
        for _, steps in ranked:
            if path and len(steps) > 1 and path[-1] in (steps[0], steps[-1]):
                # `ngách 61/67 ngõ 67`: the ngõ is named twice, before or behind.
                steps = steps[1:] if steps[0] == path[-1] else steps[-2::-1]
            path += steps
        return path


def _marked(mark: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path of a plot with its mark; a block's letters and the number in it are one step:
    `Lô A 12`, `Lô A-12` and `Lô A12` are one plot.

    >>> _marked("LO", ("12",)), _marked("LO", ("A", "12", "3")), _marked("LO", ("E",))
    (('LO12',), ('LOA12', '3'), ('LO.E',))
    """
    first, *inner = path
    if _ROW.fullmatch(first):
        return path  # `Lô LK5-12` is LK5-12
    if not first.isalpha():
        return (mark + _BLOCK_POINT.sub("", first), *inner)
    if inner and inner[0][0].isdigit():
        return (mark + first + inner[0], *inner[1:])
    # A point keeps the mark and letters from reading as a word.
    return (f"{mark}.{first}", *inner)


def _in_row(house: tuple[str, ...], plots: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return `LK5 ô 12` as house 12 of the row, as `LK5-12`; None if it is not a plot in a row."""
    both = (*house, *plots)
    if len(house) != 1 or len(plots) != 1 or not _ROW.fullmatch(both[0]):
        return None
    return (both[0], both[1].removeprefix("O")) if _INNER.match(both[1]) else None


def _without_kiet(parts: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Remove the letters for kiệt and hẻm from `K478/H29/3`; `K233` alone is an alley."""
    first = parts[0]
    if first[0] != "K" or not first[1:].isdigit():
        return parts, False
    rest = tuple(p[1:] if p[0] == "H" and p[1:].isdigit() else p for p in parts[1:])
    return (first[1:], *rest), not rest or parts[-1][0] == "H"


def read_path(
    words: Sequence[Word], at: int, *, letters: bool = False, block: str = ""
) -> tuple[tuple[str, ...], int]:
    """Return the path written at `at`, over several words if slashes are spoken or spaced, and its
    end.

    With `letters`, capitals alone are a step as well: `Lô E`, `Lô III`. With the mark of a `block`,
    the number of a house follows the block's: `LK 12-05`.

    >>> read_path(words_of("12 xẹt 34 trên 5B"), 0), read_path(words_of("563B bis"), 0)
    ((('12', '34', '5B'), 5), (('563BBIS',), 2))
    """
    if at >= len(words) or not (words[at].path or (letters and _is_letter(words[at]))):
        return (), at
    written, end = words[at].text, at + 1
    while end < len(words):
        word = words[end]
        if word.key in SUFFIXES:
            written += word.key
        elif _joins(word) and end + 1 < len(words) and words[end + 1].path:
            written += ("-" if word.dash else "/") + words[end + 1].text
            end += 1
        else:
            break
        end += 1
    first, *inner = path_steps(block + written)
    return (first.removeprefix(block), *inner), end


def _is_letter(word: Word) -> bool:
    return len(word.text) < 4 and word.text.isalpha() and word.text.isupper()


def _joins(word: Word) -> bool:
    return word.dash or word.key in SPOKEN_SLASHES
