"""Names of administrative units: their kinds, and the parts of an address that contain them.

Text only: `registry.units.gazetteer` resolves a name to a unit.
"""

import re
from functools import lru_cache
from typing import Final

from geo import lexicon
from geo.text import accent_key, fold
from geo.values import value
from geo.words import POSTCODE

KIND_NAMES: Final = {
    "tinh": "Tỉnh",
    "thanh_pho": "Thành phố",
    "quan": "Quận",
    "huyen": "Huyện",
    "thi_xa": "Thị xã",
    "xa": "Xã",
    "phuong": "Phường",
    "thi_tran": "Thị trấn",
    "dac_khu": "Đặc khu",
}
"""Kind → the word before the name, as official lists write it."""

KIND_NAMES_EN: Final = {
    "tinh": "Province",
    "thanh_pho": "City",
    "quan": "District",
    "huyen": "District",
    "thi_xa": "Town",
    "xa": "Commune",
    "phuong": "Ward",
    "thi_tran": "Township",
    "dac_khu": "Special Zone",
}

LEVELS: Final = ("province", "district", "commune")
"""Levels of units, the largest first; there are no districts since July 2025."""
KIND_LEVELS: Final = {
    "tinh": ("province",),
    "thanh_pho": ("province", "district"),
    "quan": ("district",),
    "huyen": ("district",),
    "thi_xa": ("district",),
    "xa": ("commune",),
    "phuong": ("commune",),
    "thi_tran": ("commune",),
    "dac_khu": ("commune",),
}
"""Kind → the levels at which units of that kind exist."""

_CODES: Final = {name.lower(): code for code, name in KIND_NAMES.items()}


def _kinds_by_writing(*places: str) -> dict[str, tuple[str, ...]]:
    """Map the words for units at these places to the kinds that they may mean, the likeliest
    first."""
    found: dict[str, list[str]] = {}
    for word in lexicon.words():
        if word.role == "admin" and word.place in places:
            found.setdefault(word.writing, []).append(_CODES[word.kind])
    order = list(KIND_NAMES).index
    return {writing: tuple(sorted(codes, key=order)) for writing, codes in found.items()}


_BEHIND: Final = _kinds_by_writing("behind", "both")
"""English words, after a name; word-by-word translations put them before it as well."""
# Longer prefixes first.
_PREFIX_WORDS: Final = sorted(
    (
        (tuple((accent_key(word), fold(word)) for word in writing.split()), kinds)
        for writing, kinds in _kinds_by_writing("", "both").items()
    ),
    key=lambda entry: -len(entry[0]),
)
_PREFIXES_BY_WORD: Final = {
    first: [entry for entry in _PREFIX_WORDS if first in entry[0][0]]
    for words, _ in _PREFIX_WORDS
    for first in words[0]
}
# A single letter starts too many words to cut a text there; English words also follow a name.
_CUTTING: Final = tuple(
    words
    for words, _ in _PREFIX_WORDS
    if len(words[0][1]) > 1 and " ".join(word for _, word in words) not in _BEHIND
)
_CUTTING_WORDS: Final = frozenset(form for kind in _CUTTING for form in kind[0])
"""The first words of all of them, with and without accents."""
_SUFFIXED: Final = re.compile(rf"(.*\w)\W+({'|'.join(_BEHIND)})\W*", re.IGNORECASE | re.DOTALL)
# `P1`, `Q.10`, `Phường 07`, `Ward 1`; southern documents write `F` for `ph`.
_NUMBERED: Final = re.compile(r"\W*([^\W\d_]+)\W*0*(\d{1,2})\W*")
_NUMBERED_KINDS: Final = {
    write(word.writing): _CODES[word.kind]
    for word in lexicon.words()
    if word.role == "admin" and word.kind in ("phường", "quận")
    for write in (accent_key, fold)
}
# The postcode is often written after the province: `Hà Nội10000`, `Đắk Lắk 63000`.
_POSTCODE_AT_END: Final = re.compile(
    r"(?<![\d/.-])(\d{5})(?:\W+(?:vi[eệ]t ?nam|vn))?\W*$", re.IGNORECASE
)
_POSTCODE: Final = re.compile(rf"(?:(?<=\w)\W+|(?<=[^\W\d_])){POSTCODE}\W*$")
# A dash right before a kind separates as a comma does: `Nguyễn Trãi-P.7-Q.5`; `B-P.502` is a flat.
_SEPARATORS: Final = re.compile(
    r"[,;\n\r|]+|[-–](?:(?<=\w[-–])(?=(?:[PFXQH]\.\s?(?:[^\W\d_]{2}|\d{1,2}\b)|TP\.?\s?[^\W\d_]{2}"
    r"|(?:Phường|Xã|Quận|Huyện|Tỉnh|Thành phố|Thị xã|Thị trấn)\s))"
    # `Hai Bà Trưng-KP2-P2`, `Tháng 08 -P3`: a quarter or a ward by its number.
    r"|(?:(?<=(?:[^\W\d_]{2}|\w\s)[-–])|(?<=KP\d[-–]))(?=(?:[PFQ]|KP)\d{1,2}\b(?![/.]\w)))"
    # `451_ TT Lạc Tánh_Tánh Linh`
    r"|_(?:(?=\s)|(?<=[^\W\d_]{2}_)(?=[^\W\d_]{2}))"
)
_DASHES: Final = re.compile(r"\s+[-–—]+\s+")
_LONGEST_NAME: Final = 60
_WRITTEN: Final = re.compile(r"[^\s.]+")


