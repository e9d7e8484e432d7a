"""Tables with some cells in Unicode and some in a legacy font encoding.

A list merged from several, or filled in later, may have unmarked cells in TCVN3 or VNI. `NguyÔn` is
a word in TCVN3 only, and `Nguyễn` has a letter that no font has: the encoding of such cells is
certain. `Phó` may be itself or `Phú`. That is decided once for its column, by all its cells, or for
the file if none of them is certain; by the row only if the column is mixed. Text that can only be
Unicode is never changed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from geo.legacy_fonts import CONVERTERS, Font, is_written, words_in_doubt

_BEYOND_FONTS: Final = re.compile("[^\u0000-\u00ff]")
"""Letters that no font has: đ, ư and those with two diacritics."""
_ENOUGH: Final = 0.7
"""Share of a cell's words that must be Vietnamese in a font."""
_FAR_MORE: Final = 4
"""A column is in a font if more than this many times as many cells are in it as are not."""
_CACHED_WORDS: Final = 1 << 16
_BROKEN: Final = re.compile(r"[^\W\d_][¡¢£¤¥¦§¨©¬®¶¸¹×÷]|[¡¢£¤¥¦§¨©¬®¶¸¹×÷][^\W\d_]")
"""A letter beside a sign that no word has in Unicode."""
_ESCAPED: Final = re.compile(
    r"\ufffd|&(?:[A-Za-z]{2,8}|#\d{2,6});|(?:%[0-9A-Fa-f]{2}){2}|\\u[0-9A-Fa-f]{4}"
)
"""A lost letter, or one escaped for HTML, URLs or programs."""


class CellsInFonts:
    """The encodings of the cells of one column that were counted so far."""

    def __init__(self, cells: Iterable[str] = ()) -> None:
        self._cells: Counter[Font | None] = Counter()
        self._open = 0
        """Number of ambiguous cells."""
        for cell in cells:
            self.count(cell)

    def count(self, cell: str) -> None:
        """Count the encoding of a cell; ASCII cells are ignored."""
        if cell.isascii():
            return
        fonts, unicode = _evidence(cell)
        if unicode and not fonts:
            self._cells[None] += 1
        elif not unicode and (font := _likeliest(fonts)):
            self._cells[font] += 1
        else:
            self._open += 1

    def font(self, others: Iterable["CellsInFonts"] = ()) -> Font | None:
        """Return the font of its ambiguous cells; None for Unicode, or if it is unknown.

        If few cells are certain, or they disagree, the `others` with any font decide: a column that
        was filled in later is in Unicode throughout.
        """
        if self._cells.total() > self._open:
            in_font, unicode = _likeliest_of(self._cells), self._cells[None]
            if in_font is None or self._cells[in_font] > _FAR_MORE * unicode:
                return in_font
            if unicode > _FAR_MORE * self._cells[in_font]:
                return None
        together = sum((o._cells for o in others if _likeliest_of(o._cells)), Counter())
        in_font = _likeliest_of(together)
        return in_font if together[in_font] > _FAR_MORE * together[None] else None


def _likeliest_of(cells: Counter[Font | None]) -> Font | None:
    return _likeliest(Counter({font: count for font, count in cells.items() if font}))


def has_legacy_font(text: str) -> bool:
    """Whether any word of the text is Vietnamese in a legacy font only.

    >>> has_legacy_font("NguyÔn Tr·i"), has_legacy_font("Nguyễn Trãi, 12½"), has_legacy_font("Phó")
    (True, False, False)
    """
    # Words repeat and are cached; the text is split further only if one of them matches.
    return any(_is_of_font(word) for word in set(text.split()) if not word.isascii())


