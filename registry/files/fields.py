"""Which column of a file is which: headers in Vietnamese or English, and those we must not read."""

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
from registry.core.schemes import SCHEMES
from registry.files.spellings.headers import (
    FIELDS,
    block_word,
    check_width,
    field_of,
    is_of_level_below,
    is_personal,
    is_running_number,
    receivers_field_of,
    weak_field_of,
)

ROW_COLUMN: Final = "dòng"
"""The column of a row's number: what else it held is the sender's to look up."""
REPORT_COLUMNS: Final = ("problems", "mức độ", "vấn đề", "đề nghị", ROW_COLUMN)
ANSWER_COLUMNS: Final = ("code", "code_display", "outcome", ROW_COLUMN)
"""Added to rows that are handed back (`registry.intake.row_reports`), and never read again."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Columns that are read as one, or one that is read as several (`joined`)."""

    field: str
    """What they are read as."""
    parts: tuple[tuple[str, int], ...]
    """Field and index of each column, in the order of `_PARTS`, then of the file."""
    always: str = ""
    """What stands in each row, where no column says it."""


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
    """Indexes of columns that are ours: in a file that comes back corrected, or made by us."""
    about_people: tuple[int, ...] = ()
    """Indexes of the columns in `personal`."""
    unread: tuple[int, ...] = ()
    """Indexes of the columns in `unknown`."""
    joined: tuple[Joined, ...] = ()
    """What is yet to be made of several columns."""
    units_of_before: bool = False
    """Whether communes are named by a column of former ones alone."""
    texts_of_before: bool = False
    """Whether addresses come as a text of before alone."""
    known: Mapping[int, str] = field(default_factory=dict)
    """Index → the field that the header means, read or not: all that is returned (`returned`)."""

    @property
    def fields(self) -> frozenset[str]:
        """What is read, or made, of the columns."""
        return frozenset(self.positions) | {each.field for each in self.joined}

    @property
    def free_text(self) -> bool:
        """Whether addresses come as one text."""
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
"""Field → the fields of columns that may be joined to it."""
_SEVERAL: Final = ("alley", "locality", "uses", "use_name")
"""Fields of which a file may have several columns: one lies in the other, or both are so."""


def find_columns(
    headers: Sequence[str], mapping: Mapping[str, str] | None = None, commune: str | None = None
) -> Columns:
    """The fields among `headers`; what `mapping`, header → field, says goes before our own list.

    `commune` is the code of the one that all rows lie in, where no column names communes. Raises
    UnreadableFileError, naming what is missing, when no address can be read from them, when two
    columns mean the same field, when a column names communes beside `commune`, and when there are
    too many.
    """
    check_width(headers)
    stated = _stated(mapping or {})
    found: dict[str, list[int]] = {}
    own = _own(headers)
    personal: list[int] = []
    unread: list[int] = []
    identifiers: dict[int, str] = {}
    for index, header in enumerate(headers):
        if index in own:
            continue
        name = stated.get(fold(header), field_of(header))
        if name in SCHEMES:
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
    known = identifiers | {at: name for name, places in found.items() for at in places}
    part_levels(found, headers)
    of_before, text_before = found.get("former_commune"), found.get("former_address")
    unread += _said_otherwise(found, headers, of_one_commune=commune is not None)
    for name, places in found.items():
        blocks = [block_word(headers[at]) for at in places] if name == "building" else []
        nested = name in _SEVERAL or (len(blocks) == 2 and sum(map(bool, blocks)) == 1)
        if len(places) > 1 and not nested:
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
        tuple(told_headers(headers[i] for i in sorted(personal))),
        tuple(told_headers(headers[i] for i in sorted(unread))),
        own,
        tuple(sorted(personal)),
        tuple(sorted(unread)),
        tuple(joined),
        units_of_before=of_before is not None and found.get("commune") == of_before,
        texts_of_before=text_before is not None and found.get("address") == text_before,
        known=known,
    )


def told_headers(headers: Iterable[str]) -> list[str]:
    """The headers for whoever reads of them: a file without any begins with somebody's row."""
    return [
        header
        for header in headers
        if header and not holds_personal(header) and not _names_somebody(header)
    ]


