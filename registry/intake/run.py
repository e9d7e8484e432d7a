"""Run one import from file to register: stage, resolve, judge, match, publish."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, column, delete, insert, select, table, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from geo.titles import without_people
from registry.core.actors import demand, ended_units, is_bound, only_commune
from registry.core.database import ConnectionLostError, session_scope, translated_errors
from registry.core.errors import (
    CommuneNotNamedError,
    DatabaseUnavailableError,
    ImportStateError,
    InvalidInputError,
    VerdictChangedError,
)
from registry.core.events import Cause, move_pending_events, open_event
from registry.core.messages import N_, Message, stored
from registry.core.rules import RULES_VERSION
from registry.core.settings import from_environment
from registry.coverage.count_cache import MOST_RECORDS
from registry.files.formats.table import unreadable
from registry.intake.columns.demo_guard import refuse_made_up
from registry.intake.columns.edited import digest_of_edits
from registry.intake.columns.reader import SourceFile, numbering_of, open_file
from registry.intake.engine import Workbench, workbench
from registry.intake.matching.identifiers import publish_identifiers
from registry.intake.matching.match import bring_places
from registry.intake.matching.repeat import find_repeat
from registry.intake.matching.settled_names import digest, settle, settled_names
from registry.intake.matching.vanished import Vanishing, refuse_too_many
from registry.intake.publishing.publish import (
    publish,
    remove_demo,
)
from registry.intake.result import VERDICT, ImportOptions, ImportResult, Phases, result_of
from registry.intake.row_reports import Handback, copy_answers, copy_problems, copy_vanished
from registry.intake.staged.positions import positioned
from registry.intake.staged.resolve import resolver_of
from registry.intake.staged.stage import Progress, stage
from registry.intake.steps import Job, MovedOnError, decide
from registry.jobs.queue import enqueue_once
from registry.jobs.table import COUNT_COVERAGE
from registry.records.codes import DEMO_SOURCE, issue_code_string
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer

# Instead of the model, which takes 0.25 s to load.
_IMPORT: Final = table(
    "import",
    *(column(name) for name in ("id", "source", "file_name", "file_sha256", "delivery")),
    *(column(name) for name in ("decision_number", "state", "published_event_id")),
    column("counts", JSONB),
)
_PROBLEM: Final = table("import_problem", column("import_id"))
NOTHING_BACK: Final = Handback()


def import_file(
    engine: Engine,
    path: Path,
    options: ImportOptions,
    progress: Progress,
    handback: Handback = NOTHING_BACK,
    *,
    entering: Phases = lambda _phase: None,
) -> ImportResult:
    """Import the file; a dry run stops before the register is written and leaves nothing.

    So does a strict import of a file with rejected rows, whose state is `refused`.

    Imports of one source wait for each other, except dry runs. `engine` must not have a statement
    timeout. The outcome of each row is written to the streams of `handback`; `entering` is called
    with each of `PHASES`. For an API key, rows outside its units are rejected, and publishing needs
    an approver.

    Raises UnreadableFileError for a file that cannot be read, InvalidInputError for a source
    without a name, TooManyVanishedError for a full delivery that lacks nearly everything, and
    VerdictChangedError if the outcome differs from `expected`.
    """
    if not options.source.strip() or len(options.source) > 100:
        raise InvalidInputError.of_field(
            "source", "bad_source", Message("source_name_length_wrong")
        )
    demand("editor" if options.dry_run else "approver", N_("import data"))
    file, options = _opened(path, options)
    if not options.demo_as_real:
        refuse_made_up(file)
    with nullcontext() if options.dry_run else _turn_of(engine, options.source):
        result = None
        while result is None:
            with suppress(MovedOnError), session_scope(engine) as session:
                result = _import(session, file, options, progress, handback, entering)
                if result.state == "published":
                    entering("committing")
                else:
                    session.rollback()
            file = file if result else _opened(path, options)[0]
        if result.state == "published":
            entering("feed")
            with suppress(DatabaseUnavailableError):
                move_pending_events(engine)
        return result


def _opened(path: Path, options: ImportOptions) -> tuple[SourceFile, ImportOptions]:
    """Open the file; without a column of communes, a key of one commune means that commune."""
    as_read = options.sheet, options.mapping
    try:
        return open_file(path, *as_read, options.commune, options.edits), options
    except CommuneNotNamedError:
        own = only_commune()
        if own is None:
            raise
    file = open_file(path, *as_read, own, options.edits)
    file.table.remarks.append(Message(_OF_OWN_COMMUNE, commune=own))
    return file, replace(options, commune=own)


@contextmanager
def _turn_of(engine: Engine, source: str) -> Iterator[None]:
    """Wait for other imports of the source; the lock ends with the block or the connection."""
    key = {"key": f"import:{source}"}
    with translated_errors(), engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), key)
        connection.commit()
        try:
            yield
        finally:
            # The connection returns to the pool and would keep the lock. A lost connection has
            # released it, and does not change the outcome of the import.
            with suppress(ConnectionLostError), translated_errors():
                connection.execute(
                    text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key
                )
                connection.commit()


def _import(
    session: Session,
    file: SourceFile,
    options: ImportOptions,
    progress: Progress,
    handback: Handback,
    entering: Phases,
) -> ImportResult:
    """The whole import in the session's transaction, so that a failure leaves nothing."""
    connection = session.connection()
    import_id = _begin(session, file, options)
    entering("reading")
    gazetteer = load_gazetteer(session)
    file = positioned(
        connection,
        file,
        resolver_of(file, gazetteer, today()),
        options.crs,
        dry_run=options.dry_run,
    )
    names = settled_names(session, options.source, options.names)
    reading = _reading_of(session, gazetteer, options, names)
    # Columns and edits do not change how cells are read, but make another file of it.
    made = _digest_of_columns(file, options), digest_of_edits(options.edits)
    file_reading = " ".join(filter(None, (reading, *made)))
    connection.execute(text(_NOTICE_DISCONNECT))
    with workbench(connection, import_id, from_environment().var) as bench:
        # Answers need each row to be read. The units of a key also affect the outcome, and may
        # differ from those of the latest import.
        repeat = (
            None
            if handback.answers or is_bound()
            else find_repeat(bench, options.source, file_reading)
        )
        if repeat is not None:
            counts = repeat.counts
        else:
            job = Job(session, bench, file, gazetteer, names)
            counts = _read(job, options, reading, progress, entering)
        refuse_other_verdict(options, counts)
        state = _state(options, counts)
        if state == "published" and repeat is not None:
            _open_event(session, import_id, options, reading=file_reading, repeats=repeat.import_id)
        elif state == "published":
            entering("publishing")
            counts |= _write(session, bench, options, file_reading, counts)
        if state == "published":
            settle(session, options.source, options.names)
        if handback.answers is not None:
            copy_answers(bench, handback.answers, published=state == "published")
        if handback.vanished is not None and repeat is None:
            copy_vanished(bench, handback.vanished)
        if handback.problems is not None:
            copy_problems(bench, handback.problems)
        if state == "published":
            bench.copy(_PROBLEMS, "results/problems.sql", import_id=import_id)
        counts |= {"commune": options.commune}
        numbering = (
            repeat.numbering
            if repeat is not None
            else numbering_of(file, as_delivered=options.rows_as_delivered)
        )
        result = result_of(bench, state, counts, file, numbering)
    session.execute(
        update(_IMPORT).where(_IMPORT.c.id == import_id).values(counts=stored(result.to_dict()))
    )
    return result


