"""House number plates with street, code and QR code, ready to cut."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from geo import code as codes
from geo.label import named, number_of
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.lifecycle.requests import Doors
from registry.publish.paper.selection import page_of, select
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Notices, Paper, qr_svg, typeset
from registry.records.record import Record, names_on
from registry.units.gazetteer import Gazetteer, today

MAX_PLATES: Final = 1_000
"""Plates in one PDF."""
SIZE: Final = re.compile(r"([0-9]{2,3})x([0-9]{2,3})")
ROLL_MM: Final = (100, 2_000)
"""Least and greatest width of a roll."""
BLEED_MM: Final = 10
"""Greatest bleed."""
_WIDTHS: Final = (60, 600)
_HEIGHTS: Final = (40, 400)
_A4: Final = (210, 297)
_MARK_MM: Final = 4
_LONGEST_MM: Final = 2_000
"""Approximate length of a page of a roll: cutting programs refuse longer ones."""

Sheet = Literal["a4", "roll"]


@dataclass(frozen=True, slots=True)
class PlateForm:
    """Format of plates, in millimetres."""

    size: str = "180x120"
    """Width x height of a plate after cutting."""
    sheet: Sheet = "a4"
    roll_mm: int = 320
    """Width of a roll."""
    bleed_mm: int = 3
    """How far the background extends beyond the cut."""


PLATE_FORM: Final = PlateForm()
"""The default."""


@dataclass(frozen=True, slots=True)
class _Layout:
    width: int
    height: int
    page_width: float
    page_height: float
    columns: int
    rows: int


def print_plates(
    session: Session,
    gazetteer: Gazetteer,
    site: Site,
    doors: Doors,
    form: PlateForm = PLATE_FORM,
    *,
    skip: int = 0,
) -> Paper:
    """Print the plates of doors, at most MAX_PLATES after the first `skip`.

    Nothing is recorded: the operation `issue-plates` records that plates were issued. Raises
    InvalidInputError, NotFoundError, OutsideUnitsError.
    """
    layout, notices = _layout(form), Notices()
    selected = select(session, doors, notices)
    records = page_of(selected, notices, skip=skip, most=MAX_PLATES)
    site.note_watermarks((record.code for record in records), notices)
    pdf = typeset(
        "plates",
        {
            "width": layout.width,
            "height": layout.height,
            "bleed": form.bleed_mm,
            "page_width": layout.page_width,
            "page_height": layout.page_height,
            "columns": layout.columns,
            "rows": layout.rows,
            "roll": form.sheet == "roll",
            "plates": [_plate(gazetteer, site, record) for record in records],
        },
        notices,
    )
    return Paper("bien.pdf", pdf, len(records), notices.all())


def _layout(form: PlateForm) -> _Layout:
    """Return the columns and rows of plates on a page; raises InvalidInputError."""
    match = SIZE.fullmatch(form.size)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (_WIDTHS[0] <= width <= _WIDTHS[1] and _HEIGHTS[0] <= height <= _HEIGHTS[1]):
        raise InvalidInputError.of_field(
            "size",
            "malformed_size",
            Message(
                "plate_size_invalid",
                least_width=_WIDTHS[0],
                least_height=_HEIGHTS[0],
                most_width=_WIDTHS[1],
                most_height=_HEIGHTS[1],
            ),
        )
    beside = 2 * (form.bleed_mm + _MARK_MM)
    cell = (width + beside, height + beside)
    if form.sheet == "roll":
        pages: tuple[tuple[int, int], ...] = ((form.roll_mm, max(_LONGEST_MM, cell[1])),)
    else:
        pages = (_A4, _A4[::-1])
    fits = [(page, page[0] // cell[0], page[1] // cell[1]) for page in pages]
    page, columns, rows = max(fits, key=lambda fit: fit[1] * fit[2])
    if not columns * rows:
        raise InvalidInputError.of_field(
            "size",
            "larger_than_the_sheet",
            Message(
                "plate_larger_than_page",
                size=form.size,
                cell_width=cell[0],
                cell_height=cell[1],
                page_width=page[0],
                page_height=page[1],
            ),
        )
    return _Layout(width, height, *page, columns, rows)


def _plate(gazetteer: Gazetteer, site: Site, record: Record) -> dict[str, Any]:
    code = codes.format(record.code)
    big, line = _door(record)
    unit = gazetteer.units.get(record.unit_id) if record.unit_id else None
    return {
        "name": record.code,
        "code": code,
        "big": big or code,
        "line": line,
        "small": ", ".join(names_on(gazetteer, unit, today())) if unit else "",
        "qr": qr_svg(site.address_url(code)),
        "watermark": site.watermark(record.code),
    }


def _door(record: Record) -> tuple[str, str]:
    """Return the large line of a plate, and the line below it."""
    street = named(record.street_kind, record.street_name) if record.street_name else None
    places = [named(kind, name) for kind, name in record.localities]
    around = [*([street] if street else []), *places]
    number = number_of(record.label_parts)
    flat = record.unit_number
    inside = [each for each in (number, record.building_name) if each]
    if flat:
        around = [
            ", ".join([*([f"Tầng {record.floor}"] if record.floor else []), *inside]),
            *around,
        ]
    elif inside:
        flat, *rest = inside
        around = [*rest, *around]
    elif around:
        flat, *around = around
    return flat or "", ", ".join(filter(None, around))
