"""Lists of a street or hamlet: for the wall, and with tick boxes for field work."""

from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from geo import code as codes
from geo.label import door_words, number_of
from registry.lifecycle.requests import Doors
from registry.publish.paper.selection import page_of, select
from registry.publish.paper.site import Site
from registry.publish.paper.typesetting import Notices, Paper, typeset
from registry.records.record import Record, names_on
from registry.units.gazetteer import Gazetteer, today

MAX_LINES: Final = 5_000
"""Lines in one PDF."""

Purpose = Literal["wall", "field"]


def print_list(
    session: Session,
    gazetteer: Gazetteer,
    site: Site,
    doors: Doors,
    purpose: Purpose = "wall",
    *,
    skip: int = 0,
) -> Paper:
    """Print a list of doors, at most MAX_LINES after the first `skip`.

    Raises InvalidInputError, NotFoundError, OutsideUnitsError.
    """
    notices = Notices()
    selected = select(session, doors, notices)
    records = page_of(selected, notices, skip=skip, most=MAX_LINES)
    watermark = site.note_watermarks((record.code for record in records), notices)
    unit = gazetteer.units.get(selected.unit_id) if selected.unit_id else None
    data = {
        "purpose": purpose,
        "title": selected.title or "Các mã đã chọn",
        "units": ", ".join(names_on(gazetteer, unit, today())) if unit else "",
        "day": f"{today():%d/%m/%Y}",
        "count": len(selected.records),
        "lines": [_line(record, skip + at) for at, record in enumerate(records, 1)],
        "watermark": watermark,
    }
    pdf = typeset("list", data, notices)
    return Paper("danh-sach.pdf", pdf, len(records), notices.all())


def _line(record: Record, at: int) -> dict[str, Any]:
    return {
        "at": at,
        "number": number_of(record.label_parts) or "",
        "address": ", ".join(door_words(record.label_parts)),
        "code": codes.format(record.code),
        "hint": record.delivery_hint or "",
        "point": record.lon is not None,
    }