@value(frozen=True, slots=True)
class NamedPart:
    """One reading of a part of an address as the name of a unit."""

    name: str
    """The name as written, without its kind."""
    key: str
    """`name_key` of the name."""
    kinds: tuple[str, ...]
    """The kinds that the words before or after it allow; empty if no kind was written."""


def full_name(kind: str, name: str) -> str:
    """Return the official wording of a unit.

    >>> full_name("phuong", "Ba Đình"), full_name("quan", "1")
    ('Phường Ba Đình', 'Quận 1')
    """
    return f"{KIND_NAMES[kind]} {name}"


def full_name_en(kind: str, name_en: str) -> str:
    """Return the English wording of a unit: `Ba Dinh Ward`, or `Ward 1` for a numbered one."""
    word = KIND_NAMES_EN[kind]
    return f"{word} {name_en}" if name_en.isdigit() else f"{name_en} {word}"


def split_parts(text: str) -> list[str]:
    """Split an address at commas, semicolons, line ends and bars.

    >>> split_parts("12 Quán Thánh, P. Trúc Bạch; Bà Rịa - Vũng Tàu,")
    ['12 Quán Thánh', 'P. Trúc Bạch', 'Bà Rịa - Vũng Tàu']
    """
    return _pieces(_SEPARATORS.split(text))


def split_dashes(part: str) -> list[str]:
    """Split `part` at spaced dashes, which are written between units, and also inside names.

    >>> split_dashes("Trúc Bạch - Ba Đình - Hà Nội")
    ['Trúc Bạch', 'Ba Đình', 'Hà Nội']
    """
    return _pieces(_DASHES.split(part))


def _pieces(cut: list[str]) -> list[str]:
    return [piece.strip() for piece in cut if piece.strip()]


def split_before_kinds(part: str) -> list[str]:
    """Split `part` before every word, or pair of words, that is the kind of a unit.

    >>> split_before_kinds("12 Quán Thánh phường Trúc Bạch quận Ba Đình tp.Hà Nội")
    ['12 Quán Thánh', 'phường Trúc Bạch', 'quận Ba Đình', 'tp.Hà Nội']
    """
    words = part.split()
    # `tp.Hà` is a kind and a name in one word: its first piece decides.
    keys = [_keys(word.split(".")[0]) for word in words]
    cuts, index = [0], 0
    while index < len(words):
        kinds = _CUTTING if keys[index][0] in _CUTTING_WORDS else ()
        kind = next((k for k in kinds if _begins_with(keys[index : index + len(k)], k)), ())
        last = index + len(kind) == len(words)
        if kind and (not last or "." in words[-1].rstrip(".")):  # a kind is followed by a name
            cuts.append(index)
        index += len(kind) or 1
    ends = [*cuts[1:], len(words)]
    return [" ".join(words[a:b]) for a, b in zip(cuts, ends, strict=True) if a < b]


