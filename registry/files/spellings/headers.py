"""What a header says: which field a column holds, or that it is about people.

The words stand in `headers.csv`; what is made of them are rules: a header is a name of a field as
it is, glued (`SONHA`, `soNha`), shortened (`TDP`), with words that only say of when or in what it
is (`Phường/xã mới`, `Toạ độ X (m)`), or several such names together (`Thôn, xóm`, `Đường, ngõ`).
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
"""What a column may hold that is read with others, or in a way of its own."""


class Header(NamedTuple):
    """What a header means: a row of `headers.csv`."""

    header: str
    field: str
    use: str

    def fault(self, _comments: str) -> str | None:
        """What is wrong with it; None for nothing."""
        known = self.use in ("", "inside", "weak", "below") and self.field.isidentifier()
        return None if known else "no field or no such use"


def _headers(use: str) -> dict[str, str]:
    """Headers of a use → the field that they mean."""
    return {row.header: row.field for row in _HEADERS if row.use == use}


class Party(NamedTuple):
    """Whose address a header speaks of: a row of `parties.csv`."""

    words: str
    party: str

    def fault(self, _comments: str) -> str | None:
        """What is wrong with it; None for nothing."""
        return None if self.party in ("receiver", "other") else "no such party"


def _of_party(party: str) -> str:
    """The words for a party, the longest first, as a pattern."""
    words = [row.words for row in _PARTIES if row.party == party]
    return "|".join(sorted(words, key=len, reverse=True))


_HEADERS: Final = read_table(Path(__file__).with_name("headers.csv"), Header)
FIELDS: Final = (
    *_COMPOSED,
    *dict.fromkeys(
        row.field for row in _HEADERS if row.field not in (*_COMPOSED, *SCHEMES, "person")
    ),
)
"""What a column may hold that an import reads; the last ones are the plain columns of
`registry.files.plain`, which who only looks for headers need not load.
"""
_PARTIES: Final = read_table(Path(__file__).with_name("parties.csv"), Party)
_PERSONAL_WORDS: Final = tuple(_headers("inside"))
_GLUED_LEAST: Final = 5
"""Letters of words that are looked for inside a header without spaces."""

_SHORT: Final = {word: name for word, (name,) in lexicon.readings("header").items()}
_BELOW: Final = _headers("below")
_WEAK: Final = _headers("weak")
"""Columns that hold a field where no other one does: an address of whatever kind, a flat's mark."""
_ADDRESS: Final = "dia chi "
_LONGEST_ADDRESS: Final = 7
"""Words of a header that begins so; a title says more."""
_NO_DWELLING: Final = re.compile(rf"\b({_of_party('other')})\b|\d")
"""In the header of an address, folded: of another place than the household's."""
_RECEIVER: Final = re.compile(
    "(?:{0}) (?P<behind>.+)|(?P<before>.+?) (?:cua )?(?:{0})".format(_of_party("receiver"))
)
_LINE: Final = re.compile(r"addr(?:ess)?(?: line)? ?(\d)")
"""A line of an address that has several."""
_OF_RECEIVERS: Final = frozenset(
    {*LEVELS, *("address", "house_number", "street", "locality", "building", "floor", "unit")}
)
# A form's question: its number, and whose house it asks about.
_ITEM: Final = re.compile(r"^\s*(?:(?:câu|q)\s*)?(?:\d{1,2}|[A-Za-z])[.)]\s*", re.IGNORECASE)
_ASKED: Final = re.compile(
    r"[\s*]*(?:(?:của|nhà) (?:bạn|anh|chị|anh/chị|ông/bà|gia đình|hộ|quý vị).*)?[\s:?*]*$",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"[A-Za-z0-9_.]+(?:[/:-][A-Za-z0-9_.]+)+")
