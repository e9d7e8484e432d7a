"""An export: a file that appears when it is whole, with its dictionary and licence beside it."""

import datetime
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from registry.access import audit
from registry.changes.snapshot import LICENCE
from registry.coverage.measure import communes_by_province, living_units
from registry.csv_cells import Writer
from registry.database import driver_connection, session_scope
from registry.errors import InvalidInputError, NotFoundError, UnreadableFileError
from registry.export.columns import HEADINGS, chosen, schema
from registry.gazetteer import VIET_NAM, Gazetteer, load_gazetteer, today
from registry.messages import not_written
from registry.units import label_day
from registry.whole_file import whole_file

FORMATS: Final = ("csv", "xlsx", "ndjson", "geojson", "gpkg", "geoparquet")
STATUSES: Final = ("active", "proposed", "retired")
"""Those that a file may hold: a reserved code stands for no address yet."""

_ROWS: Final = 200_000
"""Records between two words of progress."""
_SHEET_ROWS: Final = 10_000
"""The same of a workbook, which takes minutes where other files take seconds."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is exported, and how."""

    format: str
    unit: str | None = None
    """Code of a province or commune; of an old map: those that continue it."""
    statuses: tuple[str, ...] = ("active",)
    as_of: datetime.datetime | None = None
    demo: bool = False
    on: datetime.date | None = None
    """A day whose label is wanted as well, in a column of its own."""
    external: bool = False
    """Whether what other schemes call them is wanted, in a column of its own."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    records: int
    former: tuple[str, str] | None
    """The unit of an old map that was asked for."""
    units: tuple[tuple[str, str], ...]
    """Code and name of the units that were exported; none for the country."""


def export_file(
    engine: Engine,
    path: Path,
    options: ExportOptions,
    progress: Callable[[int], None] = lambda _records: None,
) -> Exported:
    """Write the households that may be shown into `path`, and beside it what its columns mean.

    All of one moment; noted in the audit log. `engine` must have no statement timeout. Restricted
    records are left out, as of any day. Raises NotFoundError where nothing fits, and leaves no
    file; InvalidInputError and NotFoundError for wrong options, UnreadableFileError where the file
    cannot be written.
    """
    # Not before they are asked for: Arrow takes half a second and 60 MB.
    from registry.export.formats import WRITERS, larger_batches
    from registry.export.read import Wanted, read_batches

    _check(options)
    _, geometry, write = WRITERS[options.format]
    with session_scope(engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        gazetteer, day = load_gazetteer(session), today()
        communes, named, former = _units(gazetteer, options.unit, day)
        wanted = Wanted(
            communes,
            options.statuses,
            options.as_of,
            options.demo,
            options.on,
            options.external,
        )
        batches = read_batches(
            driver_connection(session.connection()), gazetteer, day, wanted, geometry=geometry
        )
        rows = _SHEET_ROWS if options.format == "xlsx" else _ROWS
        counted = _Counted(larger_batches(batches), rows, progress)
        try:
            # GDAL lays a journal beside the file.
            with whole_file(path, by_name=options.format == "gpkg") as partial:
                columns = schema(
                    geometry=geometry, on=options.on is not None, external=options.external
                )
                write(partial, counted, columns)
                if not counted.records:
                    raise NotFoundError(
                        "không có bản ghi nào phù hợp, không ghi tệp (nothing to export)"
                    )
                _write_beside(path, options, named, counted.records, geometry=geometry)
        except OSError as error:
            raise UnreadableFileError(not_written(path, error)) from error
        units = tuple(code for code, _ in named)
        entry = audit.Entry("operator", "admin", "export", units, counted.records)
        audit.record(session, entry)
    return Exported(path, counted.records, former, named)


class _Counted:
    """The batches as they pass by, told of when they are written: `rows` at once."""

    def __init__(self, batches: Iterator[Any], rows: int, progress: Callable[[int], None]) -> None:
        self._batches, self._rows, self._progress = batches, rows, progress
        self.records = 0

    def __iter__(self) -> Iterator[Any]:
        for batch in self._batches:
            for at in range(0, batch.num_rows, self._rows):
                part = batch.slice(at, self._rows)
                yield part
                self.records += part.num_rows
                self._progress(self.records)


def _check(options: ExportOptions) -> None:
    label_day(options.on)
    if options.format not in FORMATS:
        raise InvalidInputError.of_field("format", "literal_error", f"one of {FORMATS}")
    if not options.statuses or not set(options.statuses) <= set(STATUSES):
        raise InvalidInputError.of_field("status", "literal_error", f"one of {STATUSES}")
    if options.as_of is not None and options.as_of > datetime.datetime.now(VIET_NAM):
        raise InvalidInputError.of_field(
            "as_of", "day_in_future", f"{options.as_of:%Y-%m-%d} has not come"
        )


def _units(
    gazetteer: Gazetteer, code: str | None, day: datetime.date
) -> tuple[tuple[int, ...] | None, tuple[tuple[str, str], ...], tuple[str, str] | None]:
    """Ids of communes, the units that hold them, and the unit of an old map they continue."""
    if code is None:
        return None, (), None
    units, former = living_units(gazetteer, code, day)
    inside = communes_by_province(gazetteer, day)
    communes = {
        commune.id
        for unit in units
        for commune in (inside.get(unit.id, ()) if unit.level == "province" else (unit,))
    }
    named = tuple((unit.code, unit.version_on(day).full_name) for unit in units)
    return tuple(sorted(communes)), named, former


def _write_beside(
    path: Path,
    options: ExportOptions,
    units: tuple[tuple[str, str], ...],
    records: int,
    *,
    geometry: bool,
) -> None:
    out = io.StringIO()
    writer = Writer(out, lineterminator="\n")
    writer.writerow(("column", "type", "nghĩa", "meaning"))
    columns = chosen(geometry=geometry, on=options.on is not None, external=options.external)
    for column in columns:
        called = HEADINGS[column.name] if options.format == "xlsx" else column.name
        writer.writerow((called, column.type, column.vietnamese, column.english))
    path.with_name(f"{path.name}.columns.csv").write_text(out.getvalue(), encoding="utf-8")
    moment = options.as_of or datetime.datetime.now(VIET_NAM)
    where = ", ".join(f"{name} ({code})" for code, name in units) or "cả nước (the country)"
    told = (
        f"{path.name}\n{records:,} bản ghi (records): {where}; {', '.join(options.statuses)}\n"
        f"Thời điểm (as of): {moment.isoformat(timespec='seconds')}\n"
        "Không có nơi hạn chế; mã này không phải mã định danh địa điểm của Nhà nước (restricted"
        " places are left out; the code is not the State's place identifier).\n"
        f"\nGiấy phép (licence): {LICENCE}\n"
    )
    path.with_name(f"{path.name}.licence.txt").write_text(told, encoding="utf-8")
