"""Read headers: the field that a column holds, or that it is about people.

The words are in `headers.csv`, the rules here: a header is the name of a field as it is, without
spaces (`SONHA`, `soNha`), abbreviated (`TDP`), with words for its time or unit (`Phường/xã mới`,
`Toạ độ X (m)`), or several such names (`Thôn, xóm`, `Đường, ngõ`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, wraps
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from geo import lexicon
from geo.admin import LEVELS
from geo.lexicon import read_table
from geo.text import fold
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.core.schemes import SCHEMES

_COMPOSED: Final = (
    *("source_ref", "address", "former_address", "house_number", "alley", "street", "locality"),
    *("building", "floor", "unit", "commune_code", "commune", "district", "province"),
    *("former_commune_code", "former_commune", "former_district", "former_province"),
    *("longitude", "latitude", "longitude_minutes", "longitude_seconds"),
    *("latitude_minutes", "latitude_seconds", "point", "households_count"),
    *("position_accuracy_m", "visit_result", "use_name"),
)
"""Fields that are read together with others, or by code of their own."""


class Header(NamedTuple):
    """A row of `headers.csv`."""

    header: str
    field: str
    use: str

    def fault(self, _comments: str) -> str | None:
        """What is wrong with it; None for nothing."""
        known = (
            self.use in ("", "inside", "weak", "below", "exported") and self.field.isidentifier()
        )
        return None if known else "invalid field or use"


def _headers(use: str) -> dict[str, str]:
    """Header → field, for a use."""
    return {row.header: row.field for row in _HEADERS if row.use == use}


class Party(NamedTuple):
    """Words of a header for the owner of an address: a row of `parties.csv`."""

    words: str
    party: str

    def fault(self, _comments: str) -> str | None:
        """What is wrong with it; None for nothing."""
        return None if self.party in ("receiver", "other") else "no such party"


def _of_party(party: str) -> str:
    """A pattern of the words for a party, longest first."""
    words = [row.words for row in _PARTIES if row.party == party]
    return "|".join(sorted(words, key=len, reverse=True))


_HEADERS: Final = read_table(Path(__file__).with_name("headers.csv"), Header)
FIELDS: Final = (
    *_COMPOSED,
    *dict.fromkeys(
        row.field
        for row in _HEADERS
        if row.use != "exported" and row.field not in (*_COMPOSED, *SCHEMES, "person")
    ),
)
"""Fields that an import reads; the last ones are the plain columns of `registry.files.plain`,
listed here so that reading headers need not load it.
"""
_PARTIES: Final = read_table(Path(__file__).with_name("parties.csv"), Party)
_PERSONAL_WORDS: Final = tuple(_headers("inside"))
_GLUED_LEAST: Final = 5
"""Shortest word searched for inside a header without spaces."""

_SHORT: Final = {word: name for word, (name,) in lexicon.readings("header").items()}
_BELOW: Final = _headers("below")
_WEAK: Final = _headers("weak")
"""Headers of a field unless another column holds it: any kind of address, the number of a flat."""
_EXPORTED: Final = _headers("exported")
_SIGNS_OF_EXPORT: Final = (
    frozenset({"kind", "number path", "parent code"}),
    frozenset({"loai", "so nha chuan", "ma toa nha"}),
)
"""Folded headers by which an export is recognised, as a table and as a workbook."""
_ADDRESS: Final = "dia chi "
_LONGEST_ADDRESS: Final = 7
"""Most words of a header that begins so; a title has more."""
_NOT_DWELLING: Final = re.compile(rf"\b({_of_party('other')})\b|\d")
"""In the folded header of an address: of a place other than the household's."""
_RECEIVER: Final = re.compile(
    "(?:{0}) (?P<behind>.+)|(?P<before>.+?) (?:cua )?(?:{0})".format(_of_party("receiver"))
)
_LINE: Final = re.compile(r"addr(?:ess)?(?: line)? ?(\d)")
"""One line of an address of several lines."""
_OF_RECEIVERS: Final = frozenset(
    {*LEVELS, *("address", "house_number", "street", "locality", "building", "floor", "unit")}
)
# A question of a form: its number, and the person asked.
_ITEM: Final = re.compile(r"^\s*(?:(?:câu|q)\s*)?(?:\d{1,2}|[A-Za-z])[.)]\s*", re.IGNORECASE)
_ASKED: Final = re.compile(
    r"[\s*]*(?:(?:của|nhà) (?:bạn|anh|chị|anh/chị|ông/bà|gia đình|hộ|quý vị).*)?[\s:?*]*$",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"[A-Za-z0-9_.]+(?:[/:-][A-Za-z0-9_.]+)+")