def _read(
    job: Job, options: ImportOptions, reading: str, progress: Progress, entering: Phases
) -> dict[str, Any]:
    """Read the file and decide the outcome of each row; returns the counts."""
    bench, file = job.bench, job.file
    resolver = resolver_of(file, job.gazetteer, today())
    stage(bench, file, resolver, reading, progress)
    entering("judging")
    demo = options.source == DEMO_SOURCE
    bench.state(
        source=options.source,
        demo=demo,
        real=not demo,
        full=options.delivery == "full",
        bound=is_bound(),
        ended=ended_units(),
        fix=options.fix,
        publishing=not options.dry_run,
        names=bool(job.names),
        padded=resolver.padded,
        texts=file.columns.free_text,
        personal=bool(file.columns.personal),
        of_one_commune=options.commune is not None,
        of_communes=options.commune is None,
    )
    decide(job)
    counts = _count(bench, options, file)
    # A full delivery may be empty; `too_many_vanished` then asks for confirmation.
    if not counts["rows"] and options.delivery == "partial":
        raise unreadable(file.path, _NO_ROW)
    return counts


def _state(options: ImportOptions, counts: Mapping[str, Any]) -> str:
    """The state of the import: see `ImportResult.state`."""
    if options.dry_run:
        return "reported"
    return "refused" if options.strict and counts["rejected"] else "published"


def _count(bench: Workbench, options: ImportOptions, file: SourceFile) -> dict[str, Any]:
    """The counts of rows by outcome."""
    vanishing = Vanishing(*bench.rows("SELECT vanished, living, retiring FROM vanishing")[0])
    if not (options.dry_run or options.accept_vanished):
        refuse_too_many(vanishing)
    counts: dict[str, Any] = dict(zip(_COUNTED, bench.rows("results/counts.sql")[0], strict=True))
    counts["rejected"] -= counts["skipped"]
    counts["uses"] = dict(bench.rows("results/uses.sql")) if bench.has("row_use") else {}
    counts["near"] = dict(bench.rows(_NEAR)) if bench.has("near") else {}
    name = without_people(file.path.name)
    before = bench.rows("results/delivered_before.sql", name=name) if bench.has("delivery") else []
    counts["delivered_before"] = dict(before)
    if options.dry_run:
        flats = bench.has("flat")
        counts["buildings"] = bench.value("publishing/planned_buildings.sql") if flats else 0
    return counts | vanishing.counts()


