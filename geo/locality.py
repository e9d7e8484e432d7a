"""Localities: named places below the commune other than streets.

>>> parse_locality("KP4").key, parse_locality("K.phố 04").key, parse_locality("Khu phố IV").key
('khu pho 4', 'khu pho 4', 'khu pho 4')
>>> parse_locality("Ấp Mỹ Hòa 3"), parse_locality("Phường 3")
(Locality(kind='ấp', name='Mỹ Hòa 3', key='ap mi hoa 3'), None)
"""

from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.text import fold
from geo.values import value
from geo.words import ROMAN, PhraseBook, Word, keys_of, phrases, text_of, without_tail, words_of

LOCALITIES: Final = phrases("locality")
_BOOK: Final = PhraseBook(LOCALITIES)
_KIND_KEYS: Final = {phrase.kind: fold(phrase.kind) for phrase in LOCALITIES}


def _kinds(*traits: str) -> frozenset[str]:
    return frozenset(lexicon.kinds("locality", *traits))


ESTATES: Final = _kinds("estate")
"""Kinds of places built as one development, often in two communes."""
BLOCK_OF_FLATS: Final = "chung cư"
DWELLING_ESTATES: Final = lexicon.kinds("locality", "dwelling")
"""Kinds that may be a single building with flats."""
BLOCK_KINDS: Final = _kinds("block")
"""Kinds of places that with a mark are blocks of flats, if a flat is queried."""
MAY_HOLD_BLOCKS: Final = _kinds("estate", "block", "holds_blocks")
"""Kinds that may be, or contain, another block of flats at the same house number."""
NAMELESS: Final = _kinds("nameless")
"""Kinds that a commune has one of, so they are written without a name."""
SETTLEMENTS: Final = _kinds("hamlet", "settlement")
"""Kinds that a comma may separate from their name: `Thôn, Phúc Đa`."""
DIVIDING: Final = _kinds("divides")
"""Kinds that divide a hamlet or a quarter, numbered from 1 in each."""
EXCLUSIVE_KINDS: Final = _kinds("hamlet", "quarter") - DIVIDING
"""Mutually exclusive kinds: a place in Ấp 4 is not in Khu phố 1. Other kinds divide them."""
OPTIONAL_KINDS: Final = tuple(
    sorted(EXCLUSIVE_KINDS | {"xóm", "khu đô thị", "khu dân cư", "khu nhà ở", "khu biệt thự"})
)
"""Kinds that are often omitted before a name."""
GROUPS: Final = _kinds("group")
"""Kinds of groups of neighbours, used interchangeably: `Tổ 1` for Tổ dân phố 1."""
_UNITS: Final = frozenset(lexicon.names("in_names", "unit"))
"""Present and former units that would be read as localities. Hamlets of the same names exist."""


@value(frozen=True, slots=True)
class Locality:
    """A hamlet, quarter, housing estate or market as an address names it."""

    kind: str
    """In full: `thôn`, `khu phố`; empty if a file's column does not give it."""
    name: str
    """As written, without the kind; numbers without leading zeros."""
    key: str
    """Kind and name, folded: `khu pho 4`."""

    @property
    def is_numbered(self) -> bool:
        """Whether its name is a number, which is not unique across communes: `Khu 5`."""
        return self.name.replace(" ", "").isdigit()

    @property
    def may_be_unit(self) -> bool:
        """Whether a commune, district or province also has this name: `Chợ Mới`."""
        return self.key in _UNITS


def innermost_first(places: Sequence[Locality]) -> tuple[Locality, ...]:
    """Return the localities of one address innermost first, if a hamlet was written before its
    parts.

    >>> hamlet, group = Locality("thôn", "Bắc", "thon bac"), Locality("tổ", "3", "to 3")
    >>> [place.name for place in innermost_first([hamlet, group])]
    ['3', 'Bắc']
    """
    if len(places) < 2 or _size(places[0]) <= min(map(_size, places)):
        return tuple(places)
    return tuple(sorted(places, key=_size))


def _size(place: Locality) -> int:
    """Return 0 for a group of neighbours, 1 for other parts of a hamlet, 2 for what contains
    them."""
    return 0 if place.kind in GROUPS else 1 if place.kind in DIVIDING else 2


def as_other_groups(locality: Locality) -> tuple[Locality, ...]:
    """Return the same group under the other kinds of groups; empty if it is not a group.

    >>> [other.key for other in as_other_groups(Locality("tổ", "1", "to 1"))]
    ['to dan pho 1', 'to nhan dan 1']
    """
    if locality.kind not in GROUPS:
        return ()
    own = locality.key.removeprefix(_KIND_KEYS[locality.kind])
    others = sorted(GROUPS - {locality.kind})
    return tuple(Locality(kind, locality.name, _KIND_KEYS[kind] + own) for kind in others)


def parse_locality(text: str) -> Locality | None:
    """Parse a locality with its kind; None without a kind."""
    words = words_of(text)
    phrase = _BOOK.match(words, 0) if words else None
    return locality_of(phrase.kind, words[len(phrase.keys) :]) if phrase else None


def locality_of(kind: str, words: Sequence[Word]) -> Locality | None:
    """Return the locality of a kind that was already read and the words after it."""
    while words and (words[0].key == "so" and len(words) > 1 and words[1].numeric):
        words = words[1:]
    words = words[:1] if len(words) == 1 else without_tail(words)
    if not words:
        return Locality(kind, "", _KIND_KEYS[kind]) if kind in NAMELESS else None
    # A letter may be a name (`Khu X`, `Khu I`); after a name or alone it is a Roman number.
    last = ROMAN.get(words[-1].text)
    keys = keys_of(words[:-1]) + ([last] if last else keys_of(words[-1:]))
    name = [*(text_of([w]) for w in words[:-1]), last or _unpadded(words[-1].text)]
    # A column of localities may have a name without its kind.
    key = " ".join([_KIND_KEYS[kind], *keys] if kind else keys)
    return Locality(kind, " ".join(name), key)


def _unpadded(number: str) -> str:
    return number.lstrip("0") or number if number[0] == "0" else number