def _keys(word: str) -> tuple[str, str]:
    return accent_key(word), fold(word)


def _begins_with(written: list[tuple[str, str]], kind: tuple[tuple[str, str], ...]) -> bool:
    """Whether the kind comes first, with its accents or without any: `Quán` is not `quận`."""
    return len(written) >= len(kind) and all(
        accents in word for (accents, _), word in zip(written, kind, strict=False)
    )


def postcode_in(text: str) -> str | None:
    """Return the five-digit postcode at the end of an address, or None.

    >>> postcode_in("27 Láng, Hà Nội 11528, Việt Nam"), postcode_in("27 Láng, Hà Nội12012")
    ('11528', '12012')
    >>> postcode_in("27 Láng, Hà Nội 100000"), postcode_in("12/10528")
    (None, None)
    """
    found = _POSTCODE_AT_END.search(text)
    return found[1] if found else None


def parse_name(part: str) -> list[NamedPart]:
    """Return the readings of one part as a unit's name, the one with a kind first; never empty.

    The unchanged part is always one of the readings: `Thị xã` may belong to the name.

    >>> [(r.name, r.kinds) for r in parse_name("P. Trúc Bạch")]
    [('Trúc Bạch', ('phuong',)), ('P. Trúc Bạch', ())]
    >>> [(r.key, r.kinds) for r in parse_name("Q10")][0]
    ('10', ('quan',))
    >>> [r.kinds for r in parse_name("Quán Thánh")]
    [()]
    """
    # All addresses share a few thousand names, none of them long.
    return list(_read_name_cached(part) if len(part) <= _LONGEST_NAME else _read_name(part))


def _read_name(part: str) -> tuple[NamedPart, ...]:
    part = _POSTCODE.sub("", part)
    numbered = _numbered(part)
    prefixed = _prefixed(part)
    if prefixed and (again := _prefixed(prefixed.name)) and again.kinds == prefixed.kinds:
        # `Phường Phường 2`, from forms that print the word before the field; `Phường Đúc` is a
        # name.
        return (again, prefixed, NamedPart(prefixed.name, prefixed.key, ()))
    # `Q9` is found as `Quận 9` where that is the former name of another unit.
    whole = full_name(numbered.kinds[0], numbered.name) if numbered else part
    readings = (numbered, prefixed, _suffixed(part))
    return (*(reading for reading in readings if reading), NamedPart(whole, name_key(whole), ()))


_read_name_cached = lru_cache(maxsize=8_192)(_read_name)


def name_key(name: str) -> str:
    """Return the key of a unit's name: folded, numbers without leading zeros.

    >>> name_key("07"), name_key("Đa Kao"), name_key("A Lưới 5")
    ('7', 'da kao', 'a luoi 5')
    """
    key = fold(name)
    return key.lstrip("0") or key if key.isdigit() else key


def _numbered(part: str) -> NamedPart | None:
    match = _NUMBERED.fullmatch(part)
    kind = _NUMBERED_KINDS.get(accent_key(match[1])) if match else None
    if match is None or kind is None:
        return None
    return NamedPart(match[2], match[2], (kind,))


def _prefixed(part: str) -> NamedPart | None:
    written = _WRITTEN.findall(part)
    if not written:
        return None
    known = _PREFIXES_BY_WORD.get(accent_key(written[0]))
    if known is None:
        return None
    keys = [_keys(word) for word in written[:5]]
    for words, kinds in known:
        if len(written) > len(words) and _begins_with(keys, words):
            name = " ".join(written[len(words) :])
            return NamedPart(name, name_key(name), kinds)
    return None


def _suffixed(part: str) -> NamedPart | None:
    match = _SUFFIXED.fullmatch(part)
    if match is None:
        return None
    return NamedPart(match[1], name_key(match[1]), _BEHIND[match[2].casefold()])
