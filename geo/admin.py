"""Administrative units in words: their kinds, and the parts of an address that name them.

Pure text: what a name refers to is the gazetteer's matter (`registry.gazetteer`).
"""

import re
from dataclasses import dataclass
from typing import Final

from geo.text import accent_key, fold

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

# Words before a name → the kinds that they may mean. Longest first: `thành phố` before `t`.
_PREFIXES: Final = (
    ("thành phố trực thuộc trung ương", ("thanh_pho",)),
    ("thành phố", ("thanh_pho",)),
    ("thị trấn", ("thi_tran",)),
    ("đặc khu", ("dac_khu",)),
    ("thị xã", ("thi_xa",)),
    ("phường", ("phuong",)),
    ("huyện", ("huyen",)),
    ("quận", ("quan",)),
    ("tỉnh", ("tinh",)),
    ("xã", ("xa",)),
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


_KIND_WORDS: Final = tuple(prefix.split() for prefix, _ in _PREFIXES if len(prefix) > 1)


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


def split_before_kinds(part: str) -> list[str]:
    """`part` cut before every word, or pair of words, that is the kind of a unit.

    >>> split_before_kinds("12 Quán Thánh phường Trúc Bạch quận Ba Đình tp Hà Nội")
    ['12 Quán Thánh', 'phường Trúc Bạch', 'quận Ba Đình', 'tp Hà Nội']
    """
    words = part.split()
    cuts, index = [0], 0
    while index < len(words):
        kind = next((k for k in _KIND_WORDS if _begins_with(words[index:], k)), None)
        if kind:
            cuts.append(index)
        index += len(kind) if kind else 1
    ends = [*cuts[1:], len(words)]
    return [" ".join(words[a:b]) for a, b in zip(cuts, ends, strict=True) if a < b]


def _begins_with(written: list[str], words: list[str]) -> bool:
    """Whether the words stand first, with their accents or without any: `Quán` is no `quận`."""
    return len(written) >= len(words) and all(
        accent_key(had) in (accent_key(word), fold(word))
        for had, word in zip(written, words, strict=False)
    )


def parse_name(part: str) -> list[NamedPart]:
    """The readings of one part as a unit's name, the one with a kind first; never empty.

    The part as a whole is always a reading of its own: `Thị xã` may belong to the name.

    >>> [(r.name, r.kinds) for r in parse_name("P. Trúc Bạch")]
    [('Trúc Bạch', ('phuong',)), ('P. Trúc Bạch', ())]
    >>> [(r.key, r.kinds) for r in parse_name("Q10")][0]
    ('10', ('quan',))
    >>> [r.kinds for r in parse_name("Quán Thánh")]
    [()]
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
    written = re.findall(r"[^\s.]+", part)
    for prefix, kinds in _PREFIXES:
        words = prefix.split()
        if len(written) > len(words) and _begins_with(written, words):
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