"""Groups of a form, or of tags, and the name of the column in them."""
_EARLIER: Final = re.compile(r"\b(cu|old|former|truoc)\b")
_CUT_LETTERS: Final = 10
_LONG_NAMES: Final = ("dia chi thua dat", "dia chi su dung dat")
_LEVELS: Final = ("xa", "phuong", "thi tran", "quan", "huyen", "thi xa", "tinh", "thanh pho")
# Behind a field's name: of today, and of before. A column of before is another field, or none.
_OF_TODAY: Final = re.compile(
    r" (theo (dia gioi|don vi)( hanh chinh)? (moi|hien nay|2 cap)"
    r"|moi|nay|hien tai|hien nay|hien huu|sau( khi)? (sap|sat) nhap|sau 0?1 0?7 2025)$"
)
_OF_BEFORE: Final = re.compile(
    r" (theo (dia gioi|don vi)( hanh chinh)? (cu|3 cap|truoc day)"
    r"|cu|cu truoc (sap|sat) nhap|truoc( khi)? (sap|sat) nhap|truoc day|truoc 2025"
    r"|truoc 0?1 0?7 2025)$"
)
_FORMER: Final = {
    "address": "former_address",
    "commune_code": "former_commune_code",
    "commune": "former_commune",
    "district": "former_district",
    "province": "former_province",
}
_IN_BRACKETS: Final = re.compile(r"[(\[{].*?[)\]}]")
LONGEST_NAME: Final = 1_000  # in characters: each open bracket is followed to the end
MOST_NAMED: Final = 2_000
"""Columns with names of a table that is read: a line of a megabyte may have a hundred thousand, and
what a name means takes longer than a row of data."""
_OR: Final = re.compile(r"[,/;+&()\n]| [-–] | hoặc | và ", re.IGNORECASE)
# What a column of coordinates may say beside which of the two it is.
_OF_COORDINATES: Final = re.compile(
    r"\b(toa do|gps|point|coord|he|vn 2000|vn2000|wgs 84|wgs84|thap phan|met|m|do|dd|e|n|b|d)\b"
)
_POINT_WORDS: Final = re.compile(r"\b(toa do|gps|coordinates?)\b")
_LEAST_COLUMNS: Final = 3
"""Names in a row that may be a header by a name that is none alone."""
# So short, or so common, that they say nothing inside of another name.
_ALONE: Final = frozenset({"so", "ma", "id", "x", "y", "ref", "number", "long", "level"})
_AXES: Final = {"x": "longitude", "y": "latitude"}

# A column of marks beside one of a building's name.
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


def _of_beginning(read: Callable[[str], T]) -> Callable[[str], T]:
    """What the beginning of a header says, remembered: a cell may hold a megabyte of text."""
    remembered = lru_cache(maxsize=4_096)(read)

    @wraps(read)
    def of_beginning(header: str) -> T:
        return remembered(header[:LONGEST_NAME])

    return of_beginning


def check_width(headers: Iterable[str]) -> None:
    """Raises UnreadableFileError for a table of more columns than are read."""
    if sum(map(bool, headers)) > MOST_NAMED:
        raise UnreadableFileError(Message("too_many_named_columns", most=MOST_NAMED))


def fields_named(headers: Iterable[str]) -> frozenset[str]:
    """The fields that the headers name: what tells a header from the rows around it."""
    names = [header for header in headers if header]
    if len(names) > MOST_NAMED:
        return frozenset()
    found = {name for name in map(field_of, names) if name}
    if len(names) >= _LEAST_COLUMNS:
        found.update(name for name in map(weak_field_of, names) if name)
    return frozenset(found)


