"""Recognises the columns of a table of questions, by the same headers as an import."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from functools import lru_cache
from typing import Final

from geo.text import fold
from registry.core.errors import ColumnsNotRecognisedError, InvalidInputError, UnreadableFileError
from registry.core.messages import Message
from registry.core.remedies import Remedy, field_words
from registry.files.fields import safe_headers, split_levels, two_columns
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
"""Prefix of the columns of an earlier result, which are not part of the question."""
POINT: Final = "point"
"""Field of a column with both coordinates: `21.0285, 105.8542`, or a link to a map."""
FORMER: Final = "former_commune"
"""Field of the code of the chosen one of several former communes."""
REFERENCE: Final = "source_ref"
"""Field of the sender's own reference of a row, returned unchanged."""
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
"""Folded headers that senders use for a parcel's reference, besides those of an import."""
_PARAMETERS: Final = frozenset({"limit", "radius m", "within", "on", "wording", "chosen"})
"""Folded names of parameters that a single request takes besides the question."""
COMPONENTS: Final = tuple(field.name for field in fields_of(Components))
_ADDRESS: Final = ("address", *COMPONENTS, "alley")
_FIELDS: Final = {
    "lookup": ("code",),
    "geocode": _ADDRESS,
    "reverse": ("lon", "lat", POINT),
    "validate": (*_ADDRESS, FORMER),
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
    "validate": {**_TEXT, "former commune": FORMER},
    "recheck": {**_TEXT, **_CODE},
}
"""Operation → folded headers that have another meaning, or none, in an import."""
_ANSWERED: Final = -1
"""Rank of the column of an earlier answer: before any meaning of a header."""
_RENAMED: Final = {"longitude": "lon", "latitude": "lat", "former_commune_code": FORMER}
"""Fields of an import that have another name here."""
_NEEDED: Final = {
    "lookup": (("code",), "code"),
    "geocode": (tuple(set(_ADDRESS) - set(BESIDE)), "address"),
    "reverse": (("lon", "lat", POINT), POINT),
    "validate": (tuple(set(_ADDRESS) - set(BESIDE)), "address"),
    "recheck": (("code", *(set(_ADDRESS) - set(BESIDE))), "code"),
}
"""Operation → the fields of which it needs one, and the one to suggest for a mapping."""
_MOST_SHOWN: Final = 300
"""Characters of unknown headers shown in an error."""


@dataclass(frozen=True, slots=True)
class AskedColumns:
    """The columns of a table that make its questions."""

    at: Mapping[str, tuple[int, ...]]
    """Field → positions of its columns: an address may have several lines."""
    unread: tuple[str, ...]
    """Headers of the columns that are not read."""
    returned: ReturnedColumns
    """Columns returned with the answers."""

    def asked(self, cells: Sequence[object]) -> dict[str, object]:
        """Return the cells of a row by field, without columns beyond the end of the row."""
        return {
            name: _joined([cells[at] for at in places if at < len(cells)])
            for name, places in self.at.items()
            if places[0] < len(cells)
        }


def _joined(cells: list[object]) -> object:
    """Join cells into one line; return the first cell if it is empty or not text."""
    first = cells[0]
    if len(cells) == 1 or not isinstance(first, str) or not first.strip():
        return first
    return ", ".join(str(cell).strip() for cell in cells if cell and str(cell).strip())


@lru_cache(maxsize=256)
def columns_of(
    operation: str, headers: tuple[str, ...], stated: tuple[tuple[str, str], ...] = ()
) -> AskedColumns:
    """Return the columns that make the question of `operation`.

    `stated` pairs of header and field take precedence over the built-in headers; headers that name
    the receiver take precedence over general ones. Raises ColumnsNotRecognisedError if no needed
    column is found, UnreadableFileError if two columns have the same meaning or there are too many.

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
    # The number of an alley belongs to the house number, not the street: `7`, `Ngõ 15`.
    alleys = at.pop("alley", ())
    if "house_number" in at:
        at["house_number"] += alleys
    if "address" in at:
        # A complete address includes its parts; only units may be given in their own columns.
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
    """Return the columns to send back with the answers: known headers, and those in `asked`."""
    known = dict(_known(operation, headers, check_mapping(operation, stated)))
    return ReturnedColumns.of(headers, (known | dict(asked)).items())


def is_reference(header: str) -> bool:
    """Whether a column has the sender's reference of a row, such as a parcel number."""
    return fold(header) in _REFERENCES


def _known(
    operation: str, headers: Sequence[str], stated: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Yield position and field of every column with a known header."""
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
    """Return the non-empty headers of the sender's columns except those in `read`."""
    return tuple(
        header
        for at, header in enumerate(headers)
        if header and at not in read and not header.startswith(PREFIX)
    )


def _found(
    operation: str, headers: Sequence[str], stated: Mapping[str, str]
) -> dict[str, list[int]]:
    """Map each field to its best-ranked columns: as stated, of a receiver, by name."""
    ranked: dict[str, dict[int, list[int]]] = {}
    # Recheck the code that an earlier answer found.
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
        name_here = _RENAMED.get(field, field)
        found[name_here] = ranks[min(ranks)]
    split_levels(found, headers)
    # Fall back to units of a former map if no current ones are given; likewise for the address.
    for name in ("address", *(UNITS if "commune" not in found else ())):
        if f"former_{name}" in found:
            found.setdefault(name, found[f"former_{name}"])
    return {name: found[name] for name in _FIELDS[operation] if name in found}


def _readings(operation: str, header: str, stated: Mapping[str, str]) -> tuple[str | None, ...]:
    """Return the possible fields of a header, the most certain first."""
    if (key := fold(header)) in stated:
        return (stated[key],)
    return "", receivers_field_of(header), _own(operation, header), weak_field_of(header)


def _own(operation: str, header: str) -> str | None:
    return _OWN[operation].get(fold(header)) or field_of(header)


def check_mapping(operation: str, stated: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Map folded headers to fields; '' skips a column. Raises InvalidInputError."""
    known = (*_FIELDS[operation], REFERENCE)
    for field in (_RENAMED.get(field, field) for _, field in stated):
        if field and field not in known:
            detail = Message("field_unknown", field=repr(field), known=", ".join(known))
            raise InvalidInputError.of_field("mapping", "literal_error", detail)
    return {fold(header): field for header, field in stated}


def _not_recognised(headers: Sequence[str], likeliest: str) -> ColumnsNotRecognisedError:
    seen = safe_headers(_named(headers))
    shown = ", ".join(f"'{header}'" for header in seen)[:_MOST_SHOWN]
    checks = (field_of, is_personal, is_reference)
    unknown = (header for header in seen if not any(check(header) for check in checks))
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
