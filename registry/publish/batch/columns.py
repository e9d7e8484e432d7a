"""Which columns of a table of questions are asked by: told as an import tells them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from functools import lru_cache
from typing import Final

from geo.text import fold
from registry.core.errors import ColumnsNotRecognisedError, InvalidInputError, UnreadableFileError
from registry.core.messages import Message
from registry.core.remedies import Remedy, field_words
from registry.files.fields import part_levels, told_headers, two_columns
from registry.files.spellings.headers import (
    check_width,
    field_of,
    is_personal,
    line_of_address,
    receivers_field_of,
    weak_field_of,
)
from registry.files.spellings.returned import ReturnedColumns
from registry.search.geocode import Components
from registry.search.read.completed_text import BESIDE, UNITS

PREFIX: Final = "result_"
"""Beginning of the columns of an earlier result, which are no question."""
POINT: Final = "point"
"""Field of a column that holds both coordinates: `21.0285, 105.8542`, or a link to a map."""
REFERENCE: Final = "source_ref"
"""Field of the sender's own reference of a row, which is returned as it came."""
_REFERENCES: Final = frozenset(
    {
        *("ref", "source ref", "reference", "row", "row id", "dong"),
        *("order", "order id", "order no", "order number"),
        *("tracking", "tracking id", "tracking no", "tracking number", "tracking code", "awb"),
        *("parcel", "parcel id", "waybill", "waybill no", "don hang", "so don", "so don hang"),
        *("ma don", "ma don hang", "ma van don", "van don", "so van don", "ma buu gui"),
        *("so hieu", "so hieu buu gui", "ma buu pham", "ma kien", "ma kien hang", "kien hang"),
    }
)
"""Headers, folded, of what a parcel is called by those who send it, beside those of an import."""
_PARAMETERS: Final = frozenset({"limit", "radius m", "within", "on", "wording", "chosen"})
"""Members, folded, that the single call takes beside what it asks."""
COMPONENTS: Final = tuple(field.name for field in fields_of(Components))
_ADDRESS: Final = ("address", *COMPONENTS, "alley")
_FIELDS: Final = {
    "lookup": ("code",),
    "geocode": _ADDRESS,
    "reverse": ("lon", "lat", POINT),
    "validate": _ADDRESS,
    "recheck": ("code", *_ADDRESS),
}
_CODE: Final = dict.fromkeys(("code", "ma", "ma dia chi", "ma dia chi so"), "code")
_TEXT: Final = {
    "q": "address",
    **dict.fromkeys(("postcode", "post code", "postal code", "zip", "zip code"), "postcode"),
    **dict.fromkeys(("ma buu chinh", "shipping zip", "shipping postcode"), "postcode"),
}
_OWN: Final = {
    "lookup": _CODE,
    "geocode": _TEXT,
    "reverse": {},
    "validate": _TEXT,
    "recheck": {**_TEXT, **_CODE},
}
"""Operation → headers, folded, that mean something else, or nothing, to an import."""
_ANSWERED: Final = -1
"""Rank of the column of an earlier answer: before whatever a header may mean."""
_CALLED: Final = {"longitude": "lon", "latitude": "lat"}
"""Fields of an import that are called otherwise here."""
_NEEDED: Final = {
    "lookup": (("code",), "code"),
    "geocode": (tuple(set(_ADDRESS) - set(BESIDE)), "address"),
    "reverse": (("lon", "lat", POINT), POINT),
    "validate": (tuple(set(_ADDRESS) - set(BESIDE)), "address"),
    "recheck": (("code", *(set(_ADDRESS) - set(BESIDE))), "code"),
}
"""Operation → the fields of which it needs one, and the one that a mapping would rather name."""
_MOST_SHOWN: Final = 300
"""Signs of headers that nothing is known of."""


@dataclass(frozen=True, slots=True)
class AskedColumns:
    """The columns that a table is asked by."""

    at: Mapping[str, tuple[int, ...]]
    """Field → places of its columns: an address may have several lines."""
    unread: tuple[str, ...]
    """Headers of the others."""
    returned: ReturnedColumns
    """Those that go back beside the answers."""

    def asked(self, cells: Sequence[object]) -> dict[str, object]:
        """What a row asks, by field; nothing of columns that it is too short for."""
        return {
            name: _joined([cells[at] for at in places if at < len(cells)])
            for name, places in self.at.items()
            if places[0] < len(cells)
        }


def _joined(cells: list[object]) -> object:
    """One line of several; the first cell where it says nothing, or is no text."""
    first = cells[0]
    if len(cells) == 1 or not isinstance(first, str) or not first.strip():
        return first
    return ", ".join(str(cell).strip() for cell in cells if cell and str(cell).strip())


