"""Runs an export: the file appears when complete, with its dictionary and licence beside it."""

import datetime
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access import audit
from registry.core.actors import who_acts
from registry.core.database import driver_connection, session_scope
from registry.core.errors import InvalidInputError, NotFoundError, UnreadableFileError
from registry.core.messages import Message, not_written
from registry.coverage.measure import communes_by_province, living_units
from registry.files.csv_cells import Writer
from registry.files.whole_file import whole_file
from registry.publish.changes.snapshot import LICENCE
from registry.publish.export.columns import HEADINGS, Column, columns_of, schema
from registry.publish.export.formats import FORMATS, OF_BOUNDARIES, STREAMED, Trait
from registry.units import label_day
from registry.units.gazetteer import VIET_NAM, Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer

LAYERS: Final = ("households", "communes", "provinces")
STATUSES: Final = ("active", "proposed", "retired")
"""Statuses that a file may contain: a reserved code has no address yet."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is exported, and how."""

    format: str
    unit: str | None = None
    """Code of a province or commune; of a former one: its successors."""
    statuses: tuple[str, ...] = ("active",)
    as_of: datetime.datetime | None = None
    demo: bool = False
    on: datetime.date | None = None
    """Also return labels of that day, in a column of their own."""
    external: bool = False
    """Also return external identifiers, in a column of their own."""
    use: str | None = None
    """Only places with this use."""
    layer: str = "households"
    """Or boundaries of units: communes, provinces."""
    area: str | None = None
    """Hexadecimal EWKB (`registry.publish.export.area`): only records inside, in their current
    state."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    records: int
    former: tuple[str, str] | None
    """The former unit that was requested."""
    units: tuple[tuple[str, str], ...]
    """Code and name of the exported units; empty for the country."""


def export_file(
    engine: Engine,
    path: Path,
    options: ExportOptions,
    progress: Callable[[int], None] = lambda _records: None,
) -> Exported:
    """Write visible households to `path`, and its data dictionary beside it.

    All rows are of one moment; the export is recorded in the audit log. `engine` must have no
    statement timeout. Restricted records are left out, as of any day. Raises NotFoundError, without
    leaving a file, if nothing matches; InvalidInputError and NotFoundError for invalid options,
    UnreadableFileError if the file cannot be written.
    """
    _check(options)
    form = FORMATS[options.format]
    with _opened(engine, options, progress) as found:
        try:
            with whole_file(path, by_name=Trait.FILES_BESIDE in form.traits) as partial:
                form.write(partial, found.batches, found.schema)
                _write_beside(path, options, found)
        except OSError as error:
            raise UnreadableFileError(not_written(path, error)) from error
    return Exported(path, found.batches.records, found.former, found.units)


def export_stream(
    engine: Engine,
    options: ExportOptions,
    progress: Callable[[int], None] = lambda _records: None,
) -> Iterator[bytes]:
    """Yield the export in pieces, for a streamed format; raises at first as `export_file` does.

    The transaction stays open until the pieces are consumed. A later failure ends the stream
    without its last piece.
    """
    if options.format not in STREAMED:
        raise InvalidInputError.of_field(
            "format", "literal_error", Message("must_be_one_of", expected=STREAMED)
        )
    with _opened(engine, options, progress) as found:
        yield from FORMATS[options.format].pieces(found.batches, found.schema)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The batches to write, read lazily."""

    batches: "_Counted"
    schema: Any
    columns: tuple[Column, ...]
    units: tuple[tuple[str, str], ...]
    former: tuple[str, str] | None


