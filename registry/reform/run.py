"""Run a reform in one transaction with one event; a dry run rolls it back."""

import datetime
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

import shapely
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from registry.access.reach import check_covers
from registry.core.actors import unbind
from registry.core.database import session_scope
from registry.core.errors import DatabaseUnavailableError, RegistryError
from registry.core.events import Cause, move_pending_events, open_event
from registry.core.locks import Lock, hold_lock
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.coverage.count_cache import count_within
from registry.files.whole_file import whole_file
from registry.jobs.queue import enqueue_once
from registry.jobs.table import JOBS
from registry.reform.carrying import carry
from registry.reform.plan import make_plan
from registry.reform.plan_values import Plan
from registry.reform.progress import Entering, quietly
from registry.reform.reading import Document, kept
from registry.reform.refusals import ReformRunsError, Refusal, ResolutionRefusedError
from registry.reform.report import Report, gazetteer_of, make_report
from registry.reform.selections import Polygons, Selections, read_boundaries, resolve_selections
from registry.reform.settling import Units, place_undecided, settle, settle_places
from registry.reform.units import write_units
from registry.reform.work_file import list_undecided, write_work_files
from registry.units.gazetteer import today

SQL: Final = Statements(__file__, "queries.sql")

_TRY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:k)")
_FORGET_UNITS: Final = text("SELECT forget_announced(:source, :day, :units)")
_RULES: Final = {
    "uq_reform_number_in_force": "resolution_known",
    "ex_admin_unit_one_per_code_and_day": "code_in_use",
}
_DEADLOCK: Final = "40P01"
_DRAW: Final = next(job for job in JOBS if job.name == "map.draw")


class _DryRunError(Exception):
    """Rolls back a dry run."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a reform is carried out."""

    actor: str
    dry_run: bool = False
    nearest: bool = False
    """Move the undecided where their neighbours go, rather than refuse."""
    decided: Mapping[str, str] = field(default_factory=dict)
    """Code of a household → code of its commune."""
    folder: Path | None = None
    """Where the report and the work files are written."""
    reform_id: int = 0
    """Id of a reform that was prepared, or delivered and tried."""
    waits: bool = False
    """Wait for a running reform, as jobs do, rather than raise."""


def reform(
    engine: Engine,
    document: Document,
    options: Options,
    entering: Entering = quietly,
) -> Report:
    """Carry out the resolution, or prepare it for its effective date, or report a dry run.

    Raises ResolutionRefusedError with all refusals; OutsideUnitsError for units outside the
    actor's; ReformRunsError while another reform runs; OSError for files that cannot be written;
    and the errors of session_scope.
    """
    report: Report | None = None
    with suppress(_DryRunError), _at_once(), session_scope(engine) as session:
        lock_reforms(session, waits=options.waits)
        report = _Work(session, document, options, entering).do()
        if report.state == "dry_run":
            raise _DryRunError
    if report is None:
        raise AssertionError("a reform ended without a report")
    if not options.dry_run:
        with suppress(DatabaseUnavailableError, OperationalError):
            move_pending_events(engine)
    if options.folder is not None:
        _write_report(options.folder, report)
    return report


def lock_reforms(session: Session, *, waits: bool = False) -> None:
    """Lock out other reforms until the transaction ends.

    Raises ReformRunsError if one runs, unless `waits`.
    """
    if waits:
        hold_lock(session, Lock.REFORM)
    elif not session.execute(_TRY_LOCK, {"k": int(Lock.REFORM)}).scalar_one():
        raise ReformRunsError(Message("reform_already_running"))


def lock_tables(session: Session) -> None:
    """Block writers, not readers, of the tables of a reform until the transaction ends."""
    session.execute(SQL.text("lock_tables"))


def forget_units(session: Session, reform_id: int) -> None:
    """Delete the announced units of a prepared reform."""
    row = session.execute(SQL.text("lock_prepared"), {"id": reform_id}).one_or_none()
    if row is None:
        return
    parameters = {
        "day": row.effective_on,
        "source": f"decision {row.number}",
        "units": row.unit_ids,
    }
    session.execute(_FORGET_UNITS, parameters)


def draw_soon(session: Session) -> None:
    """Queue a redraw of the map, if the register has jobs."""
    if session.scalar(text("SELECT to_regclass('jobs.procrastinate_jobs') IS NOT NULL")):
        enqueue_once(session, _DRAW)


@contextmanager
def _at_once() -> Iterator[None]:
    """Turn violated constraints into refusals: conflicts with units of other days' maps."""
    try:
        yield
    except IntegrityError as error:
        for rule, code in _RULES.items():
            if rule in str(error.orig):
                raise ResolutionRefusedError([Refusal(code, None)]) from error
        raise
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _DEADLOCK:
            raise
        raise ReformRunsError(Message("concurrent_write")) from error