def refuse_other_verdict(options: ImportOptions, counts: Mapping[str, Any]) -> None:
    """Raises VerdictChangedError if the register has changed since the expected counts."""
    if options.dry_run or options.expected is None:
        return
    before = {name: options.expected[name] for name in VERDICT}
    now = {name: counts[name] for name in VERDICT}
    if before != now:
        raise VerdictChangedError(
            Message("register_changed_since_dry_run"),
            before=before,
            now=now,
        )


def _begin(session: Session, file: SourceFile, options: ImportOptions) -> int:
    if options.import_id is not None and not options.dry_run:
        _claim(session, options.import_id)
        # Problems of the dry run are found again.
        session.execute(delete(_PROBLEM).where(_PROBLEM.c.import_id == options.import_id))
        return options.import_id
    import_id: int = session.execute(
        insert(_IMPORT)
        .values(
            **({"id": _dry_number()} if options.dry_run else {}),
            source=options.source,
            file_name=without_people(file.path.name),
            file_sha256=file.sha256,
            delivery=options.delivery,
            decision_number=options.decision_number,
            state="staged",
        )
        .returning(_IMPORT.c.id)
    ).scalar_one()
    return import_id


def _claim(session: Session, import_id: int) -> None:
    """Lock the import until it is published; raises ImportStateError unless it is waiting."""
    state = session.execute(
        select(_IMPORT.c.state).where(_IMPORT.c.id == import_id).with_for_update()
    ).scalar_one()
    if state != "publishing":
        raise ImportStateError(
            Message("import_not_waiting", import_id=import_id, state=state),
            state=state,
        )


def _reading_of(
    session: Session, gazetteer: Gazetteer, options: ImportOptions, names: Mapping[str, str]
) -> str:
    """What affects how a row is read, beside its cells: a change makes the row be read again."""
    boundaries = session.execute(text("SELECT max(loaded_at) FROM boundary")).scalar_one()
    drafts = "drafts" if from_environment().draft_schemes else None
    stated = filter(None, (options.crs, "fix" if options.fix else None, drafts, digest(names)))
    units = (gazetteer.version, gazetteer.turned_on)
    return " ".join(map(str, (RULES_VERSION, *units, boundaries, *stated)))


def _digest_of_columns(file: SourceFile, options: ImportOptions) -> str:
    """A hash of what is read of the file, and as what."""
    stated = options.sheet, options.commune, sorted((options.mapping or {}).items())
    read = repr((stated, sorted(file.columns.positions.items())))
    return hashlib.sha256(read.encode()).hexdigest()[:16]


def _write(
    session: Session,
    bench: Workbench,
    options: ImportOptions,
    reading: str,
    counts: dict[str, Any],
) -> dict[str, int]:
    """Publish the decisions; returns the counts of buildings made and demo records removed."""
    connection = bench.connection
    _open_event(session, bench.import_id, options, reading=reading)
    demo = options.source == DEMO_SOURCE
    removed = 0 if demo or not counts["new"] + counts["linked"] else remove_demo(connection)
    if removed:
        bring_places(bench)  # without those of the demo
    published = publish(
        bench,
        options.source,
        lambda count: issue_code_string(connection, count, demo=demo),
    )
    if bench.has("identifier"):
        publish_identifiers(session, bench)
    if counts["new"] + counts["changed"] > MOST_RECORDS:
        enqueue_once(session, COUNT_COVERAGE)
    return {"buildings": published.buildings, "demo_removed": removed}


def _open_event(
    session: Session, import_id: int, options: ImportOptions, **scope: str | int
) -> None:
    """Open the event of the import, which also an import without changes has."""
    scope |= {"import": import_id, "source": options.source}
    if is_bound():
        scope.pop("reading", None)  # another key's file may be read differently
    cause = Cause("import", options.actor, decision_number=options.decision_number, scope=scope)
    event_id = open_event(session, cause)
    session.execute(
        update(_IMPORT)
        .where(_IMPORT.c.id == import_id)
        .values(state="published", published_event_id=event_id)
    )


_PROBLEMS: Final = (
    "import_problem (import_id, row_number, field, code, severity, value, proposed_fix)"
)
_OF_OWN_COMMUNE: Final = "commune_of_key_used"
_NO_ROW: Final = Message("file_has_no_rows")
# Otherwise the server continues the statement of a disconnected importer and keeps its locks.
_NOTICE_DISCONNECT: Final = "SET LOCAL client_connection_check_interval = '5s'"
_COUNTED: Final = (
    *("rows", "new", "changed", "unchanged", "linked", "linked_in_file", "rejected", "skipped"),
)
_NEAR: Final = "SELECT code, count(DISTINCT row_number) FROM near GROUP BY code ORDER BY code"


def _dry_number() -> int:
    """An id for a dry run, far above those of imports, so that it uses none of theirs."""
    return secrets.randbelow(1 << 60) + (1 << 60)
