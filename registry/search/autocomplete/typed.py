"""Readings of a partly typed address: a name's prefix, a number, and the units around."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final

from geo import lexicon
from geo.flat import block_key, parse_flat, without_block_words
from geo.house_number import parse_house_number, path_steps
from geo.locality import parse_locality
from geo.street import parse_street
from geo.text import fold
from geo.typing_slips import repaired

_COMMAS: Final = re.compile(r"[,;|\n\r\t]+")
_WORD: Final = re.compile(r"[^\W\d_][\w]*")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\0-\x08]")
_ANNOUNCED: Final = re.compile(r"\s*(?:địa chỉ|dia chi|đ/?c|d/?c|address)\s*:", re.IGNORECASE)
_MAY_OPEN_NUMBER: Final = re.compile(
    r"\d|số|so|nhà|nha|sn|ngõ|ngo|ng|ngách|ngach|ngh|hẻm|hem|kiệt|kiet|k\d|lô|lo|km", re.IGNORECASE
)
_CONTINUING: Final = frozenset(
    {"ngo", "ngach", "hem", "kiet", "lo", "thua", "bis", "ter", "xet", "xuyet"}
)
"""Words after which a number continues."""
_BEHIND: Final = re.compile(r"(.*\S)\s+(\d[\w/.-]*)\s*")
_MAX_NUMBER_WORDS: Final = 8
"""Words of the longest number: `số nhà 5 hẻm 6 ngách 34 ngõ 12`."""
# Without a name such a word is not a filter: `, phường` is the start of a name.
_FLAT_WORDS: Final = r"(?:căn hộ|căn|can ho|can|ch|phòng|phong|p|room|apt)\.?\s*(?:(?:số|so)\s+)?"
_FLAT_ALONE: Final = re.compile(rf"{_FLAT_WORDS}(\d[\w.-]*)", re.IGNORECASE)
_FLAT_BEFORE: Final = re.compile(rf"{_FLAT_ALONE.pattern}\s+(.+)", re.IGNORECASE)
_FLAT_BEHIND: Final = re.compile(rf"(.*\S)\s+{_FLAT_ALONE.pattern}", re.IGNORECASE)
_KIND_WORDS: Final = (
    *(fold(word.writing) for word in lexicon.words() if word.role == "admin" and not word.place),
    *("duong", "pho", "viet nam", "vn"),
)
_KIND_WORDS_MAX: Final = 2
_MAX_TAIL: Final = 4
"""Most words of a commune typed after a name without a comma."""


@dataclass(frozen=True)
class Typed:
    """One reading of what has been typed."""

    name: str
    """Prefix of a street, a locality or a unit, as typed. Empty for a number alone."""
    number: str | None = None
    """Canonical prefix of a house number."""
    parts: tuple[str, ...] = ()
    """Prefixes of the units around it."""
    named: bool = False
    """Whether the name is complete: a comma follows."""
    exact: bool = False
    """Whether only exactly this name is meant: a number follows."""
    flat: bool = False
    """Whether the number is that of a flat, and the name that of a building."""
    half: str = ""
    """A prefix of a kind that may also be a prefix of a unit's name: `, da` may become `đặc khu` or
    Đà Nẵng. It ranks, but does not filter."""

    @cached_property
    def street_keys(self) -> tuple[str, ...]:
        """Prefixes of keys of streets."""
        street = parse_street(self.name)
        keys = [*([street.key, *street.alt_keys] if street else []), self.key]
        return tuple(dict.fromkeys(filter(None, keys)))

    @cached_property
    def locality_keys(self) -> tuple[str, ...]:
        """Prefixes of keys of localities, if a kind was typed; the plain text last."""
        place = parse_locality(self.name)
        keys = [*([place.key] if place and place.key != self.key else []), self.key]
        return tuple(filter(None, keys))

    @cached_property
    def building_keys(self) -> tuple[str, ...]:
        """Prefixes of keys of buildings, also without the word for a kind."""
        keys = (block_key(self.name), without_block_words(self.key), self.key)
        return tuple(dict.fromkeys(key for key in keys if key and not self.key.isdigit()))

    @cached_property
    def key(self) -> str:
        """The name, folded."""
        return fold(self.name)


def readings(text: str) -> list[Typed]:
    """Return the readings of `text`, likeliest first; empty without a letter or digit.

    >>> [(t.name, t.number) for t in readings("12/3 lang")]
    [('lang', '12/3'), ('12/3 lang', None)]
    >>> [(t.name, t.number) for t in readings("SỐ  5a ngách 34 NGÕ 12, nguyeenx t")][0]
    ('nguyễn t', '12/34/5A')
    >>> readings("tran hung dao, ba d")[0].parts
    ('ba d',)
    >>> readings("le loi, phư")[0].parts, readings("le loi, q., ha noi")[0].parts
    ((), ('ha noi',))
    >>> readings("le loi, hu")[0].half, readings("le loi, phường")[0].half
    ('hu', '')
    >>> [(t.name, t.number) for t in readings("p402 ct9a, ha noi") if t.flat]
    [('ct9a', '402')]
    """
    text = _decoded(text)
    head, *rest = _COMMAS.split(text)
    # `Số 12, Lê Lợi`: a number alone belongs to the next part.
    while rest and (not _has_text(head) or _is_number(head)):
        head = f"{head.strip()} {rest[0].strip()}".strip()
        rest = rest[1:]
    if not _has_text(head):
        return []
    ended = text.rstrip().endswith((",", ";"))
    written = [part.strip() for part in rest if _has_text(part)]
    half = written.pop() if written and not ended and _starts_kind(written[-1]) else ""
    parts = tuple(part for part in written if fold(part) not in _KIND_WORDS)
    half = "" if fold(half) in _KIND_WORDS else half
    whole = Typed(head.strip(), None, parts, bool(rest), half=half)
    if _is_number(head):
        return [Typed("", _number(head), parts, half=half), whole]
    if numbered := _with_number(head):
        return [replace(whole, name=numbered[1], number=numbered[0]), whole]
    if flat := _of_flat(whole):
        return [whole, flat]
    if match := _BEHIND.fullmatch(head):
        # A number at the end may belong to the name, `Đường số 7`, which comes first.
        return [
            whole,
            replace(whole, name=match[1].strip(), number=_number(match[2]), named=True, exact=True),
        ]
    return [whole]


def _of_flat(whole: Typed) -> Typed | None:
    """Return the reading as a flat before or after its building: `p402 ct9a`, `căn 302, chung cư
    hoa h`."""
    if whole.parts and (alone := _FLAT_ALONE.fullmatch(whole.name)):
        name, *parts = whole.parts
        return Typed(name, alone[1], tuple(parts), bool(parts), flat=True)
    if before := _FLAT_BEFORE.fullmatch(whole.name):
        return replace(whole, name=before[2], number=before[1], flat=True)
    if behind := _FLAT_BEHIND.fullmatch(whole.name):
        return replace(whole, name=behind[1], number=behind[2], named=True, flat=True)
    read = parse_flat(whole.name)
    if read is not None and read.building and read.unit:
        return replace(whole, name=read.building, number=read.unit, named=True, flat=True)
    return None


def with_tail(typed: Typed) -> list[Typed]:
    """Return the readings with the last words as a unit typed without a comma, the fewest first.

    >>> [(t.name, t.parts) for t in with_tail(Typed("le loi ba d"))]
    [('le loi ba', ('d',)), ('le loi', ('ba d',)), ('le', ('loi ba d',))]
    >>> with_tail(Typed("tổ 5")), [t.parts for t in with_tail(Typed("tổ 5 ba d"))]
    ([], [('d',), ('ba d',)])
    """
    words = typed.name.split()
    cuts = range(len(words) - 1, max(0, len(words) - 1 - _MAX_TAIL), -1)
    # A group keeps its number: `Tổ 5` is not a `Tổ` in Phường 5.
    group = next((n for n in range(1, len(words)) if _is_group(words[: n + 1])), 0)
    return [
        replace(
            typed,
            name=" ".join(words[:cut]),
            parts=(" ".join(words[cut:]), *typed.parts),
            named=True,
        )
        for cut in cuts
        if cut > group
    ]


def without_kind(typed: Typed) -> Typed | None:
    """Return the reading without a kind of unit, or its start, at the end of the name; None for
    another end.

    >>> (cut := without_kind(Typed("le loi thanh p"))) and (cut.name, cut.half)
    ('le loi', 'thanh p')
    >>> without_kind(Typed("le loi")), without_kind(Typed("phuong"))
    (None, None)
    """
    words = [] if typed.named else typed.name.split()
    for count in range(min(_KIND_WORDS_MAX, len(words) - 1), 0, -1):
        kind = " ".join(words[-count:])
        if _starts_kind(kind):
            return replace(typed, name=" ".join(words[:-count]), named=True, half=kind)
    return None


def _is_group(words: list[str]) -> bool:
    """Whether the words are a locality with a number for its name: `tổ 5`."""
    place = parse_locality(" ".join(words))
    return place is not None and place.is_numbered


def _decoded(text: str) -> str:
    """Return the text in NFC, with remains of Telex and VNI decoded."""
    text = _ANNOUNCED.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return _WORD.sub(lambda word: repaired(word[0]), text)


def _has_text(part: str) -> bool:
    return any(map(str.isalnum, part))


def _starts_kind(part: str) -> bool:
    """Whether the part is a prefix of a word for a kind of unit."""
    key = fold(part)
    return any(word.startswith(key) for word in _KIND_WORDS)


def _is_number(text: str) -> bool:
    """Whether all of it is a house number: `12`, `Số 12/3`; `30/4` may also be a street."""
    return _reads_as_number(text.split())


def _with_number(head: str) -> tuple[str, str] | None:
    """Return the leading number, canonical, and the text after it."""
    words = head.split()
    if not _MAY_OPEN_NUMBER.match(words[0]):
        return None
    for count in range(min(len(words) - 1, _MAX_NUMBER_WORDS), 0, -1):
        if _reads_as_number(words[:count]):
            return _number(" ".join(words[:count])), " ".join(words[count:])
    return None


def _reads_as_number(words: list[str]) -> bool:
    # In `12 3 tháng 2`, `8 30/4`, `25 số 11` and `17 B3` the second number is a street.
    if any(_is_numeric(word) and fold(after) not in _CONTINUING for word, after in pairwise(words)):
        return False
    written = " ".join(words)
    return bool(_MAY_OPEN_NUMBER.match(written)) and parse_house_number(written) is not None


def _is_numeric(word: str) -> bool:
    return any(map(str.isdigit, word))


def _number(written: str) -> str:
    number = parse_house_number(written)
    if number is not None:
        return number.key
    return "/".join(path_steps(written)) + "/" * written.endswith("/")
