"""Inspect the columns that are not read, by the first rows of a file.

A header may not show that a column is about people, or needed for an address. Personal numbers are
recognised by their form, and their columns dropped like those with personal headers. Other columns
are reported by their headers, since they may need a mapping.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from geo.persons import is_full_name, may_be_name
from geo.points import point_in
from geo.text import fold
from registry.core.messages import Message, Several
from registry.core.remedies import Remedy
from registry.core.schemes import SCHEMES
from registry.files.fields import Columns, safe_headers
from registry.files.spellings.headers import names_coordinates

_SHARE: Final = 0.5
"""Share of a column's cells with the form in question."""

# Số định danh: the province of birth, 001 to 096, sex and century, year, and six figures.
_IDENTITY: Final = re.compile(r"0(?!00|97|98|99)\d{2}([0-9]\d{2})\d{6}")
_TELEPHONE: Final = re.compile(r"(?:0|\+?84)(?=[35789])(\d{2})\d{7}")
_TEN_DIGITS: Final = re.compile(SCHEMES["dia_chi_so"].pattern)
_BETWEEN: Final = re.compile(r"[ .\-]")
# Running numbers begin alike, personal numbers do not.
_LEAST_APART: Final = 5
_FEW: Final = 3
_STREET: Final = re.compile(
    r"(đường|phố|ngõ|hẻm|kiệt|quốc lộ|tỉnh lộ|đại lộ|hương lộ)\s+\w|(ql|tl|đt)\s?\d", re.IGNORECASE
)
_DEGREES: Final = re.compile(r"(?:10\d|11[0-7]|[6-9]|1\d|2[0-3])[.,]\d{4,}")
_OF_ANY_FORM: Final = ("real_estate_id", "parcel")
"""Schemes whose values may be numbers of people by their form."""
_RUNNING: Final = frozenset({"stt", "tt", "so tt", "so thu tu", "no", "so"})


@dataclass(frozen=True, slots=True)
class LookedThrough:
    """The result of inspecting the first rows."""

    columns: Columns
    """The columns without personal ones."""
    notes: tuple[Message, ...]
    """Notes for the sender."""
    unread: tuple[str, ...]
    """Headers of columns that are not blank and not read."""


def look_through(
    headers: Sequence[str],
    sample: Sequence[Sequence[str]],
    columns: Columns,
    stated: Iterable[str] = (),
) -> LookedThrough:
    """Inspect the first rows of the unknown columns and of the references.

    `stated` are the headers in the mapping of the caller, which are not reported.
    """
    left_out = frozenset(map(fold, stated))
    reference = columns.positions.get("source_ref")
    identifiers = (at for at, name in columns.known.items() if name in _OF_ANY_FORM)
    looked_at = (*columns.unread, *identifiers, *(() if reference is None else (reference,)))
    cells = {at: _cells(sample, at) for at in looked_at}
    people = [at for at in looked_at if _are_of_people(cells[at])]
    notes = [_dropped(headers[at], reference=at == reference) for at in people]
    columns = _without(columns, headers, people)
    if reference is not None and fold(headers[reference]) not in left_out:
        notes += _of_scheme(headers[reference], cells[reference])
    unread_at = [at for at in columns.unread if fold(headers[at]) not in left_out]
    for at in unread_at:
        notes += _meant(headers[at], cells[at], columns)
    unread = safe_headers(
        headers[at] for at in unread_at if cells[at] and fold(headers[at]) not in _RUNNING
    )
    return LookedThrough(columns, tuple(notes), tuple(unread))


def _cells(rows: Iterable[Sequence[str]], at: int) -> list[str]:
    return [cell for row in rows if at < len(row) and (cell := " ".join(row[at].split()))]


def _are_of_people(cells: Sequence[str]) -> bool:
    """Whether most cells are identity numbers, telephone numbers, e-mail addresses or names."""
    if sum("@" in cell for cell in cells) > len(cells) * _SHARE or _are_names(cells):
        return True
    written = [_BETWEEN.sub("", cell) for cell in cells]
    for form in (_IDENTITY, _TELEPHONE):
        found = [match[1] for text in written if (match := form.fullmatch(text))]
        apart = min(_LEAST_APART, len(found) // 2) if len(found) >= _FEW else 1
        if found and len(found) >= len(cells) * _SHARE and len(set(found)) >= apart:
            return True
    return False


def _are_names(cells: Sequence[str]) -> bool:
    """Whether most are personal names; few unknown street names contain Văn or Thị."""
    full = sum(map(is_full_name, cells))
    named = sum(map(may_be_name, cells))
    return len(cells) >= _FEW and full * 4 >= len(cells) and named > len(cells) * _SHARE


def _dropped(header: str, *, reference: bool) -> Message:
    shown = next(iter(safe_headers([header])), "…")
    dropped = Message("personal_column_dropped", headers=shown)
    known = Message("rows_matched_by_address")
    return Several((dropped, known), between="") if reference else dropped


def _without(columns: Columns, headers: Sequence[str], people: Sequence[int]) -> Columns:
    if not people:
        return columns
    unread = tuple(at for at in columns.unread if at not in people)
    about_people = tuple(sorted((*columns.about_people, *people)))
    return replace(
        columns,
        positions={name: at for name, at in columns.positions.items() if at not in people},
        personal=tuple(safe_headers(headers[at] for at in about_people)),
        unknown=tuple(safe_headers(headers[at] for at in unread)),
        about_people=about_people,
        unread=unread,
        known={at: name for at, name in columns.known.items() if at not in people},
    )


def _meant(header: str, cells: Sequence[str], columns: Columns) -> list[Message]:
    """A warning on what an unread column evidently holds."""
    if not cells:
        return []
    placed = not columns.fields.isdisjoint(("longitude", "latitude", "point"))
    if not placed and _share(cells, point_in):
        return [_warning(header, "coordinates", "point")]
    if names_coordinates(header) or _share(cells, _DEGREES.fullmatch):
        key = fold(header)
        axis = "latitude" if re.search(r"\b(vi do|lat|bac|y)\b", key) else "longitude"
        return [_warning(header, "coordinates", axis)]
    if "street" not in columns.positions and _share(cells, _STREET.match):
        return [_warning(header, "streets", "street")]
    return []


def _of_scheme(header: str, cells: Sequence[str]) -> list[Message]:
    """A note on references that may be địa chỉ số, as the header calls them."""
    if "dia chi so" not in fold(header) or not _share(cells, _TEN_DIGITS.fullmatch):
        return []
    remedy = Remedy("mapping", {header: "dia_chi_so"})
    return [Message("references_of_ten_digits", header=header, remedy=remedy)]


def _share(cells: Sequence[str], is_so: Callable[[str], object]) -> bool:
    written = (unicodedata.normalize("NFC", cell) for cell in cells)
    return sum(map(bool, map(is_so, written))) > len(cells) * _SHARE


def _warning(header: str, what: str, field: str) -> Message:
    return Message(f"unread_{what}", header=header, remedy=Remedy("mapping", {header: field}))
