"""Loads a delivery of an operator: all its areas and offices, which replace the former ones.

One transaction with one event; an equal delivery, like a dry run, changes nothing and has none.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from geo.text import fold
from registry.core.actors import who_acts
from registry.core.database import driver_connection
from registry.core.errors import UnreadableFileError
from registry.core.events import Cause, write_scope
from registry.core.messages import Message
from registry.core.personal import PERSONAL_DATA
from registry.core.sql import Statements
from registry.files.table_column import Wrong
from registry.files.table_file import ProblemTable, RowProblem
from registry.publish.services import Kind
from registry.publish.services.checking import ServiceOverlap, overlaps
from registry.publish.services.listing import ListedArea, areas_of
from registry.publish.services.rows import (
    MOST_CODES,
    AreaRow,
    OfficeRow,
    Read,
    Reader,
    kind_of,
    rows_of,
)
from registry.units.gazetteer import Gazetteer
from registry.units.written_units import UNIT_PROBLEMS

SQL: Final = Statements(__file__, "queries.sql")

PROBLEMS: Final = {
    "operator_differs": Message("row_of_other_operator"),
    "service_missing": Message("row_has_no_service"),
    "kind_unknown": Message("service_kind_invalid"),
    "area_missing": Message("row_has_no_area"),
    "office_missing": Message("office_name_missing"),
    "office_differs": Message("office_row_differs"),
    "point_unreadable": Message("office_point_invalid"),
    "hours_unreadable": Message("opening_hours_invalid"),
    "text_unreadable": Message("office_name_invalid"),
    PERSONAL_DATA: Message("personal_data_found"),
    **UNIT_PROBLEMS,
    "code_unreadable": Message("row_code_malformed"),
    "codes_unknown": Message("codes_have_no_door"),
    "polygon_unreadable": Message("drawing_unreadable"),
    "polygon_repaired": Message("drawing_repaired"),
    "polygon_outside": Message("drawing_not_in_degrees"),
    "polygon_too_fine": Message("drawing_too_detailed"),
    "date_unreadable": Message("row_day_invalid"),
    "dates_swapped": Message("day_range_reversed"),
    "row_repeated": Message("row_repeated"),
}
"""Code → message of a problem of a row."""
_TABLE: Final = ProblemTable(PROBLEMS, warnings=("polygon_repaired", "codes_unknown"))
_OF_OTHERS: Final = ("row_repeated", "operator_differs")
"""Problems of rows without an area of this operator, or with one that is already reported."""
_NAMED: Final = 3
"""Codes named by a problem of a list."""
MOST_LOST: Final = 200
"""Lost areas in a result."""


@dataclass(frozen=True, slots=True)
class LostArea:
    """An area on record that goes because the row that should say it again is wrong."""

    row_number: int
    service: str
    kind: Kind
    office: str | None
    communes: int
    named: tuple[str, ...]
    """Names of the first communes"""
    codes: int
    size_km2: float | None
    """Of what is drawn"""

    @staticmethod
    def of(row_number: int, area: ListedArea) -> "LostArea":
        """Make it of an area and its row."""
        extent = (area.communes, area.named, area.codes, area.size_km2)
        return LostArea(row_number, area.service, area.kind, area.office, *extent)


@dataclass(frozen=True, slots=True)
class ServicesLoaded:
    """What became of a file: it has taken the place of all that the operator had."""

    operator: str
    rows: int
    areas: int
    """That the operator has by this file: new + unchanged"""
    new: int
    unchanged: int
    gone: int
    """That it had before and has no more"""
    offices: int
    offices_changed: int
    """New, moved, with other hours, or gone"""
    rejected: int
    problems: Annotated[
        tuple[RowProblem, ...],
        Field(
            description="All that is wrong with each row, the first 1,000 in an answer; `code` is"
            f" one of {', '.join(PROBLEMS)}"
        ),
    ]
    overlaps: tuple[ServiceOverlap, ...]
    """Of the operator's areas as they are by this file"""
    lost: Annotated[
        tuple[LostArea, ...], Field(description=f"Of those gone; the first {MOST_LOST}")
    ]
    written: bool
    """False of a dry run, of what changes nothing, and where no row could be taken"""

    @property
    def changes(self) -> int:
        """Number of changes; 0 if no row was accepted."""
        return self.new + self.gone + self.offices_changed if self.areas + self.offices else 0