"""Path of a column in the groups of a form, or a tag."""
_EARLIER: Final = re.compile(r"\b(cu|old|former|truoc)\b")
_CUT_LETTERS: Final = 10
_LONG_NAMES: Final = ("dia chi thua dat", "dia chi su dung dat")
_LEVELS: Final = ("xa", "phuong", "thi tran", "quan", "huyen", "thi xa", "tinh", "thanh pho")
# Suffixes for the current and the former map. A former column is another field, or ignored.
_CURRENT: Final = re.compile(
    r" (theo (dia gioi|don vi)( hanh chinh)? (moi|hien nay|2 cap)"
    r"|moi|nay|hien tai|hien nay|hien huu|sau( khi)? (sap|sat) nhap|sau 0?1 0?7 2025)$"
)
_FORMER_SUFFIX: Final = re.compile(
    r" (theo (dia gioi|don vi)( hanh chinh)? (cu|3 cap|truoc day)"
    r"|cu|cu truoc (sap|sat) nhap|truoc( khi)? (sap|sat) nhap|truoc day|truoc 2025"
    r"|truoc 0?1 0?7 2025)$"
)
_FORMER_FIELDS: Final = {
    "address": "former_address",
    "commune_code": "former_commune_code",
    "commune": "former_commune",
    "district": "former_district",
    "province": "former_province",
}
_IN_BRACKETS: Final = re.compile(r"[(\[{].*?[)\]}]")
LONGEST_NAME: Final = 1_000  # characters: an open bracket is searched to the end
MOST_NAMED: Final = 2_000
"""Most columns with names: a line of a megabyte may have a hundred thousand, and reading a header
takes longer than reading a row."""
_OR: Final = re.compile(r"[,/;+&()\n]| [-–] | hoặc | và ", re.IGNORECASE)
# Words in headers of coordinates other than the axis.
_OF_COORDINATES: Final = re.compile(
    r"\b(toa do|gps|point|coord|he|vn 2000|vn2000|wgs 84|wgs84|thap phan|met|m|do|dd|e|n|b|d)\b"
)
_POINT_WORDS: Final = re.compile(r"\b(toa do|gps|coordinates?)\b")
_LEAST_COLUMNS: Final = 3
"""Fewest names in a row for weak names to count."""
# Too short or common to mean anything inside another name.
_ALONE: Final = frozenset({"so", "ma", "id", "x", "y", "ref", "number", "long", "level"})
_AXES: Final = {"x": "longitude", "y": "latitude"}

# Columns of block marks beside a column of building names.
_BLOCKS: Final = {"block": "Block", "thap": "Tháp", "toa": "Toà"}

_DOOR: Final = frozenset({"house_number", "alley", "street", "locality"})


_ALONE_FIELDS: Final = _headers("") | _BELOW
_PERSONAL: Final = frozenset(key for key, name in _ALONE_FIELDS.items() if name == "person")
_FIELD_OF: Final = {fold(name): name for name in FIELDS} | {
    key: name for key, name in _ALONE_FIELDS.items() if name != "person"
}
_GLUED: Final = {key.replace(" ", ""): name for key, name in _FIELD_OF.items() if " " in key}
_LONGEST: Final = max(len(key.split()) for key in _FIELD_OF)


T = TypeVar("T")