class _Work:
    def __init__(
        self, session: Session, document: Document, options: Options, entering: Entering
    ) -> None:
        self.session = session
        self.document = document
        self.options = options
        self.entering = entering
        self.prepares = document.resolution.resolution.effective > today()

    def do(self) -> Report:
        if not (self.prepares or self.options.dry_run):
            # An import that has started matching finishes first; one that has not waits.
            hold_lock(self.session, Lock.PUBLICATION)
            lock_tables(self.session)
        self.entering("reading", 0)
        if self.options.reform_id:
            forget_units(self.session, self.options.reform_id)
        plan = self._plan()
        check_covers(plan.gazetteer, plan.affected)
        unbind(self.session)  # nobody's key has the new units yet
        head = self.document.resolution.resolution
        scope: dict[str, Any] = {"units": sorted(plan.touched), "effective": str(head.effective)}
        kind = "prepare_reform" if self.prepares else "reform"
        cause = Cause(kind, self.options.actor, head.title, head.number, scope)
        event_id = open_event(self.session, cause)
        units = write_units(self.session, plan)
        selections = resolve_selections(self.session, plan, self._own_areas(plan))
        if selections.refusals:
            raise ResolutionRefusedError(selections.refusals)
        report = self._settle(plan, selections, units)
        if self.options.dry_run:
            return report
        parameters = {"day": plan.day, "source": f"decision {plan.number}"}
        self.session.execute(SQL.text("insert_successions"), parameters)
        if self.prepares:
            reform_id = self._keep(plan, selections, "prepared", None)
            return replace(report, state="prepared", reform_id=reform_id, event_id=event_id)
        return self._carry(plan, selections, units, report, event_id)

    def _plan(self) -> Plan:
        head = self.document.resolution.resolution
        awaiting: dict[int, str] = {}
        for row in self.session.execute(SQL.text("other_reforms"), {"but": self.options.reform_id}):
            if row.number == head.number:
                line = self.document.line("resolution", "number")
                raise ResolutionRefusedError([Refusal("resolution_known", line, row.number)])
            if row.state == "prepared":
                awaiting |= dict.fromkeys(row.unit_ids, f"{row.number}, {row.effective_on}")
        eve = head.effective - datetime.timedelta(days=1)
        known = gazetteer_of(self.session, max(eve, today()))
        # A stored reform was checked against today's date when it was delivered.
        asks = self.options.dry_run or not self.options.reform_id
        return make_plan(self.document, known, awaiting, today=today() if asks else None)

    def _own_areas(self, plan: Plan) -> dict[str, Polygons]:
        document = self.document
        if document.areas:
            kept_areas = document.areas.items()
            return {code: cast("Polygons", shapely.from_wkb(shape)) for code, shape in kept_areas}
        if document.resolution.boundaries is None:
            return {}
        codes = {leg.successor.code for leg in plan.legs} | set(plan.born)
        codes |= {leg.source.code for leg in plan.legs if leg.source.id not in plan.ended}
        try:
            return read_boundaries(document.boundaries, codes)
        except (OSError, RegistryError) as error:
            line, name = document.line("boundaries"), document.boundaries.name
            raise ResolutionRefusedError(
                [Refusal("boundaries_unreadable", line, f"{name}: {error}")]
            ) from error

    def _settle(self, plan: Plan, selections: Selections, units: Units) -> Report:
        nearest, folder = self.options.nearest, self.options.folder
        undecided = settle(
            self.session, plan, selections, units, self.options.decided, self.entering
        )
        list_undecided(self.session)
        if undecided and folder is not None:
            # The neighbours' way is proposed in the work file, and applied only on request.
            with self._tried(keep=nearest):
                place_undecided(self.session)
                write_work_files(self.session, plan, units, folder)
        elif undecided and nearest:
            place_undecided(self.session)
        if undecided and not (self.options.dry_run or nearest):
            raise ResolutionRefusedError([Refusal("undecided_left", None, f"{undecided:,}")])
        settle_places(self.session)
        self.entering("report", 0)
        return make_report(self.session, plan, undecided)

    @contextmanager
    def _tried(self, *, keep: bool) -> Iterator[None]:
        savepoint = self.session.begin_nested()
        yield
        if keep:
            savepoint.commit()
        else:
            savepoint.rollback()

    def _carry(
        self, plan: Plan, selections: Selections, units: Units, report: Report, event_id: int
    ) -> Report:
        reform_id = self._keep(plan, selections, "carried", event_id)
        carry(self.session, plan, selections, units, reform_id, self.entering)
        touched = sorted({*plan.touched, *units.ids.values()})
        counts = {"settled_by": report.settled_by, "undecided": report.undecided}
        self.session.execute(
            SQL.text("note_carried"),
            {"id": reform_id, "units": touched, "counts": json.dumps(counts)},
        )
        draw_soon(self.session)
        count_within(self.session)
        self.entering("commit", 0)
        return replace(report, state="carried", reform_id=reform_id, event_id=event_id)

    def _keep(self, plan: Plan, selections: Selections, state: str, event_id: int | None) -> int:
        """Store the resolution in this state; return its id."""
        head = self.document.resolution.resolution
        areas = {
            code: shapely.to_wkb(area, hex=True) for code, area in selections.own_areas.items()
        }
        values: dict[str, Any] = {
            "number": head.number,
            "title": head.title,
            "effective_on": head.effective,
            "state": state,
            # The polygons of a reform that was carried out are not read again.
            "resolution": json.dumps(kept(self.document, areas if state == "prepared" else {})),
            "decided": json.dumps(dict(self.options.decided)),
            "unit_ids": sorted(plan.touched),
            "affected_ids": sorted(plan.affected),
            "event_id": event_id,
        }
        if known := self.options.reform_id:
            self.session.execute(SQL.text("prepare_again"), values | {"id": known})
            return known
        values["actor"] = self.options.actor
        reform_id: int = self.session.execute(SQL.text("insert_reform"), values).scalar_one()
        return reform_id


def _write_report(folder: Path, report: Report) -> None:
    with whole_file(folder / "report.json") as path:
        path.write_text(
            json.dumps(report.to_dict(), ensure_ascii=False, indent=2), encoding="utf-8"
        )