def _names_somebody(header: str) -> bool:
    """Whether it is a cell of a row: `Họ tên chủ hộ` speaks of people, and names none."""
    if not is_personal(header):
        return mentions_person(header) or may_be_name(header)
    words = header.split()
    return any(
        is_full_name(" ".join(words[at : at + count]))
        for at in range(len(words))
        for count in (3, 4)
    )


def part_levels(found: dict[str, list[int]], headers: Sequence[str]) -> None:
    """Of two columns of one level let the one that may be it be the level below: `City`."""
    for level, below in pairwise(LEVELS):
        places = found.get(level, [])
        lower = [at for at in places if is_of_level_below(headers[at])]
        if len(places) == 2 and len(lower) == 1 and below not in found:
            found[level] = [at for at in places if at not in lower]
            found[below] = lower


def _without_weak(
    found: dict[str, list[int]], headers: Sequence[str], unread: Sequence[int]
) -> list[int]:
    """Take columns into `found` that hold what no other one does; those that are left unread."""
    weak: dict[str, list[int]] = {}
    for at in unread:
        name = weak_field_of(headers[at])
        whole = name == "address" and not found.keys().isdisjoint(_NO_ADDRESS_BESIDE)
        if name is not None and name not in found and not whole:
            weak.setdefault(name, []).append(at)
    found.update(weak)
    taken = {at for places in weak.values() for at in places}
    return [at for at in unread if at not in taken]


def read_as(columns: Columns, headers: Sequence[str], stated: Iterable[str]) -> list[Message]:
    """Notes on columns that were taken for a field by words that may say another one.

    `stated` are the headers of which the deliverer has said what they are.
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
    """Raise where columns name communes of today: what they say must not be passed over.

    Those that name former ones say in which of them each row lies.
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
    """That two columns mean the same field, and how to leave one out."""
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
    """Folded header → field, or None for one that is not to be read."""
    unknown = sorted(set(mapping.values()) - {*FIELDS, ""})
    if unknown:
        raise UnreadableFileError(
            Message("fields_unknown", unknown=", ".join(unknown), fields=", ".join(FIELDS))
        )
    return {fold(header): name or None for header, name in mapping.items()}


_DOOR_FIELDS: Final = ("house_number", "alley", "street", "locality", "building", "floor", "unit")


_NO_ADDRESS_BESIDE: Final = ("house_number", "street", "former_address")
"""Fields beside which an address of some kind is rather another one's."""
_OF_COMMUNES: Final = ("commune", "commune_code", "former_commune_code")


def _said_otherwise(
    found: dict[str, list[int]], headers: Sequence[str], *, of_one_commune: bool
) -> list[int]:
    """Take columns out of `found` that are not read, because others say the same.

    `Số` beside a number or a text numbers the rows. An address, or a commune, of before completes
    the one of today, is read in its place, or is left aside beside columns.
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
    left += _of_before(found, of_one_commune=of_one_commune)
    if not found.keys().isdisjoint(("longitude", "latitude")):
        left += found.pop("point", [])
    for axis in ("longitude", "latitude"):
        if axis not in found:
            left += found.pop(f"{axis}_minutes", []) + found.pop(f"{axis}_seconds", [])
    for name in [name for name, places in found.items() if not places]:
        del found[name]
    return left


def _of_before(found: dict[str, list[int]], *, of_one_commune: bool) -> list[int]:
    """Names of units of before stand for those of today where none are there or stated."""
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
    """What is to be made of several columns, which are taken out of `found`."""
    for made, names in _PARTS.items():
        parts = tuple((name, at) for name in names for at in found.get(name, ()))
        if len(parts) > 1 or (parts and (made in ("point", "uses") or parts[0][0] != made)):
            for name in names:
                found.pop(name, None)
            yield Joined(made, parts)


def _own(headers: Sequence[str]) -> tuple[int, ...]:
    """Our own columns: those of a group that is there as we write it, or else they are others'."""
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
        seen = told_headers(headers)
        shown = ", ".join(f"'{header[:40]}'" for header in seen[:12])
        told = Message("columns_missing", missing=Several(missing), shown=shown)
        if named:
            raise CommuneNotNamedError(told)
        unknown = (header for header in seen if field_of(header) is None)
        example = Remedy("mapping", {next(unknown, "Tên cột")[:40]: TO_FILL_IN})
        raise ColumnsNotRecognisedError(
            Message("name_the_columns", problem=told, example=example), columns=seen
        )