@contextmanager
def _opened(
    engine: Engine, options: ExportOptions, progress: Callable[[int], None]
) -> Iterator[_Opened]:
    """Yield what the options select, in a transaction of its own; audited at its end."""
    _check(options)
    with session_scope(engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.execute(text("SET LOCAL statement_timeout = 0"))
        gazetteer, day = load_gazetteer(session), today()
        if options.layer == "households":
            found = _households(session, gazetteer, day, options, progress)
        else:
            found = _boundaries(session, gazetteer, options, progress)
        yield found
        units = tuple(code for code, _ in found.units)
        entry = audit.Entry(*who_acts(), "export", units, found.batches.records)
        audit.record(session, entry)


def _households(
    session: Session,
    gazetteer: Gazetteer,
    day: datetime.date,
    options: ExportOptions,
    progress: Callable[[int], None],
) -> _Opened:
    from registry.publish.export.read import Wanted, read_batches
    from registry.publish.export.writers import even_batches

    form = FORMATS[options.format]
    geometry = Trait.GEOMETRY in form.traits
    communes, named, former = _units(gazetteer, options.unit, day)
    wanted = Wanted(
        *(communes, options.statuses, options.as_of, options.demo, options.on, options.external),
        use=options.use,
        placed=Trait.ONLY_PLACED in form.traits,
        area=options.area,
        along=Trait.ALONG_CURVE in form.traits,
    )
    connection = driver_connection(session.connection())
    batches = read_batches(connection, gazetteer, day, wanted, geometry=geometry)
    kept = {"geometry": geometry, "on": options.on is not None, "external": options.external}
    counted = _Counted(even_batches(batches), form.rows_of_progress, progress)
    return _Opened(counted, schema(**kept), columns_of(**kept), named, former)


def _boundaries(
    session: Session,
    gazetteer: Gazetteer,
    options: ExportOptions,
    progress: Callable[[int], None],
) -> _Opened:
    from registry.publish.export.boundaries import COLUMNS, read_boundaries

    batch = read_boundaries(
        *(session, gazetteer, options.layer, options.unit, options.as_of),
        as_text=options.format == "geojson",
    )
    counted = _Counted(
        iter([batch] if batch.num_rows else []), FORMATS[options.format].rows_of_progress, progress
    )
    return _Opened(counted, batch.schema, COLUMNS, (), None)


class _Counted:
    """Passes batches on, `rows` at once, and reports progress after each.

    Raises NotFoundError if there are none.
    """

    def __init__(self, batches: Iterator[Any], rows: int, progress: Callable[[int], None]) -> None:
        first = next(batches, None)
        if first is None:
            raise NotFoundError(Message("nothing_to_export"))
        self._batches, self._rows, self._progress = chain([first], batches), rows, progress
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
        raise InvalidInputError.of_field(
            "format", "literal_error", Message("must_be_one_of", expected=tuple(FORMATS))
        )
    if options.layer not in LAYERS:
        raise InvalidInputError.of_field(
            "layer", "literal_error", Message("must_be_one_of", expected=LAYERS)
        )
    if options.layer != "households" and options.format not in OF_BOUNDARIES:
        raise InvalidInputError.of_field(
            "format", "literal_error", Message("must_be_one_of", expected=OF_BOUNDARIES)
        )
    if not options.statuses or not set(options.statuses) <= set(STATUSES):
        raise InvalidInputError.of_field(
            "status", "literal_error", Message("must_be_one_of", expected=STATUSES)
        )
    plain = options.as_of is None and options.statuses == ("active",)
    if options.area is not None and not (plain and options.layer == "households"):
        raise InvalidInputError.of_field("within", "area_of_today", Message("area_of_today"))
    if options.as_of is not None and options.as_of > datetime.datetime.now(VIET_NAM):
        raise InvalidInputError.of_field(
            "as_of", "day_in_future", Message("export_day_in_future", as_of=options.as_of)
        )


def _units(
    gazetteer: Gazetteer, code: str | None, day: datetime.date
) -> tuple[tuple[int, ...] | None, tuple[tuple[str, str], ...], tuple[str, str] | None]:
    """Return ids of communes, the units they belong to, and the former unit they succeed."""
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


def _write_beside(path: Path, options: ExportOptions, found: _Opened) -> None:
    out = io.StringIO()
    writer = Writer(out, lineterminator="\n")
    writer.writerow(("column", "type", "nghĩa", "meaning"))
    for column in found.columns:
        heading = HEADINGS[column.name] if options.format == "xlsx" else column.name
        writer.writerow((heading, column.type, column.vietnamese, column.english))
    path.with_name(f"{path.name}.columns.csv").write_text(out.getvalue(), encoding="utf-8")
    moment = options.as_of or datetime.datetime.now(VIET_NAM)
    where = ", ".join(f"{name} ({code})" for code, name in found.units) or Message("whole_country")
    what = ", ".join(options.statuses) if options.layer == "households" else options.layer
    notice = (
        f"{path.name}\n{found.batches.records:,} bản ghi (records): {where}; {what}\n"
        f"Thời điểm (as of): {moment.isoformat(timespec='seconds')}\n"
        f"{_REMARKS[options.layer == 'households']}\n"
        f"\nGiấy phép (licence): {LICENCE}\n"
    )
    path.with_name(f"{path.name}.licence.txt").write_text(notice, encoding="utf-8")


_REMARKS: Final = {
    True: "Không có chỗ không công khai; mã này không phải mã định danh địa điểm của Nhà nước"
    " (restricted places are left out; the code is not the State's place identifier).",
    False: "Hình vẽ để thống kê, không phải địa giới hành chính pháp lý (drawn for statistics;"
    " no legal boundaries).",
}
"""Remark for households (True) and for boundaries (False)."""
