"""Which column of a file is which: headers in Vietnamese or English, and those we must not read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from geo.text import fold
from registry.errors import UnreadableFileError

# Field → headers that mean it, folded (`geo.text.fold`), the field's own name apart.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "source_ref": (
        "ref",
        "id",
        "ma",
        "ma ho",
        "ma so",
        "ma dia chi",
        "ma ho so",
        "so ho so",
        "reference",
    ),
    "address": (
        *("dia chi", "dia chi day du", "dia chi chi tiet", "dia chi nha", "dia chi ho"),
        *("full address", "dia chi thuong tru", "noi o", "noi thuong tru"),
    ),
    "former_address": (
        *("dia chi cu", "dia chi truoc", "dia chi truoc day", "dia chi theo dia gioi cu"),
        *("dia chi truoc 2025", "dia chi truoc sap nhap", "dia chi truoc khi sap nhap"),
        *("dia chi truoc 1 7 2025", "dia chi truoc 01 07 2025", "dia chi truoc sat nhap"),
        *("address before 2025", "address before 2025 07", "old address", "address old"),
        "dia chi cu truoc sap nhap",
    ),
    "house_number": ("so nha", "so", "house no", "number", "housenumber"),
    "street": ("duong", "ten duong", "pho", "duong pho", "ten duong pho", "street name", "road"),
    "locality": (
        "thon",
        "ap",
        "to dan pho",
        "khu pho",
        "thon to dan pho",
        "thon xom",
        "thon to",
        "to thon xom",
        "to dan pho thon",
        "khu pho to",
        "to",
        "xom",
        "thon ap",
        "khu dan cu",
        "khom ap",
        "hamlet",
        *("buon", "khom", "khoi", "tieu khu", "ten thon", "ten to"),
    ),
    "building": ("toa nha", "chung cu", "toa", "ten toa nha", "building name"),
    "floor": ("tang", "level"),
    "unit": ("can ho", "phong", "so can ho", "so phong", "flat", "apartment", "room"),
    "commune_code": ("ma xa", "ma phuong", "ma xa phuong", "ma phuong xa", "ward code", "ma dvhc"),
    "commune": ("xa", "phuong", "xa phuong", "phuong xa", "ten xa", "ten phuong", "ward"),
    "district": ("huyen", "quan", "quan huyen", "huyen quan", "ten huyen", "ten quan"),
    "province": (
        "tinh",
        "thanh pho",
        "tinh thanh pho",
        "tinh thanh",
        "tinh tp",
        "ten tinh",
        "city",
    ),
    "former_commune_code": ("ma xa cu", "ma phuong cu", "ma xa phuong cu", "old ward code"),
    "longitude": ("lon", "lng", "long", "kinh do", "x", "toa do x", "x m"),
    "latitude": ("lat", "vi do", "y", "toa do y", "y m"),
    "point": (
        *("toa do", "toa do gps", "toa do nha", "toa do diem", "gps", "coordinates"),
        *("toa do lat lon", "toa do lat lng", "toa do lat long", "lat lon", "lat lng", "lat long"),
        *("vi do kinh do", "kinh do vi do", "toa do vi do kinh do", "toa do kinh do vi do"),
    ),
    "households_count": ("so ho", "so ho dan", "households"),
    "position_accuracy_m": ("do chinh xac", "do chinh xac m", "accuracy", "accuracy m"),
    "visit_result": ("ket qua",),
}
NO_HOUSE: Final = frozenset({"khong co nha", "khong co nha nay", "dat trong", "no house"})
"""What `visit_result` says of a place without a house, folded; anything else is a remark."""

_OR: Final = re.compile(r"[,/;()]| hoặc ", re.IGNORECASE)

REPORT_COLUMNS: Final = ("problems", "mức độ", "vấn đề", "đề nghị")
ANSWER_COLUMNS: Final = ("code", "code_display", "outcome")
"""What is added to rows that are handed back (`registry.intake.handback`), and never read again."""

# A header that holds one of these words, or is one of these as a whole, is about a person.
_PERSONAL_WORDS: Final = (
    "ho ten",
    "ho va ten",
    "chu ho",
    "ten chu",
    "nguoi",
    "dien thoai",
    "so dt",
    "sdt",
    "phone",
    "mobile",
    "tel",
    "email",
    "cccd",
    "cmnd",
    "can cuoc",
    "chung minh",
    "ho chieu",
    "passport",
    "identity",
    "ngay sinh",
    "nam sinh",
    "birth",
    "gioi tinh",
    "gender",
    "dan toc",
    "ton giao",
    "owner",
    "customer",
    "khach hang",
    "ten khach",
    "fullname",
    "full name",
    "zalo",
    "facebook",
    "ma so thue",
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields of a file stand, and what is left out of it."""

    positions: dict[str, int]
    """Field → index of its column."""
    personal: tuple[str, ...]
    """Headers dropped unread, because they look like names, phones or identity numbers."""
    unknown: tuple[str, ...]
    """Headers that are no field; ignored."""
    own: tuple[int, ...] = ()
    """Indexes of columns that we wrote ourselves, into a file that comes back corrected."""
    about_people: tuple[int, ...] = ()
    """Indexes of the columns in `personal`."""

    @property
    def free_text(self) -> bool:
        """Whether addresses come as one text."""
        return "address" in self.positions


