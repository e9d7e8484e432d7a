"""Selects the records of a paper: by codes, or all of a street or locality."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from geo.house_number import natural_order
from geo.label import named
from registry.access.jurisdiction import check_jurisdiction
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle.requests import Doors
from registry.lifecycle.work import LIVING, read_code
from registry.publish.paper.typesetting import Notices
from registry.records.named_places import commune_id, former_id, locality_of, street_of
from registry.records.record import Record, columns

_WHERE: Final = {
    "codes": "records_named",
    "street": "records_of_street",
    "locality": "records_of_locality",
}
SQL: Final = Statements(__file__, "queries.sql", columns=columns(successors="NULL::text[]"))


@dataclass(frozen=True, slots=True)
class Selected:
    """The records of a paper."""

    records: tuple[Record, ...]
    """In the order of numbers along the street, or of the given codes."""
    title: str | None
    """The street or locality, if one was selected."""
    unit_id: int | None
    """Its commune."""


def select(session: Session, doors: Doors, notices: Notices) -> Selected:
    """Return the records of the paper; restricted ones of a street are left out, with a notice.

    Raises InvalidInputError, NotFoundError, and OutsideUnitsError for records outside the units of
    the caller.
    """
    check_jurisdiction(session, doors)
    if doors.codes:
        return Selected(_named(session, doors.codes), None, None)
    unit_id = commune_id(session, doors.commune or "")
    former = former_id(session, doors.former_commune, unit_id) if doors.former_commune else None
    if doors.street is not None:
        class_, place = "street", street_of(session, unit_id, former, doors.street)
    else:
        class_, place = "locality", locality_of(session, unit_id, former, doors.locality or "")
    found = _read(session, class_, {"id": place.id, "states": ["active"]})
    shown = [record for record in found if not record.restricted]
    notices.add("restricted", count=len(found) - len(shown))
    title = named(place.kind, place.name)
    if not shown:
        raise NotFoundError(Message("place_has_no_doors", title=title))
    return Selected(tuple(sorted(shown, key=_along)), title, unit_id)


def page_of(selected: Selected, notices: Notices, *, skip: int, most: int) -> tuple[Record, ...]:
    """Return at most `most` records after the first `skip`, with a notice if there are more.

    Raises InvalidInputError if nothing is left.
    """
    shown = selected.records[skip : skip + most]
    if not shown:
        raise InvalidInputError.of_field(
            "skip", "beyond_the_last", Message("too_few_records", count=len(selected.records))
        )
    notices.add("more", count=max(0, len(selected.records) - skip - len(shown)))
    return shown


def _named(session: Session, given: list[str]) -> tuple[Record, ...]:
    wanted = [read_code(f"codes.{at}", code) for at, code in enumerate(given)]
    states = ["reserved", *LIVING]
    found = {
        record.code: record
        for record in _read(session, "codes", {"codes": wanted, "states": states})
    }
    for at, code in enumerate(wanted):
        if code not in found:
            raise NotFoundError(Message("listed_code_not_in_use", at=at, code=given[at]))
    return tuple(found[code] for code in dict.fromkeys(wanted))


def _read(session: Session, what: str, parameters: dict[str, Any]) -> list[Record]:
    rows: Any = session.execute(SQL.text("records", _WHERE[what]), parameters)
    return [Record(*row) for row in rows]


def _along(record: Record) -> tuple[object, ...]:
    """Sort key along a street, then through a building."""
    return (
        record.house_number_key is None,
        natural_order(record.house_number_key or ""),
        natural_order(record.building_key or ""),
        natural_order(record.floor or ""),
        natural_order(record.unit_number or ""),
        record.code,
    )
