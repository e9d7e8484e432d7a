"""Administrative units in words: their kinds, and the parts of an address that name them.

Pure text: what a name refers to is the gazetteer's matter (`registry.gazetteer`).
"""

import re
from dataclasses import dataclass
from typing import Final

from geo.text import fold

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

# Folded words before a name → the kinds that they may mean. Longest first: `thanh pho` before `t`.
_PREFIXES: Final = (
    ("thanh pho truc thuoc trung uong", ("thanh_pho",)),
    ("thanh pho", ("thanh_pho",)),
    ("thi tran", ("thi_tran",)),
    ("dac khu", ("dac_khu",)),
    ("thi xa", ("thi_xa",)),
    ("phuong", ("phuong",)),
    ("huyen", ("huyen",)),
    ("quan", ("quan",)),
    ("tinh", ("tinh",)),
    ("xa", ("xa",)),
    ("tp", ("thanh_pho",)),
    ("tx", ("thi_xa",)),
    ("tt", ("thi_tran",)),
    ("p", ("phuong",)),
    ("q", ("quan",)),
    ("h", ("huyen",)),
    ("x", ("xa",)),
    ("t", ("tinh",)),
)
_GLUED_NUMBER = re.compile(r"^(p|q)\.?\s*0*(\d{1,2})$")
_SUFFIXES: Final = (
    ("special zone", ("dac_khu",)),
    ("township", ("thi_tran",)),
    ("province", ("tinh",)),
    ("commune", ("xa",)),
    ("district", ("quan", "huyen")),
    ("ward", ("phuong",)),
    ("city", ("thanh_pho",)),
    ("town", ("thi_xa", "thi_tran")),
)
_ENGLISH_NUMBERED = re.compile(r"^(ward|district)\s+0*(\d{1,2})$")
_SEPARATORS = re.compile(r"[,;\n\r|]+|\s+[-–—]\s+")


@dataclass(frozen=True, slots=True)
class NamedPart:
    """One reading of a part of an address as the name of a unit."""

    name: str
    """The name as written, without its kind."""
    key: str
    """`name_key` of the name."""
    kinds: tuple[str, ...]
    """The kinds that the words before or behind it allow; empty when none was written."""


def full_name(kind: str, name: str) -> str:
    """The official wording of a unit.

    >>> full_name("phuong", "Ba Đình"), full_name("quan", "1")
    ('Phường Ba Đình', 'Quận 1')
    """
    return f"{KIND_NAMES[kind]} {name}"


def full_name_en(kind: str, name_en: str) -> str:
    """The unit for readers of English: `Ba Dinh Ward`, and `Ward 1` for a numbered one."""
    word = KIND_NAMES_EN[kind]
    return f"{word} {name_en}" if name_en.isdigit() else f"{name_en} {word}"


def split_parts(text: str) -> list[str]:
    """The parts of an address between commas, semicolons, line ends and spaced dashes.

    >>> split_parts("12 Quán Thánh, P. Trúc Bạch - Ba Đình; Hà Nội,")
    ['12 Quán Thánh', 'P. Trúc Bạch', 'Ba Đình', 'Hà Nội']
    """
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def parse_name(part: str) -> list[NamedPart]:
    """The readings of one part as a unit's name, the one with a kind first; never empty.

    The part as a whole is always a reading of its own: `Thị xã` may belong to the name.

    >>> [(r.name, r.kinds) for r in parse_name("P. Trúc Bạch")]
    [('Trúc Bạch', ('phuong',)), ('P. Trúc Bạch', ())]
    >>> [(r.key, r.kinds) for r in parse_name("Q10")][0]
    ('10', ('quan',))
    """
    readings = (_numbered(part), _prefixed(part), _suffixed(part))
    return [*(reading for reading in readings if reading), NamedPart(part, name_key(part), ())]


def name_key(name: str) -> str:
    """The key of a unit's name: folded, numbers without leading zeros.

    >>> name_key("07"), name_key("Đa Kao"), name_key("A Lưới 5")
    ('7', 'da kao', 'a luoi 5')
    """
    key = fold(name)
    return key.lstrip("0") or key if key.isdigit() else key


def _numbered(part: str) -> NamedPart | None:
    match = _GLUED_NUMBER.match(part.strip().casefold())
    if match:
        kind = "phuong" if match[1] == "p" else "quan"
        return NamedPart(match[2], match[2], (kind,))
    match = _ENGLISH_NUMBERED.match(fold(part))
    if match:
        kind = "phuong" if match[1] == "ward" else "quan"
        return NamedPart(match[2], match[2], (kind,))
    return None


def _prefixed(part: str) -> NamedPart | None:
    # Words are compared folded, and the name is cut from what was written: one word is one word.
    written = re.findall(r"[^\s.]+", part)
    folded = [fold(word) for word in written]
    for prefix, kinds in _PREFIXES:
        words = prefix.split()
        if folded[: len(words)] == words and len(folded) > len(words):
            name = " ".join(written[len(words) :])
            return NamedPart(name, name_key(name), kinds)
    return None


def _suffixed(part: str) -> NamedPart | None:
    folded = fold(part)
    for suffix, kinds in _SUFFIXES:
        if folded.endswith(f" {suffix}"):
            words = part.split()
            name = " ".join(words[: -len(suffix.split())])
            return NamedPart(name, name_key(name), kinds)
    return None