_AreaName = tuple[str, Kind | None, str]
"""Service, kind and office; empty if unreadable."""


@dataclass(slots=True)
class _Delivery:
    """The content of a file."""

    rows: int
    areas: dict[bytes, tuple[int, AreaRow]]
    offices: dict[str, OfficeRow]
    problems: list[RowProblem]
    refused: list[tuple[int, _AreaName]] = field(default_factory=list)
    """Numbers of invalid rows, and the areas that they name."""


class _NothingToKeepError(Exception):
    """Rolls back a load that changed nothing, or a dry run."""


def load_services(
    engine: Engine,
    gazetteer: Gazetteer,
    path: Path,
    operator: str,
    *,
    dry_run: bool = False,
    sheet: str | None = None,
) -> ServicesLoaded:
    """Replace the operator's areas and offices with those of the file.

    An invalid row is reported and does not affect others; a file without a valid row replaces
    nothing. `operator` comes from `operator_of`. Raises UnreadableFileError for a file that cannot
    be read, lacks columns or is too long.
    """
    delivery = _read(path, operator, gazetteer, sheet)
    empty = not delivery.areas and not delivery.offices
    return _write(engine, operator, delivery, gazetteer, dry_run=dry_run or empty)


def remove_services(engine: Engine, operator: str, *, dry_run: bool = False) -> ServicesLoaded:
    """Remove all areas and offices of an operator that no longer serves."""
    return _write(engine, operator, _Delivery(0, {}, {}, []), None, dry_run=dry_run)


def _write(
    engine: Engine,
    operator: str,
    delivery: _Delivery,
    gazetteer: Gazetteer | None,
    *,
    dry_run: bool,
) -> ServicesLoaded:
    """Replace the operator's areas and offices, or report the outcome of a dry run."""
    result = None
    cause = Cause("services", who_acts()[0], scope={"operator": operator})
    with suppress(_NothingToKeepError), write_scope(engine, cause) as session:
        _stage(session.connection(), operator, delivery)
        result = _replace(session, operator, delivery, gazetteer, dry_run=dry_run)
        if not result.written:
            raise _NothingToKeepError
    assert result is not None  # noqa: S101 - it is set before the only exception that is swallowed
    return result


def _read(path: Path, operator: str, gazetteer: Gazetteer, sheet: str | None) -> _Delivery:
    rows = list(rows_of(path, sheet))
    reader = Reader.of(operator, gazetteer, rows)
    delivery = _Delivery(len(rows), {}, {}, [])
    listed = 0
    for number, row in enumerate(rows, start=1):
        read = reader.read(row)
        if isinstance(read, Read):
            read = _agreeing(delivery, read)
        if not isinstance(read, Read):
            delivery.problems += [_TABLE.of(number, *wrong) for wrong in read]
            if read[0][0] not in _OF_OTHERS:
                name = (fold(row.cells["service"]), kind_of(row.cells), fold(row.cells["office"]))
                delivery.refused.append((number, name))
            continue
        delivery.problems += [_TABLE.of(number, *doubt) for doubt in read.doubts]
        if read.office is not None:
            delivery.offices[read.office.name] = read.office
        if read.area is not None:
            delivery.areas[read.area.digest] = number, read.area
            listed += len(read.area.codes)
    if listed > MOST_CODES:
        raise UnreadableFileError(
            Message("source_has_too_many_codes", name=path.name, most=MOST_CODES)
        )
    return delivery


def _agreeing(delivery: _Delivery, read: Read) -> Read | list[Wrong]:
    """Complete the office of a row from earlier rows; return the problem if they contradict."""
    area, office = read.area, read.office
    if area is not None and area.digest in delivery.areas:
        return [("row_repeated", area.service)]
    known = delivery.offices.get(office.name) if office is not None else None
    if office is None or known is None:
        return read
    if None not in (office.lon, known.lon) and (office.lon, office.lat) != (known.lon, known.lat):
        return [("office_differs", office.name)]
    if None not in (office.hours, known.hours) and office.hours != known.hours:
        return [("office_differs", office.name)]
    placed = known if office.lon is None else office
    merged = OfficeRow(office.name, placed.lon, placed.lat, office.hours or known.hours)
    return Read(merged, area, read.doubts)


