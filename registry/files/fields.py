"""Map the headers of a file to fields, in Vietnamese or English, and drop personal columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from geo.admin import LEVELS
from geo.persons import is_full_name, may_be_name, mentions_person
from geo.text import fold
from registry.core.errors import (
    ColumnsNotRecognisedError,
    CommuneNotNamedError,
    UnreadableFileError,
)
from registry.core.messages import Message, Several
from registry.core.personal import holds_personal
from registry.core.remedies import TO_FILL_IN, Remedy
from registry.core.schemes import OF_ANY_SCHEME, OF_RECORDS, SCHEMES
from registry.files.spellings.headers import (
    FIELDS,
    block_word,
    check_width,
    exported_fields,
    field_of,
    is_of_level_below,
    is_personal,
    is_running_number,
    receivers_field_of,
    weak_field_of,
)

ROW_COLUMN: Final = "dòng"
"""The column of row numbers, by which the sender finds the original row."""
REPORT_COLUMNS: Final = ("problems", "mức độ", "vấn đề", "đề nghị", ROW_COLUMN)
ANSWER_COLUMNS: Final = ("code", "code_display", "outcome", ROW_COLUMN)
"""Columns added to returned rows (`registry.intake.row_reports`), and ignored when read again."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Several columns that are read as one field, or one as several (`columns.joined`)."""

    field: str
    """The field that is made of them."""
    parts: tuple[tuple[str, int], ...]
    """Field and index of each column, in the order of `_PARTS`, then of the file."""
    always: str = ""
    """The value of each row, if no column holds it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file: fields, and what is left out."""

    positions: dict[str, int]
    """Field → index of its column."""
    personal: tuple[str, ...]
    """Headers dropped unread, because they look like names, phones or identity numbers."""
    unknown: tuple[str, ...]
    """Headers that are not a field; ignored."""
    own: tuple[int, ...] = ()
    """Indexes of the program's own columns, in a returned or generated file."""
    about_people: tuple[int, ...] = ()
    """Indexes of the columns in `personal`."""
    unread: tuple[int, ...] = ()
    """Indexes of the columns in `unknown`."""
    joined: tuple[Joined, ...] = ()
    """Fields to be made of several columns."""
    former_units: bool = False
    """Whether only a column of former communes names communes."""
    former_texts: bool = False
    """Whether addresses are texts of the former map only."""
    known: Mapping[int, str] = field(default_factory=dict)
    """Index → field of the header, read or not: the columns that may be returned (`returned`)."""

    @property
    def fields(self) -> frozenset[str]:
        """Fields that are read from columns or made of them."""
        return frozenset(self.positions) | {each.field for each in self.joined}

    @property
    def free_text(self) -> bool:
        """Whether addresses are one text."""
        return "address" in self.positions


_PARTS: Final[dict[str, tuple[str, ...]]] = {
    "house_number": ("house_number", "alley"),
    "locality": ("locality",),
    "building": ("building",),
    "longitude": ("longitude", "longitude_minutes", "longitude_seconds"),
    "latitude": ("latitude", "latitude_minutes", "latitude_seconds"),
    "point": ("point",),
    "former_commune": ("former_commune", "former_district", "former_province"),
    "uses": ("uses", "use_name"),
}
"""Field → fields of the columns that may be joined to it."""
_SEVERAL: Final = ("alley", "locality", "uses", "use_name")
"""Fields that several columns may hold: places that nest, or several uses."""


