"""Localities: named places below the commune that are no streets.

>>> parse_locality("KP4").key, parse_locality("K.phố 04").key, parse_locality("Khu phố IV").key
('khu pho 4', 'khu pho 4', 'khu pho 4')
>>> parse_locality("Ấp Mỹ Hòa 3"), parse_locality("Phường 3")
(Locality(kind='ấp', name='Mỹ Hòa 3', key='ap mi hoa 3'), None)
"""

from collections.abc import Sequence
from typing import Final

from geo.text import fold
from geo.values import value
from geo.words import ROMAN, PhraseBook, Word, keys_of, phrases, text_of, without_tail, words_of

_HAMLETS: Final = {
    "thôn": "thon số",
    "ấp": "âp|áp",
    "bản": "",
    "buôn": "",
    "bon": "",
    "làng": "",
    "plei": "pley",
    "palei": "pa lei",
    "phum": "",
    "sóc": "",
    "xóm": "",
}
_QUARTERS: Final = {
    "khóm": "",
    "khối": "",
    "khối phố": "",
    "tiểu khu": "tk",
    "khu phố": "kp|k p|k phố|khuphố|kphố|quarter",
    "khu vực": "kv",
    "tổ dân phố": "tdp|t d p|tổ dp|tổ khu phố",
    "tổ nhân dân": "tổ nd|tổ ndtq|tổ nhân dân tự quản|tổ tự quản",
    "tổ": "group|tổ dân cư",
    "đội": "đội sản xuất|đội sx",
    "cụm": "",
    "cụm dân cư": "cdc",
    "khu": "khu ở",
    "dãy": "",
}
_ESTATES: Final = {
    "khu đô thị": "kđt|kdt|khu đô thị mới|kđtm|khu đt|đô thị mới",
    "khu dân cư": "kdc|khu dc|tuyến dân cư",
    "khu tái định cư": "khu tđc|tđc|ktđc",
    "khu nhà ở": "",
    "khu tập thể": "ktt|tập thể",
    "khu biệt thự": "",
    "khu giãn dân": "",
    "khu định cư": "",
    "ký túc xá": "ktx",
    "cư xá": "cx",
    "chung cư": "cc|c/c|c c|c/cư|c cư|khu chung cư|nhà chung cư|khu căn hộ",
    "khu công nghiệp": "kcn|khu cn",
    "cụm công nghiệp": "ccn|cụm cn",
    "khu chế xuất": "kcx",
    "khu công nghệ cao": "",
    "mặt bằng quy hoạch": "mbqh|mặt bằng|mb",
    "chợ": "khu chợ",
}
# Words that are as often something else: a person (đội Cấn, Tô Ký), a measure, an abbreviation.
_NUMBERED: Final = ("đội", "cụm", "tk", "group", "quarter", "mbqh", "mặt bằng", "mb")
LOCALITIES: Final = phrases("locality", {**_HAMLETS, **_QUARTERS, **_ESTATES}, numbered=_NUMBERED)
_BOOK: Final = PhraseBook(LOCALITIES)
_KIND_KEYS: Final = {phrase.kind: fold(phrase.kind) for phrase in LOCALITIES}
ESTATES: Final = frozenset(_ESTATES)
"""Kinds of places that were built as one, often in two communes."""
BLOCK_OF_FLATS: Final = "chung cư"
DWELLING_ESTATES: Final = (BLOCK_OF_FLATS, "khu tập thể", "ký túc xá")
"""Kinds that may be one building with flats."""
BLOCK_KINDS: Final = frozenset({"khu", "dãy"})
"""Kinds of places that with a mark are blocks of flats, where a flat is asked for."""
MAY_HOLD_BLOCKS: Final = ESTATES | BLOCK_KINDS | {"khối", "khối phố", "cụm"}
"""Kinds of which one may be, or hold, another block of flats at the same house number."""
NAMELESS: Final = frozenset({"khu công nghệ cao"})
"""Kinds of which a commune has one, so that they stand without a name."""
SETTLEMENTS: Final = frozenset(_HAMLETS) | {"khóm", "khối", "khu phố", "tổ", "khu", "chợ"}
"""Kinds that a comma may part from their name: `Thôn, Phúc Đa`."""
PARTING: Final = (frozenset(_HAMLETS) | frozenset(_QUARTERS)) - {
    *("xóm", "tổ", "tổ nhân dân", "đội", "cụm", "khu", "dãy")
}
"""Kinds of which one place cannot be in two: who is in Ấp 4 is not in Khu phố 1. The others divide
them."""
MAY_BE_UNSAID: Final = tuple(
    sorted(PARTING | {"xóm", "khu đô thị", "khu dân cư", "khu nhà ở", "khu biệt thự"})
)
"""Kinds that people leave out before a name."""
DIVIDING: Final = (frozenset(_HAMLETS) | frozenset(_QUARTERS)) - PARTING
"""Kinds that divide a hamlet or a quarter, and are numbered anew in each of them."""
GROUPS: Final = frozenset({"tổ", "tổ dân phố", "tổ nhân dân"})
"""Kinds of groups of neighbours, which people do not tell apart: `Tổ 1` for Tổ dân phố 1."""
# Units of any map that would read as localities. Hamlets of the same names exist.
_UNITS: Final = frozenset(
    f"{kind} {name}"
    for kind, names in {
        "buon": "choah|ho|ma thuot|me thuot|triet|tria|trap|don",
        "cho": "chu|chua|gao|lach|lau|lon|moi|quan|ra|vam|don|chun|long",
        "ban": "me thuot|bo|cai|cong|cam|diu|giang|hon|ho|lang|lien|luoc|lam|lau|may|mu|me|ngoai|"
        "nguyen|ngo|nhung|phiet|phung|pho|qua|ria|sen|thi|vuoc|xeo|co|gian|long|thach|tan dinh|dat",
        "lang": "chanh|minh|quan|son|thip|cheu|giang|mo|nhi|bien|dai|ha|lon|thuong|tron|cong|ngam|"
        "can|co|hieu|thanh|khe",
        "soc": "ha|son|trang",
        "xom": "chieu|cui",
        "bon": "phang",
        "plei": "kan",
        "to": "chau|hieu|hap|mua|mau|tung",
    }.items()
    for name in names.split("|")
)