def _stage(connection: Connection, operator: str, delivery: _Delivery) -> None:
    """COPY the delivery into temporary tables; deliveries of one operator are serialised."""
    connection.execute(_LOCK, {"operator": operator})
    connection.execute(SQL.text("stage"))
    with driver_connection(connection).cursor() as cursor:
        with cursor.copy("COPY service_row_office FROM STDIN") as copy:
            for office in delivery.offices.values():
                copy.write_row((office.name, office.lon, office.lat, office.hours))
        with cursor.copy("COPY service_row FROM STDIN") as copy:
            for number, area in delivery.areas.values():
                days = (area.first, area.after)
                values = (area.service, area.kind, area.office, area.ewkb, *days, area.digest)
                copy.write_row((number, *values))
        with cursor.copy("COPY service_row_unit FROM STDIN") as copy:
            for number, area in delivery.areas.values():
                for unit_id in area.unit_ids:
                    copy.write_row((number, unit_id))
        with cursor.copy("COPY service_row_code FROM STDIN") as copy:
            for number, area in delivery.areas.values():
                for code in area.codes:
                    copy.write_row((number, code))


def _replace(
    session: Session,
    operator: str,
    delivery: _Delivery,
    gazetteer: Gazetteer | None,
    *,
    dry_run: bool,
) -> ServicesLoaded:
    connection, own = session.connection(), {"operator": operator}
    problems = [
        _TABLE.of(row.number, "codes_unknown", f"{row.count:,}: {', '.join(row.codes)}")
        for row in connection.execute(SQL.text("unknown_codes"), {"named": _NAMED})
    ]
    problems += delivery.problems
    lost = _lost(session, operator, delivery, gazetteer) if gazetteer else ()
    gone = connection.execute(SQL.text("remove_areas"), own).rowcount
    changed = connection.execute(SQL.text("write_offices"), own).rowcount
    new = connection.execute(SQL.text("write_areas"), own).rowcount
    for statement in (SQL.text("write_units"), SQL.text("write_codes")):
        connection.execute(statement, own)
    changed += connection.execute(SQL.text("remove_offices"), own).rowcount
    overlapping = overlaps(session, gazetteer, operator) if gazetteer and delivery.areas else ()
    return ServicesLoaded(
        operator,
        rows=delivery.rows,
        areas=len(delivery.areas),
        new=new,
        unchanged=len(delivery.areas) - new,
        gone=gone,
        offices=len(delivery.offices),
        offices_changed=changed,
        rejected=len({each.row_number for each in problems if each.severity == "error"}),
        problems=tuple(sorted(problems, key=lambda problem: (problem.row_number, problem.code))),
        overlaps=tuple(overlapping),
        lost=lost,
        written=not dry_run and new + gone + changed > 0,
    )


def _lost(
    session: Session, operator: str, delivery: _Delivery, gazetteer: Gazetteer
) -> tuple[LostArea, ...]:
    """Return the areas removed because of refused rows, each with its row."""
    if not delivery.refused:
        return ()
    gone: dict[_AreaName, list[int]] = {}
    for area_id, service, kind, office in session.execute(
        SQL.text("areas_gone"), {"operator": operator}
    ):
        for name in product((fold(service), ""), (kind, None), (fold(office or ""),)):
            gone.setdefault(name, []).append(area_id)
    found: dict[int, int] = {}
    for number, name in delivery.refused:
        area_id = next((each for each in gone.get(name, ()) if each not in found), None)
        if area_id is not None and len(found) < MOST_LOST:
            found[area_id] = number
    areas = areas_of(session, gazetteer, list(found))
    return tuple(
        LostArea.of(number, area) for number, area in zip(found.values(), areas, strict=True)
    )


_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext('services'), hashtext(:operator))")