def to_unicode(cells: Sequence[str], columns: Sequence[Font | None]) -> list[str]:
    """Return the cells of a row in Unicode; `columns` are the fonts of their columns.

    >>> to_unicode(["NguyÔn Tr·i", "Phó", "12½"], [None, None, None])
    ['Nguyễn Trãi', 'Phú', '12½']
    >>> to_unicode(["Nguyễn Trãi", "Phó", "12½"], [None, None, None])
    ['Nguyễn Trãi', 'Phó', '12½']
    >>> to_unicode(["Nguyễn Trãi", "Phó", "Bu«n Jó"], ["tcvn3", "tcvn3", "tcvn3"])
    ['Nguyễn Trãi', 'Phú', 'Buôn Jú']
    """
    evidence = [_evidence(cell) for cell in cells]
    in_fonts: Counter[Font] = Counter()
    for fonts, unicode in evidence:
        if not unicode:
            in_fonts.update(fonts)
    of_row = _likeliest(in_fonts)
    unmixed = None if any(unicode for _, unicode in evidence) else of_row
    read = []
    for cell, (fonts, unicode), of_column in zip_longest(cells, evidence, columns[: len(cells)]):
        font = _likeliest(fonts, of_column, of_row) if fonts else of_column or unmixed
        if unicode or font is None or cell.isascii():
            read.append(cell)
        else:
            read.append(_read(cell, font, of_column=font == of_column))
    return read


def is_garbled(text: str) -> bool:
    r"""Whether the text has a word that is valid in no encoding, or in another one than the rest.

    >>> is_garbled("Đường NguyÔn H÷u NghÜa"), is_garbled("Sunrise café"), is_garbled("12½ Lê Lai")
    (True, False, False)
    >>> [is_garbled(text) for text in ("Nguy\ufffdn", "L&aacute;ng", "L%C3%A1ng", r"L\u00e1ng")]
    [True, True, True, True]
    >>> is_garbled("R&D"), is_garbled("50%"), is_garbled("A/B & C;")
    (False, False, False)
    """
    if _ESCAPED.search(text):
        return True
    return not text.isascii() and (has_legacy_font(text) or _BROKEN.search(text) is not None)


def _likeliest(fonts: Counter[Font], *others: Font | None) -> Font | None:
    """Return the font with the highest count; in a tie, the first of `others` among them."""
    most = max(fonts.values(), default=0)
    found = [font for font, count in fonts.items() if count == most]
    if len(found) == 1:
        return found[0]
    return next((font for font in others if font in found), None)


def _read(cell: str, font: Font, *, of_column: bool) -> str:
    """Convert the cell from the font if its words are Vietnamese then; in a column of that font, if
    no more of them are without conversion: `Bu«n Jó` has a name of another language.
    """
    words = words_in_doubt([cell])
    known = sum(font in _fonts_of(word) for word in words)
    least = sum(map(is_written, words)) if of_column else _ENOUGH * len(words)
    return CONVERTERS[font](cell) if words and known >= least else cell


def _evidence(cell: str) -> tuple[Counter[Font], bool]:
    """Count the words that are Vietnamese in a font only; and whether any can only be Unicode."""
    fonts: Counter[Font] = Counter()
    if cell.isascii():
        return fonts, False
    for word in words_in_doubt([cell]):
        if _is_of_font(word):
            fonts.update(_fonts_of(word))
    return fonts, any(_is_of_unicode(word) for word in cell.split() if not word.isascii())


@lru_cache(_CACHED_WORDS)
def _fonts_of(word: str) -> tuple[Font, ...]:
    """Return the fonts in which a word is Vietnamese."""
    if _BEYOND_FONTS.search(word):
        return ()
    read = {font: convert(word) for font, convert in CONVERTERS.items()}
    return tuple(font for font, text in read.items() if is_written(text) or _is_initials(text))


def _is_initials(word: str) -> bool:
    """Whether the word is an abbreviation for a road or an office: `ĐT`, `QĐ`."""
    return len(word) < 4 and word.isupper() and "Đ" in word and word.replace("Đ", "D").isascii()


@lru_cache(_CACHED_WORDS)
def _is_of_font(written: str) -> bool:
    return any(_fonts_of(word) and not is_written(word) for word in words_in_doubt([written]))


@lru_cache(_CACHED_WORDS)
def _is_of_unicode(written: str) -> bool:
    letters = "".join(filter(str.isalpha, written))
    return _BEYOND_FONTS.search(letters) is not None or any(
        is_written(word) and not _fonts_of(word) for word in words_in_doubt([written])
    )