def _cached(read: Callable[[str], T]) -> Callable[[str], T]:
    """Cache a reader of headers by their beginning: a cell may hold a megabyte of text."""
    remembered = lru_cache(maxsize=4_096)(read)

    @wraps(read)
    def cached(header: str) -> T:
        return remembered(header[:LONGEST_NAME])

    return cached


def check_width(headers: Iterable[str]) -> None:
    """Raises UnreadableFileError for a table of more than `MOST_NAMED` columns with names."""
    if sum(map(bool, headers)) > MOST_NAMED:
        raise UnreadableFileError(Message("too_many_named_columns", most=MOST_NAMED))


def fields_named(headers: Iterable[str]) -> frozenset[str]:
    """The fields that headers name, by which a header is distinguished from other rows."""
    names = [header for header in headers if header]
    if len(names) > MOST_NAMED:
        return frozenset()
    found = {name for name in map(field_of, names) if name}
    if len(names) >= _LEAST_COLUMNS:
        found.update(name for name in map(weak_field_of, names) if name)
    return frozenset(found)


@_cached
def weak_field_of(header: str) -> str | None:
    """The field of a header if no other column holds it.

    >>> weak_field_of("DIA_CHI_SDD"), weak_field_of("Địa chỉ thửa đất"), weak_field_of("Mã căn hộ")
    ('address', 'address', 'unit')
    >>> weak_field_of("Địa chỉ cơ quan"), weak_field_of("Địa chỉ"), weak_field_of("Địa chỉ email")
    (None, None, None)
    """
    if field_of(header) is not None:
        return None
    key = in_full(_ASKED.sub("", _ITEM.sub("", header)))
    if field := _WEAK.get(key) or receivers_field_of(header):
        return field
    if is_personal(header):
        return None
    words = len(key.split())
    called = key.startswith(_ADDRESS) and words <= _LONGEST_ADDRESS
    return "address" if called and not _NOT_DWELLING.search(key) else None


@_cached
def receivers_field_of(header: str) -> str | None:
    """The field of the receiver's address; None for other headers.

    >>> [receivers_field_of(header) for header in ("Địa chỉ người nhận (*)", "SĐT KH", "Địa chỉ")]
    ['address', None, None]
    >>> [receivers_field_of(header) for header in ("shippingAddress", "to_ward_name", "from_ward")]
    ['address', 'commune', None]
    """
    rest = None if in_full(header) in _WEAK else _beside_receiver(header)
    field = _read_text(rest) if rest else None
    return field if field in _OF_RECEIVERS else None


@_cached
def _beside_receiver(header: str) -> str | None:
    """The folded words beside those for the receiver; None for other headers."""
    key = in_full(_ASKED.sub("", _IN_BRACKETS.sub(" ", header)))
    found = _RECEIVER.fullmatch(key)
    return found and (found["behind"] or found["before"])


def line_of_address(header: str) -> int:
    """The number of a further line of an address, from 2; 0 for other headers.

    >>> line_of_address("Shipping Address 2"), line_of_address("shippingAddress1")
    (2, 0)
    """
    found = _LINE.fullmatch(_beside_receiver(header) or in_full(header))
    line = int(found[1]) if found else 0
    return line if line > 1 else 0


def exported_fields(headers: Sequence[str]) -> dict[int, str]:
    """Index → field of the columns with a meaning of their own in an export; `nothing`: not read.

    >>> exported_fields(("code", "kind", "number_path", "street", "parent_code"))
    {0: 'source_ref', 1: 'kind', 2: 'nothing', 4: 'nothing'}
    >>> exported_fields(("code", "kind", "street"))
    {}
    """
    folded = [fold(header[:LONGEST_NAME]) for header in headers]
    if not any(signs <= {*folded} for signs in _SIGNS_OF_EXPORT):
        return {}
    return {at: _EXPORTED[header] for at, header in enumerate(folded) if header in _EXPORTED}


def is_of_level_below(header: str) -> bool:
    """Whether the column is of the level below if another column holds its field: `City`."""
    return (_beside_receiver(header) or in_full(header)) in _BELOW