def find_columns(
    headers: Sequence[str], mapping: Mapping[str, str] | None = None, commune: str | None = None
) -> Columns:
    """The fields of `headers`; `mapping`, header → field, precedes the known headers.

    `commune` is the code of the commune of all rows, for a file without a column of communes.
    Raises UnreadableFileError, stating what is missing, if no address can be read, if two columns
    mean the same field, if a column names communes beside `commune`, and for too many columns.
    """
    check_width(headers)
    stated = _stated(mapping or {})
    found: dict[str, list[int]] = {}
    exported = _exported(headers, stated)
    ignored = {at: name for at, name in exported.items() if name == "nothing"}
    own = (*_own(headers), *ignored)
    personal: list[int] = []
    unread: list[int] = []
    identifiers: dict[int, str] = {}
    for index, header in enumerate(headers):
        if index in own:
            continue
        name = exported.get(index) or stated.get(fold(header), field_of(header))
        if name in SCHEMES or name == OF_ANY_SCHEME:
            identifiers[index] = name
        elif name is not None:
            found.setdefault(name, []).append(index)
        elif is_personal(header) and not receivers_field_of(header):
            personal.append(index)
        elif header:
            unread.append(index)
    left = [at for at in unread if fold(headers[at]) in stated]
    unread = [*left, *_without_weak(found, headers, [at for at in unread if at not in left])]
    personal += (at for at in unread if is_personal(headers[at]))
    unread = [at for at in unread if at not in personal]
    known = identifiers | ignored | {at: name for name, places in found.items() for at in places}
    split_levels(found, headers)
    former_commune, former_text = found.get("former_commune"), found.get("former_address")
    unread += _take_redundant(found, headers, of_one_commune=commune is not None)
    for name, places in found.items():
        blocks = [block_word(headers[at]) for at in places] if name == "building" else []
        nested = name in _SEVERAL or (len(blocks) == 2 and sum(map(bool, blocks)) == 1)
        if len(places) > 1 and not nested:
            # Codes of the register are the references to keep.
            places.sort(key=lambda at: name == "source_ref" and "dia chi" not in fold(headers[at]))
            raise UnreadableFileError(two_columns(name, headers[places[0]], headers[places[1]]))
    joined = [*_joined(found)]
    if commune is not None:
        _check_of_one_commune(found, headers)
        joined.append(Joined("commune_code", (), commune))
    positions = {name: places[0] for name, places in found.items()}
    known = {at: name for at, name in known.items() if at not in personal}
    _check_complete({*positions, *(each.field for each in joined)}, headers)
    return Columns(
        positions,
        tuple(safe_headers(headers[i] for i in sorted(personal))),
        tuple(safe_headers(headers[i] for i in sorted(unread))),
        own,
        tuple(sorted(personal)),
        tuple(sorted(unread)),
        tuple(joined),
        former_units=former_commune is not None and found.get("commune") == former_commune,
        former_texts=former_text is not None and found.get("address") == former_text,
        known=known,
    )


def safe_headers(headers: Iterable[str]) -> list[str]:
    """The headers that may be shown: those of a file without headers are a row about somebody."""
    return [
        header
        for header in headers
        if header and not holds_personal(header) and not _names_person(header)
    ]


def _names_person(header: str) -> bool:
    """Whether a header names a person; `Họ tên chủ hộ` does not."""
    if not is_personal(header):
        return mentions_person(header) or may_be_name(header)
    words = header.split()
    return any(
        is_full_name(" ".join(words[at : at + count]))
        for at in range(len(words))
        for count in (3, 4)
    )


def split_levels(found: dict[str, list[int]], headers: Sequence[str]) -> None:
    """Move one of two columns of a level to the level below, if its header allows it: `City`."""
    for level, below in pairwise(LEVELS):
        places = found.get(level, [])
        lower = [at for at in places if is_of_level_below(headers[at])]
        if len(places) == 2 and len(lower) == 1 and below not in found:
            found[level] = [at for at in places if at not in lower]
            found[below] = lower


def _without_weak(
    found: dict[str, list[int]], headers: Sequence[str], unread: Sequence[int]
) -> list[int]:
    """Add weakly named columns to `found` for fields without a column; return the unread rest."""
    weak: dict[str, list[int]] = {}
    for at in unread:
        name = weak_field_of(headers[at])
        excluded = name == "address" and not found.keys().isdisjoint(_NO_ADDRESS_BESIDE)
        if name is not None and name not in found and not excluded:
            weak.setdefault(name, []).append(at)
    found.update(weak)
    taken = {at for places in weak.values() for at in places}
    return [at for at in unread if at not in taken]


def weak_columns(columns: Columns, headers: Sequence[str], stated: Iterable[str]) -> list[Message]:
    """Notes on columns whose header only weakly implies their field.

    `stated` are the headers in the mapping of the caller.
    """
    known = {fold(header) for header in stated}
    return [
        Message(
            "column_taken_for",
            header=headers[at],
            field=field,
            remedy=Remedy("mapping", {headers[at]: ""}),
        )
        for field, at in columns.positions.items()
        if fold(headers[at]) not in known and weak_field_of(headers[at]) == field
    ]


def _check_of_one_commune(found: Mapping[str, list[int]], headers: Sequence[str]) -> None:
    """Raise if columns name current communes, which must not be ignored.

    Columns of former communes may stand beside the one commune.
    """
    named = [headers[at] for name in ("commune", "commune_code") for at in found.get(name, ())]
    if named:
        raise UnreadableFileError(
            Message(
                "file_names_its_communes",
                named=", ".join(named),
                commune=Remedy("no_commune"),
                left_out=Remedy("mapping", dict.fromkeys(named, "")),
                former=Remedy("mapping", {named[0]: "former_commune"}),
            )
        )


def two_columns(name: str, first: str, second: str) -> Message:
    """The message for two columns of the same field, and how to leave one out."""
    if fold(first) == fold(second):
        return Message("column_name_repeated", first=first)
    return Message(
        "columns_mean_same",
        name=name,
        first=first,
        second=second,
        remedy=Remedy("mapping", {second: ""}),
    )