@value(frozen=True, slots=True)
class Locality:
    """A hamlet, quarter, housing estate or market as an address names it."""

    kind: str
    """Written out in full: `thôn`, `khu phố`; empty where a file's column does not say it."""
    name: str
    """As written, without the kind; numbers without leading zeros."""
    key: str
    """Kind and name, folded: `khu pho 4`."""

    @property
    def is_numbered(self) -> bool:
        """Whether its name is a number, which tells it from none of another commune: `Khu 5`."""
        return self.name.replace(" ", "").isdigit()

    @property
    def may_be_unit(self) -> bool:
        """Whether a commune, district or province bears this name as well: `Chợ Mới`."""
        return self.key in _UNITS


def innermost_first(places: Sequence[Locality]) -> tuple[Locality, ...]:
    """The localities of one address as they nest, where the hamlet stands before its parts.

    >>> hamlet, group = Locality("thôn", "Bắc", "thon bac"), Locality("tổ", "3", "to 3")
    >>> [place.name for place in innermost_first([hamlet, group])]
    ['3', 'Bắc']
    """
    if len(places) < 2 or _size(places[0]) <= min(map(_size, places)):
        return tuple(places)
    return tuple(sorted(places, key=_size))


def _size(place: Locality) -> int:
    """0 a group of neighbours, 1 what else divides a hamlet, 2 what holds them."""
    return 0 if place.kind in GROUPS else 1 if place.kind in DIVIDING else 2


def of_like_kind(locality: Locality) -> tuple[Locality, ...]:
    """The same group by the other kinds of groups; empty for what is none.

    >>> [other.key for other in of_like_kind(Locality("tổ", "1", "to 1"))]
    ['to dan pho 1', 'to nhan dan 1']
    """
    if locality.kind not in GROUPS:
        return ()
    own = locality.key.removeprefix(_KIND_KEYS[locality.kind])
    others = sorted(GROUPS - {locality.kind})
    return tuple(Locality(kind, locality.name, _KIND_KEYS[kind] + own) for kind in others)


def parse_locality(text: str) -> Locality | None:
    """The locality that `text` names, with its kind; None without one."""
    words = words_of(text)
    phrase = _BOOK.match(words, 0) if words else None
    return locality_of(phrase.kind, words[len(phrase.keys) :]) if phrase else None


def locality_of(kind: str, words: Sequence[Word]) -> Locality | None:
    """The locality of a kind that was read already, and the words behind it."""
    while words and (words[0].key == "so" and len(words) > 1 and words[1].numeric):
        words = words[1:]
    words = words[:1] if len(words) == 1 else without_tail(words)
    if not words:
        return Locality(kind, "", _KIND_KEYS[kind]) if kind in NAMELESS else None
    # A letter may be a name (`Khu X`, `Khu I`); behind a name or alone it counts as a number.
    last = ROMAN.get(words[-1].text)
    keys = keys_of(words[:-1]) + ([last] if last else keys_of(words[-1:]))
    name = [*(text_of([w]) for w in words[:-1]), last or _unpadded(words[-1].text)]
    # A column of localities may hold a name without its kind.
    key = " ".join([_KIND_KEYS[kind], *keys] if kind else keys)
    return Locality(kind, " ".join(name), key)


def _unpadded(number: str) -> str:
    return number.lstrip("0") or number if number[0] == "0" else number