@_cached
def field_of(header: str) -> str | None:
    """The field of a header; None for one about people, or without a field.

    >>> [field_of(header) for header in ("SONHA", "tenDuong", "TEN_KP", "Toạ độ X (m)", "Ghi chú")]
    ['house_number', 'street', 'locality', 'longitude', None]
    >>> field_of("Phường/xã mới"), field_of("Phường/xã cũ"), field_of("Số nhà cũ")
    ('commune', 'former_commune', None)
    >>> field_of("Số nhà, đường phố"), field_of("Tên đường/phố/ngõ"), field_of("Chỗ ở (lat, lon)")
    ('address', 'street', 'point')
    """
    key = fold(header)
    if header.startswith("@"):
        return None  # internal to some program
    if name := _FIELD_OF.get(key):
        return name
    if is_personal(header):
        return None
    return next((name for text in _spellings(header) if (name := _read_text(text))), None)


@_cached
def is_personal(header: str) -> bool:
    """Whether a column looks like it is about people; such data is never stored.

    >>> [is_personal(header) for header in ("Họ và tên chủ hộ", "SĐT", "TenChuHo", "Tên đường")]
    [True, True, True, False]
    """
    folded = fold(_apart(header))
    if folded in _PERSONAL or _beside_receiver(header) in (*_PERSONAL, "name"):
        return True
    words = f" {folded} "
    if any(f" {word} " in words for word in _PERSONAL_WORDS):
        return True
    glued = "".join(fold(header).split())
    return len(header.split()) == 1 and any(
        glue in glued
        for glue in (word.replace(" ", "") for word in _PERSONAL_WORDS)
        if len(glue) >= _GLUED_LEAST
    )


def uncut(header: str) -> str:
    """The full name of a header that a Shapefile cut to ten letters.

    Unchanged if it is not the beginning of a known name, or of names with different meanings.

    >>> uncut("TenDuongPh"), uncut("DiaChiChiT"), uncut("SoDienThoa"), uncut("TenXaPhuon")
    ('ten duong pho', 'dia chi chi tiet', 'so dien thoai', 'ten xa phuong')
    >>> uncut("Shape_Leng"), uncut("TenDuong"), uncut("MaXaPhuong")
    ('Shape_Leng', 'TenDuong', 'MaXaPhuong')
    """
    glued = "".join(fold(header).split())
    if len(header) != _CUT_LETTERS or field_of(header) is not None or is_personal(header):
        return header
    names = [name for long, name in _long_names().items() if long.startswith(glued)]
    meant = {(field_of(name) or weak_field_of(name), is_personal(name)) for name in names}
    return min(names, key=len) if len(meant) == 1 else header


@lru_cache(1)
def _long_names() -> dict[str, str]:
    """Known names too long for a Shapefile, without spaces → with spaces."""
    known = (*_FIELD_OF, *_PERSONAL_WORDS, *_LONG_NAMES)
    units = [f"{a} {b}" for a in _LEVELS for b in _LEVELS if a != b]
    names = [f"{of}{name}" for of in ("", "ten ", "ma ", "so ") for name in (*known, *units)]
    glued = {name.replace(" ", ""): name for name in names}
    return {long: name for long, name in glued.items() if len(long) > _CUT_LETTERS}


def is_running_number(header: str) -> bool:
    """Whether the header is a house number only if no other column is: `Số`."""
    return fold(header) in ("so", "number", "no")


def is_vague(header: str) -> bool:
    """Whether the header only states that something is numbered: `Mã số` below `Căn cước`."""
    return fold(header) in _ALONE or fold(header) in ("ma so", "no")


def block_word(header: str) -> str:
    """The word for a block in the header of a column, '' for a column of buildings.

    >>> block_word("Block"), block_word("Toà"), block_word("Chung cư")
    ('Block', 'Toà', '')
    """
    return _BLOCKS.get(fold(header), "")


def names_coordinates(header: str) -> bool:
    """Whether a header without a field mentions coordinates."""
    key = in_full(header)
    return bool(re.search(r"\b(toa do|kinh do|vi do|lat|lon|lng|latitude|longitude)\b", key))