@lru_cache(maxsize=256)
def columns_of(
    operation: str, headers: tuple[str, ...], stated: tuple[tuple[str, str], ...] = ()
) -> AskedColumns:
    """The columns that an operation is asked by; `stated`, header and field, go before our list.

    What is said of the one who is delivered to goes before a field without such words. Raises
    ColumnsNotRecognisedError where none of what is needed is there, UnreadableFileError where two
    columns mean the same, or there are too many.

    >>> read = columns_of("geocode", ("Mã đơn", "Địa chỉ", "Ghi chú"))
    >>> read.at, read.unread, read.returned.headers
    ({'address': (1,)}, ('Mã đơn', 'Ghi chú'), ('Mã đơn', 'Địa chỉ'))
    >>> columns_of("validate", ("from_address", "to_address", "Shipping City", "Shipping State")).at
    {'address': (1,), 'district': (2,), 'province': (3,)}
    """
    check_width(headers)
    fields = check_mapping(operation, stated)
    found = _found(operation, headers, fields)
    needed, likeliest = _NEEDED[operation]
    if found.keys().isdisjoint(needed):
        raise _not_recognised(headers, likeliest)
    for name, places in found.items():
        if len(places) > 1 and name != "alley":
            first, second, *_ = (headers[at] for at in places)
            raise UnreadableFileError(two_columns(name, first, second))
    at = {name: tuple(places) for name, places in found.items()}
    # A number in an alley is none of the street: `7`, `Ngõ 15`.
    alleys = at.pop("alley", ())
    if "house_number" in at:
        at["house_number"] += alleys
    if "address" in at:
        # A whole address needs no parts: they are what it was made of. Its units may stand apart.
        at = {name: at[name] for name in ("code", "address", *BESIDE) if name in at}
        lines = [place for place, header in enumerate(headers) if line_of_address(header)]
        taken = {place for places in at.values() for place in places}
        at["address"] += tuple(place for place in lines if place not in taken)
    read = {place for places in at.values() for place in places}
    asked = tuple(
        (place, field)
        for field, places in at.items()
        for place in places
        if not headers[place].startswith(PREFIX)
    )
    return AskedColumns(
        at, _named(headers, read), returned_columns(operation, headers, stated, asked)
    )


@lru_cache(maxsize=256)
def returned_columns(
    operation: str,
    headers: tuple[str, ...],
    stated: tuple[tuple[str, str], ...] = (),
    asked: tuple[tuple[int, str], ...] = (),
) -> ReturnedColumns:
    """The columns that go back beside the answers: those whose headers are known, or `asked` by."""
    known = dict(_known(operation, headers, check_mapping(operation, stated)))
    return ReturnedColumns.of(headers, (known | dict(asked)).items())


def is_reference(header: str) -> bool:
    """Whether a column holds what its sender calls a row, a parcel say."""
    return fold(header) in _REFERENCES


def _known(
    operation: str, headers: Sequence[str], stated: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Places of the columns whose headers are known, asked by or not, and what they mean."""
    for at, header in enumerate(headers):
        if header.startswith(PREFIX):
            continue
        field = next(filter(None, _readings(operation, header, stated)), None)
        if field is None and fold(header) not in stated and not is_personal(header):
            field = REFERENCE if is_reference(header) else None
            if fold(header) in _PARAMETERS:
                field = "parameter"
        if field is not None:
            yield at, field


def _named(headers: Sequence[str], read: Iterable[int] = ()) -> tuple[str, ...]:
    """The headers that are somebody's, but for those that are read."""
    return tuple(
        header
        for at, header in enumerate(headers)
        if header and at not in read and not header.startswith(PREFIX)
    )


def _found(
    operation: str, headers: Sequence[str], stated: Mapping[str, str]
) -> dict[str, list[int]]:
    """Field → places of the columns that mean it first: as stated, of a receiver, by name."""
    ranked: dict[str, dict[int, list[int]]] = {}
    # What an earlier answer found is asked about again.
    answered = PREFIX + "code"
    if operation == "recheck" and answered in headers:
        ranked["code"] = {_ANSWERED: [headers.index(answered)]}
    for at, header in enumerate(headers):
        if header.startswith(PREFIX):
            continue
        for rank, field in enumerate(_readings(operation, header, stated)):
            if field:
                ranked.setdefault(field, {}).setdefault(rank, []).append(at)
                break
    found = {}
    for field, ranks in ranked.items():
        called = _CALLED.get(field, field)
        found[called] = ranks[min(ranks)]
    part_levels(found, headers)
    # Units of an old map where none of today are named; and the same of an address.
    for name in ("address", *(UNITS if "commune" not in found else ())):
        if f"former_{name}" in found:
            found.setdefault(name, found[f"former_{name}"])
    return {name: found[name] for name in _FIELDS[operation] if name in found}


def _readings(operation: str, header: str, stated: Mapping[str, str]) -> tuple[str | None, ...]:
    """What a header means, the surest first."""
    if (key := fold(header)) in stated:
        return (stated[key],)
    return "", receivers_field_of(header), _own(operation, header), weak_field_of(header)


def _own(operation: str, header: str) -> str | None:
    return _OWN[operation].get(fold(header)) or field_of(header)


def check_mapping(operation: str, stated: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Folded header → field; '' for a column that is not read. Raises InvalidInputError."""
    known = (*_FIELDS[operation], REFERENCE)
    for field in (_CALLED.get(field, field) for _, field in stated):
        if field and field not in known:
            detail = Message("field_unknown", field=repr(field), known=", ".join(known))
            raise InvalidInputError.of_field("mapping", "literal_error", detail)
    return {fold(header): field for header, field in stated}


def _not_recognised(headers: Sequence[str], likeliest: str) -> ColumnsNotRecognisedError:
    seen = told_headers(_named(headers))
    shown = ", ".join(f"'{header}'" for header in seen)[:_MOST_SHOWN]
    unknown = (header for header in seen if not (field_of(header) or is_personal(header)))
    example = {next(unknown, "Tên cột")[:_MOST_SHOWN]: likeliest}
    return ColumnsNotRecognisedError(
        Message(
            "no_column_recognized",
            shown=shown,
            example=Remedy("mapping", example),
            likeliest=field_words(likeliest),
        ),
        columns=seen,
    )