def _stated(mapping: Mapping[str, str]) -> dict[str, str | None]:
    """Folded header → field, or None for a header to be ignored."""
    fields = (*FIELDS, *OF_RECORDS)
    unknown = sorted(set(mapping.values()) - {*fields, ""})
    if unknown:
        raise UnreadableFileError(
            Message("fields_unknown", unknown=", ".join(unknown), fields=", ".join(fields))
        )
    return {fold(header): name or None for header, name in mapping.items()}


def _exported(headers: Sequence[str], stated: Mapping[str, str | None]) -> dict[int, str]:
    """As `exported_fields`, except for `stated` headers.

    The code is not read beside another reference: features of a layer have it as their id too.
    """
    found = exported_fields(headers)
    referred = any(stated.get(fold(each), field_of(each)) == "source_ref" for each in headers)
    return {
        at: "nothing" if referred and name == "source_ref" else name
        for at, name in found.items()
        if fold(headers[at]) not in stated
    }


_DOOR_FIELDS: Final = ("house_number", "alley", "street", "locality", "building", "floor", "unit")


_NO_ADDRESS_BESIDE: Final = ("house_number", "street", "former_address")
"""Fields beside which a weakly named address is probably not the dwelling's."""
_OF_COMMUNES: Final = ("commune", "commune_code", "former_commune_code")


def _take_redundant(
    found: dict[str, list[int]], headers: Sequence[str], *, of_one_commune: bool
) -> list[int]:
    """Remove and return the columns in `found` that others make redundant.

    `Số` beside a number or a text numbers the rows. A former address or commune completes the
    current one, replaces it, or is ignored beside columns of parts.
    """
    left: list[int] = []
    numbers = found.get("house_number", [])
    running = [at for at in numbers if is_running_number(headers[at])]
    if running and (len(numbers) > len(running) or "address" in found):
        left += running
        found["house_number"] = [at for at in numbers if at not in running]
    if "former_address" in found and "address" not in found:
        if any(name in found for name in _DOOR_FIELDS):
            left += found.pop("former_address")
        else:
            found["address"] = found.pop("former_address")
    left += _take_former(found, of_one_commune=of_one_commune)
    if not found.keys().isdisjoint(("longitude", "latitude")):
        left += found.pop("point", [])
    for axis in ("longitude", "latitude"):
        if axis not in found:
            left += found.pop(f"{axis}_minutes", []) + found.pop(f"{axis}_seconds", [])
    for name in [name for name, places in found.items() if not places]:
        del found[name]
    return left


def _take_former(found: dict[str, list[int]], *, of_one_commune: bool) -> list[int]:
    """Let former units stand for current ones if none are named; return the columns not used."""
    former = [f"former_{name}" for name in reversed(LEVELS) if f"former_{name}" in found]
    if "former_commune" not in former:
        return [at for name in former for at in found.pop(name)]
    left: list[int] = []
    if not of_one_commune and found.keys().isdisjoint(_OF_COMMUNES):
        for name in former:
            places, today = found.pop(name), name.removeprefix("former_")
            if today in found:
                left += places
            else:
                found[today] = places
    return left


def _joined(found: dict[str, list[int]]) -> Iterator[Joined]:
    """The joined fields; their columns are removed from `found`."""
    for made, names in _PARTS.items():
        parts = tuple((name, at) for name in names for at in found.get(name, ()))
        if len(parts) > 1 or (parts and (made in ("point", "uses") or parts[0][0] != made)):
            for name in names:
                found.pop(name, None)
            yield Joined(made, parts)


def _own(headers: Sequence[str]) -> tuple[int, ...]:
    """Indexes of the program's own columns: a group counts if its first headers are all there."""
    folded = [fold(header) for header in headers]
    own: set[str] = set()
    for group, signs in ((REPORT_COLUMNS, 1), (ANSWER_COLUMNS, 3)):
        names = [fold(name) for name in group]
        if set(names[:signs]) <= set(folded):
            own.update(names)
    return tuple(index for index, name in enumerate(folded) if name in own)


def _check_complete(fields: Set[str], headers: Sequence[str]) -> None:
    if "address" in fields:
        return
    missing: list[Message] = []
    named = bool({"house_number", "street", "locality", "building", "unit"} & fields)
    if not named:
        missing.append(Message("house_columns_required"))
    if not {"commune_code", "commune", "former_commune_code"} & fields:
        missing.append(Message("commune_column_required", remedy=Remedy("commune")))
    if missing:
        seen = safe_headers(headers)
        shown = ", ".join(f"'{header[:40]}'" for header in seen[:12])
        message = Message("columns_missing", missing=Several(missing), shown=shown)
        if named:
            raise CommuneNotNamedError(message)
        unknown = (header for header in seen if field_of(header) is None)
        example = Remedy("mapping", {next(unknown, "Tên cột")[:40]: TO_FILL_IN})
        raise ColumnsNotRecognisedError(
            Message("name_the_columns", problem=message, example=example), columns=seen
        )