def find_columns(headers: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    """The fields among `headers`; what `mapping`, header → field, says goes before our own list.

    Raises UnreadableFileError, naming what is missing, when no address can be read from them, and
    when two columns mean the same field.
    """
    stated = _stated(mapping or {})
    positions: dict[str, int] = {}
    own = _own(headers)
    personal: list[int] = []
    unknown: list[str] = []
    for index, header in enumerate(headers):
        if index in own:
            continue
        name = stated.get(fold(header), _field(header))
        if name is None:
            if is_personal(header):
                personal.append(index)
            elif header:
                unknown.append(header)
        elif name in positions:
            raise UnreadableFileError(
                f"hai cột cùng nghĩa {name} (two columns mean {name}):"
                f" '{headers[positions[name]]}' và '{header}'; đổi tên hoặc bỏ một cột"
            )
        else:
            positions[name] = index
    unknown += [headers[positions.pop(name)] for name in _said_otherwise(positions)]
    _check_complete(positions, headers)
    return Columns(
        positions, tuple(headers[i] for i in personal), tuple(unknown), own, tuple(personal)
    )


def _stated(mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Folded header → field, or None for one that is not to be read."""
    unknown = sorted(set(mapping.values()) - {*FIELDS, ""})
    if unknown:
        raise UnreadableFileError(
            f"không có trường (no such field): {', '.join(unknown)};"
            f" các trường: {', '.join(FIELDS)}"
        )
    return {fold(header): name or None for header, name in mapping.items()}


_DOOR_FIELDS: Final[tuple[str, ...]] = ("house_number", "street", "building", "floor", "unit")


def _said_otherwise(positions: dict[str, int]) -> list[str]:
    """Fields that are not read, because others say the same.

    A text of today is the door, and columns of the same would say it twice, or otherwise. A text
    of before completes it, is read in its place, or is left aside beside columns.
    """
    door = [name for name in _DOOR_FIELDS if name in positions]
    if "former_address" in positions and "address" not in positions:
        if door or "locality" in positions:
            return ["former_address"]
        positions["address"] = positions.pop("former_address")
    return door if "address" in positions else []


def _own(headers: Sequence[str]) -> tuple[int, ...]:
    """Our own columns: those of a group that is there as we write it, or else they are others'."""
    folded = [fold(header) for header in headers]
    own: set[str] = set()
    for group, signs in ((REPORT_COLUMNS, 1), (ANSWER_COLUMNS, 3)):
        names = [fold(name) for name in group]
        if set(names[:signs]) <= set(folded):
            own.update(names)
    return tuple(index for index, name in enumerate(folded) if name in own)


def is_personal(header: str) -> bool:
    """Whether a column looks like it is about people, who are never stored.

    >>> is_personal("Họ và tên chủ hộ"), is_personal("SĐT"), is_personal("Tên đường")
    (True, True, False)
    """
    words = f" {fold(header)} "
    return any(f" {word} " in words for word in _PERSONAL_WORDS)


def fields_named(headers: Sequence[str]) -> frozenset[str]:
    """The fields that the headers name: what tells a header from the rows around it."""
    return frozenset(name for name in map(_field, headers) if name)


def _field(header: str) -> str | None:
    if name := _field_of(fold(header)):
        return name
    # `Thôn, xóm, tiểu khu`: one column for what is called so or so.
    named = {_field_of(fold(part)) for part in _OR.split(header)}
    return named.pop() if len(named) == 1 else None


def _field_of(key: str) -> str | None:
    for name, synonyms in FIELDS.items():
        if key == fold(name) or key in synonyms:
            return name
    return None


def _check_complete(positions: dict[str, int], headers: Sequence[str]) -> None:
    if "address" in positions:
        return
    missing = []
    if not {"house_number", "street", "locality", "building", "unit"} & positions.keys():
        missing.append("địa chỉ (address), hoặc số nhà / đường / thôn (house_number, …)")
    if not {"commune_code", "commune", "former_commune_code"} & positions.keys():
        missing.append("mã xã (commune_code) hoặc xã (commune)")
    if missing:
        shown = ", ".join(f"'{header[:40]}'" for header in list(headers)[:12])
        raise UnreadableFileError(
            f"thiếu cột (missing columns): {'; '.join(missing)}. Dòng đầu đang có: {shown}"
        )