@_of_beginning
def weak_field_of(header: str) -> str | None:
    """The field that a column of this name holds where no other column does.

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
    return "address" if called and not _NO_DWELLING.search(key) else None


@_of_beginning
def receivers_field_of(header: str) -> str | None:
    """The field of the one who is delivered to; None where the header does not speak of it.

    >>> [receivers_field_of(header) for header in ("Địa chỉ người nhận (*)", "SĐT KH", "Địa chỉ")]
    ['address', None, None]
    >>> [receivers_field_of(header) for header in ("shippingAddress", "to_ward_name", "from_ward")]
    ['address', 'commune', None]
    """
    rest = None if in_full(header) in _WEAK else _beside_receiver(header)
    field = _read_text(rest) if rest else None
    return field if field in _OF_RECEIVERS else None


@_of_beginning
def _beside_receiver(header: str) -> str | None:
    """The words, folded, beside those for the one who is delivered to; None without such."""
    key = in_full(_ASKED.sub("", _IN_BRACKETS.sub(" ", header)))
    found = _RECEIVER.fullmatch(key)
    return found and (found["behind"] or found["before"])


def line_of_address(header: str) -> int:
    """Which line of an address a column is, from 2 on; 0 for no such line.

    >>> line_of_address("Shipping Address 2"), line_of_address("shippingAddress1")
    (2, 0)
    """
    found = _LINE.fullmatch(_beside_receiver(header) or in_full(header))
    line = int(found[1]) if found else 0
    return line if line > 1 else 0


def is_of_level_below(header: str) -> bool:
    """Whether beside another column of its field it is that of the level below: `City`."""
    return (_beside_receiver(header) or in_full(header)) in _BELOW


@_of_beginning
def field_of(header: str) -> str | None:
    """The field that a column of this name holds; None for one that is about people, or no field.

    >>> [field_of(header) for header in ("SONHA", "tenDuong", "TEN_KP", "Toạ độ X (m)", "Ghi chú")]
    ['house_number', 'street', 'locality', 'longitude', None]
    >>> field_of("Phường/xã mới"), field_of("Phường/xã cũ"), field_of("Số nhà cũ")
    ('commune', 'former_commune', None)
    >>> field_of("Số nhà, đường phố"), field_of("Tên đường/phố/ngõ"), field_of("Chỗ ở (lat, lon)")
    ('address', 'street', 'point')
    """
    key = fold(header)
    if header.startswith("@"):
        return None  # of a program's own
    if name := _FIELD_OF.get(key):
        return name
    if is_personal(header):
        return None
    return next((name for text in _spellings(header) if (name := _read_text(text))), None)


@_of_beginning
def is_personal(header: str) -> bool:
    """Whether a column looks like it is about people, who are never stored.

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
    """The name of which a Shapefile, whose names have ten letters, keeps the beginning.

    As it is where that is no beginning, or one of names of several meanings.

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
    """Names of more letters than a Shapefile's have, glued → apart."""
    known = (*_FIELD_OF, *_PERSONAL_WORDS, *_LONG_NAMES)
    units = [f"{a} {b}" for a in _LEVELS for b in _LEVELS if a != b]
    names = [f"{of}{name}" for of in ("", "ten ", "ma ", "so ") for name in (*known, *units)]
    glued = {name.replace(" ", ""): name for name in names}
    return {long: name for long, name in glued.items() if len(long) > _CUT_LETTERS}


def is_running_number(header: str) -> bool:
    """Whether the name means a house number only where no other column does: `Số`."""
    return fold(header) in ("so", "number", "no")


def says_little(header: str) -> bool:
    """Whether the name says nothing but that something is numbered: `Mã số` below `Căn cước`."""
    return fold(header) in _ALONE or fold(header) in ("ma so", "no")


def block_word(header: str) -> str:
    """The word for a block of a building by which its column is called, '' for a building's.

    >>> block_word("Block"), block_word("Toà"), block_word("Chung cư")
    ('Block', 'Toà', '')
    """
    return _BLOCKS.get(fold(header), "")


def names_coordinates(header: str) -> bool:
    """Whether a header that is no field speaks of coordinates all the same."""
    key = in_full(header)
    return bool(re.search(r"\b(toa do|kinh do|vi do|lat|lon|lng|latitude|longitude)\b", key))


"""In place of a field of a mapping, where whoever knows the file has to say it."""


def _spellings(header: str) -> Iterator[str]:
    """The header in other words, the likeliest first."""
    glued = "".join(fold(header).split())
    if len(header.split()) == 1 and glued in _GLUED:
        yield _GLUED[glued]
    yield header
    # What stands in brackets explains, unless it says of when the column is.
    if not _OF_BEFORE.search(in_full(header)):
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


@_of_beginning
def _read(key: str) -> str | None:
    if name := _FIELD_OF.get(key) or _FIELD_OF.get(key.removeprefix("ten ").removesuffix(" so")):
        return name
    if (line := _LINE.fullmatch(key)) and line[1] == "1":
        return "address"
    if today := _OF_TODAY.search(key):
        return _read(key[: today.start()])
    if before := _OF_BEFORE.search(key):
        named = _read(key[: before.start()]) or ""
        return _FORMER.get(named) or (named if named in _FORMER.values() else None)
    fields = _fields_in(key.split())
    return _coordinate(key) or (min(fields) if len(fields) == 1 else None)


def _coordinate(key: str) -> str | None:
    """One axis, or both, with words around them that only say in what they are measured."""
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
    """The field of one column that holds several parts, or what is called so or so."""
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
    """The fields whose names, one behind the other, are all of the words; the fewest, else none."""
    # From the last word on, each once: a long text can be cut into names in ways without number.
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


@_of_beginning
def in_full(header: str) -> str:
    """The words of the header, folded, none of them shortened."""
    words = fold(_apart(header)).split()
    return " ".join(_SHORT.get(word, word) for word in words)


def _apart(header: str) -> str:
    """The header with its glued words apart, as far as capitals show them: `soNha`."""
    return "".join(
        f" {sign}" if sign.isupper() and before.islower() else sign
        for before, sign in zip(f" {header}", header, strict=False)
    )