def _spellings(header: str) -> Iterator[str]:
    """The header in other words, the likeliest first."""
    glued = "".join(fold(header).split())
    if len(header.split()) == 1 and glued in _GLUED:
        yield _GLUED[glued]
    yield header
    # Brackets hold explanations, unless they mark the column as former.
    if not _FORMER_SUFFIX.search(in_full(header)):
        yield _IN_BRACKETS.sub(" ", header)
    inside = " ".join(_IN_BRACKETS.findall(header))
    if _coordinate(in_full(inside)) == "point":
        yield "point"
    asked = _ASKED.sub("", _ITEM.sub("", _IN_BRACKETS.sub(" ", header)))
    if fold(asked) != fold(header):
        yield asked
    if _PATH.fullmatch(header):
        *groups, name = re.split("[/:-]", header)
        if fold(name) not in _ALONE and not _EARLIER.search(fold(" ".join(groups))):
            yield name


def _read_text(text: str) -> str | None:
    return _read(in_full(text)) or _of_parts({_read(in_full(part)) for part in _OR.split(text)})


@_cached
def _read(key: str) -> str | None:
    if name := _FIELD_OF.get(key) or _FIELD_OF.get(key.removeprefix("ten ").removesuffix(" so")):
        return name
    if (line := _LINE.fullmatch(key)) and line[1] == "1":
        return "address"
    if current := _CURRENT.search(key):
        return _read(key[: current.start()])
    if former := _FORMER_SUFFIX.search(key):
        named = _read(key[: former.start()]) or ""
        return _FORMER_FIELDS.get(named) or (named if named in _FORMER_FIELDS.values() else None)
    fields = _fields_in(key.split())
    return _coordinate(key) or (min(fields) if len(fields) == 1 else None)


def _coordinate(key: str) -> str | None:
    """The field of one axis or of both, ignoring words for the unit of measurement."""
    words = set(
        _OF_COORDINATES.sub(" ", key.replace("kinh do", "lon").replace("vi do", "lat")).split()
    )
    named = {_AXES.get(word) or _FIELD_OF.get(word) for word in words}
    if named in ({"longitude"}, {"latitude"}):
        return named.pop()
    if named == {"longitude", "latitude"} or (not words and _POINT_WORDS.search(key)):
        return "point"
    return None


def _of_parts(fields: set[str | None]) -> str | None:
    """The field of a column that holds several parts, or has alternative names."""
    if len(fields) == 1:
        return fields.pop()
    named = {field for field in fields if field}
    if named == fields and "house_number" in named and named <= {"house_number", "alley", "unit"}:
        return "house_number"  # `Căn 0807` is read as a flat there
    if len(named) < len(fields) or not named <= _DOOR.union(LEVELS):
        return None
    if "street" in named and named <= _DOOR - {"house_number"}:
        return "street"
    return "address" if named & {"house_number", "street"} else None


def _fields_in(words: Sequence[str]) -> frozenset[str]:
    """The fewest fields whose names in sequence are exactly the words; empty if there are none."""
    # Backwards, each position once: the number of ways to split a long text is unbounded.
    behind: list[frozenset[str]] = [frozenset()] * (len(words) + 1)
    for at in reversed(range(len(words))):
        found = []
        for end in range(min(at + _LONGEST, len(words)), at, -1):
            if not behind[end] and end < len(words):
                continue
            name = " ".join(words[at:end])
            if name not in _ALONE and (field := _FIELD_OF.get(name)):
                found.append(behind[end] | {field})
        behind[at] = min(found, key=len, default=frozenset())
    return behind[0]


@_cached
def in_full(header: str) -> str:
    """The folded words of the header, with abbreviations expanded."""
    words = fold(_apart(header)).split()
    return " ".join(_SHORT.get(word, word) for word in words)


def _apart(header: str) -> str:
    """The header with spaces before inner capitals: `soNha`."""
    return "".join(
        f" {sign}" if sign.isupper() and before.islower() else sign
        for before, sign in zip(f" {header}", header, strict=False)
    )
