"""One import from file to register: staged, resolved, judged, matched, published."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, column, delete, insert, select, table, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from geo.titles import without_people
from registry.access.actors import demand, is_bound
from registry.codes import issue_code_string
from registry.coverage.count_cache import MOST_RECORDS
from registry.database import BrokenOffError, session_scope, translated_errors
from registry.demo import SOURCE as DEMO_SOURCE
from registry.errors import (
    DatabaseUnavailableError,
    ImportStateError,
    InvalidInputError,
    VerdictChangedError,
)
from registry.events import Cause, move_pending_events, open_event
from registry.gazetteer import Gazetteer, gazetteer_version, load_gazetteer, today
from registry.intake.columns.demo_guard import refuse_made_up
from registry.intake.columns.reader import SourceFile, numbering_of, open_file
from registry.intake.engine import Workbench, workbench
from registry.intake.formats.table import unreadable
from registry.intake.judging.auto_fix import apply_fixes
from registry.intake.judging.fixes import propose_fixes
from registry.intake.judging.footers import skip_footers
from registry.intake.judging.members import skip_members
from registry.intake.judging.perimeter import reject_beyond
from registry.intake.judging.row_rules import judge
from registry.intake.matching.match import match
from registry.intake.matching.names import teach
from registry.intake.matching.over_target import beyond_targets
from registry.intake.matching.repeat import find_repeat
from registry.intake.matching.vanished import Vanishing, refuse_too_many
from registry.intake.publishing.publish import (
    PUBLISH_LOCK,
    is_still_so,
    publish,
    refuse_demo_beside_real,
    remove_demo,
)
from registry.intake.result import VERDICT, ImportOptions, ImportResult, Phases, result_of
from registry.intake.row_reports import Handback, copy_answers, copy_problems, copy_vanished
from registry.intake.spellings.headers import mapping_of
from registry.intake.staged.positions import positioned
from registry.intake.staged.resolve import resolver_of
from registry.intake.staged.stage import Progress, stage
from registry.jobs.queue import enqueue_once
from registry.jobs.table import COUNT_COVERAGE
from registry.rules import RULES_VERSION
from registry.settings import from_environment

# Not the model, which takes a quarter of a second to load.
_IMPORT: Final = table(
    "import",
    *(column(name) for name in ("id", "source", "file_name", "file_sha256", "delivery")),
    *(column(name) for name in ("decision_number", "state", "published_event_id")),
    column("counts", JSONB),
)
_PROBLEM: Final = table("import_problem", column("import_id"))
NOTHING_BACK: Final = Handback()


class _MovedOnError(Exception):
    """A unit, record or place that the file was read by changed before it was held: once more."""


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

    Imports of one source wait for each other. `engine` must have no statement timeout. What became
    of each row is written to the streams of `handback`; `entering` hears each of `PHASES`. Where a
    key acts, rows outside of its units are rejected, and only an approver's is published.
    Raises UnreadableFileError for a file that cannot be read, InvalidInputError for a source
    without a name, TooManyVanishedError for a full delivery that lacks nearly everything,
    VerdictChangedError when the file would do something else than was `expected`.
    """
    if not options.source.strip() or len(options.source) > 100:
        raise InvalidInputError.of_field(
            "source", "bad_source", "a source has a name of 1 to 100 letters"
        )
    demand("editor" if options.dry_run else "approver", "nhập dữ liệu")
    as_read = options.sheet, options.mapping, options.commune
    file = open_file(path, *as_read)
    if not options.demo_as_real:
        refuse_made_up(file)
    with _turn_of(engine, options.source):
        result = None
        while result is None:
            with suppress(_MovedOnError), session_scope(engine) as session:
                result = _import(session, file, options, progress, handback, entering)
                if result.state == "published":
                    entering("committing")
                else:
                    session.rollback()
            file = file if result else open_file(path, *as_read)
        if result.state == "published":
            entering("feed")
            with suppress(DatabaseUnavailableError):
                move_pending_events(engine)
        return result


@contextmanager
def _turn_of(engine: Engine, source: str) -> Iterator[None]:
    """Wait until no other import of the source runs; the lock ends with this one, or its death."""
    key = {"key": f"import:{source}"}
    with translated_errors(), engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:key, 0))"), key)
        connection.commit()
        try:
            yield
        finally:
            # The connection goes back to the pool, and the lock would go with it. One that is lost
            # has let go of it, and what the import came to stands.
            with suppress(BrokenOffError), translated_errors():
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
    """All of it, in the session's transaction: whatever ends it early leaves nothing."""
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
    reading = _reading_of(session, gazetteer, options)
    connection.execute(text(_WORK_MEM))
    connection.execute(text(_NO_MERGE))
    connection.execute(text(_NOT_FOR_NOBODY))
    with workbench(connection, import_id, from_environment().var) as bench:
        # Answers are of each row, and only a row that was read has one. A key's units say what
        # becomes of a row as well, and may be other ones than those of the latest import.
        repeat = (
            None if handback.answers or is_bound() else find_repeat(bench, options.source, reading)
        )
        if repeat is not None:
            counts = repeat.counts
        else:
            counts = _read(session, bench, file, options, gazetteer, reading, progress, entering)
        refuse_other_verdict(options, counts)
        state = _state(options, counts)
        if state == "published" and repeat is not None:
            _open_event(session, import_id, options, reading=reading, repeats=repeat.import_id)
        elif state == "published":
            entering("publishing")
            counts |= _write(session, bench, options, reading, counts)
        if handback.answers is not None:
            copy_answers(bench, handback.answers, published=state == "published")
        if handback.vanished is not None and repeat is None:
            copy_vanished(bench, handback.vanished)
        if handback.problems is not None:
            copy_problems(bench, handback.problems)
        if state == "published":
            bench.copy(_PROBLEMS, _TOLD, import_id=import_id)
        numbering = repeat.numbering if repeat is not None else numbering_of(file)
        result = result_of(bench, state, counts, file, numbering)
    session.execute(
        update(_IMPORT).where(_IMPORT.c.id == import_id).values(counts=result.to_dict())
    )
    return result


def _read(
    session: Session,
    bench: Workbench,
    file: SourceFile,
    options: ImportOptions,
    gazetteer: Gazetteer,
    reading: str,
    progress: Progress,
    entering: Phases,
) -> dict[str, Any]:
    """Read the file, and decide what becomes of each row; how many of each."""
    resolver = resolver_of(file, gazetteer, today())
    stage(bench, file, resolver, reading, progress)
    if options.fix:
        apply_fixes(bench)
    entering("judging")
    skipped = _judge(bench, file, options, gazetteer, padded=resolver.padded)
    counts = _decide(session, bench, file, options, gazetteer.version, skipped)
    # A full delivery may say that nothing is left; that is asked: `too_many_vanished`.
    if not counts["rows"] and options.delivery == "partial":
        raise unreadable(file.path, _NO_ROW)
    return counts


def _state(options: ImportOptions, counts: Mapping[str, Any]) -> str:
    """What becomes of the import: see `ImportResult.state`."""
    if options.dry_run:
        return "reported"
    return "refused" if options.strict and counts["rejected"] else "published"


def _judge(
    bench: Workbench,
    file: SourceFile,
    options: ImportOptions,
    gazetteer: Gazetteer,
    *,
    padded: bool,
) -> int:
    """What the rows say by themselves, as problems; how many are no households."""
    judge(bench)
    if options.commune is None and not bench.value(_ANY_COMMUNE):
        file.table.remarks.append(_NO_COMMUNE)
    codes = file.columns.positions.get("commune_code")
    if codes is not None and bench.value(_ANY_OF_TWO_MAPS):
        option = mapping_of({file.headers[codes]: "former_commune_code"})
        file.table.remarks.append(_OF_TWO_MAPS.format(option))
    reject_beyond(bench)
    propose_fixes(bench, gazetteer, today(), padded=padded)
    return skip_footers(bench, file) + skip_members(
        bench,
        personal=bool(file.columns.personal),
        of_one_commune=options.commune is not None,
    )


def _decide(
    session: Session,
    bench: Workbench,
    file: SourceFile,
    options: ImportOptions,
    version: int,
    skipped: int,
) -> dict[str, Any]:
    """What becomes of each row, and how many of each; nothing is written to the register yet.

    `version` is that of the units by which the file was read.
    """
    demo, full = options.source == DEMO_SOURCE, options.delivery == "full"
    session.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": PUBLISH_LOCK})
    if gazetteer_version(session) != version:
        raise _MovedOnError
    if demo:
        refuse_demo_beside_real(session)
    teach(bench.duck)
    match(bench, options.source, demo=demo, full=full)
    if not options.dry_run and not is_still_so(bench):
        raise _MovedOnError
    if not demo:
        file.table.remarks.extend(beyond_targets(bench))
    vanishing = Vanishing(*bench.rows("SELECT vanished, living, retiring FROM vanishing")[0])
    if not (options.dry_run or options.accept_vanished):
        refuse_too_many(vanishing)
    counts: dict[str, Any] = dict(zip(_COUNTED, bench.rows(_COUNTS)[0], strict=True))
    counts |= {"rejected": counts["rejected"] - skipped, "skipped": skipped}
    counts["near"] = dict(bench.rows(_NEAR))
    before = bench.rows(_DELIVERED_BEFORE, name=without_people(file.path.name))
    counts["delivered_before"] = dict(before)
    if options.dry_run:
        counts["buildings"] = bench.value("publishing/planned_buildings.sql")
    return counts | vanishing.counts()


def refuse_other_verdict(options: ImportOptions, counts: Mapping[str, Any]) -> None:
    """Raises VerdictChangedError when the register has moved on since the expected counts."""
    if options.dry_run or options.expected is None:
        return
    before = {name: options.expected[name] for name in VERDICT}
    now = {name: counts[name] for name in VERDICT}
    if before != now:
        raise VerdictChangedError(
            "sổ đã thay đổi từ lần chạy thử, kết quả nay khác; hãy xem lại rồi duyệt"
            " (the register has changed since the dry run)",
            before=before,
            now=now,
        )


def _begin(session: Session, file: SourceFile, options: ImportOptions) -> int:
    if options.import_id is not None and not options.dry_run:
        _claim(session, options.import_id)
        # What the dry run found is found anew.
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
    """Hold the import until it is published; raises ImportStateError when it does not wait."""
    state = session.execute(
        select(_IMPORT.c.state).where(_IMPORT.c.id == import_id).with_for_update()
    ).scalar_one()
    if state != "publishing":
        raise ImportStateError(
            f"đợt nhập {import_id} đang ở trạng thái {state} (it does not wait to be published)",
            state=state,
        )


def _reading_of(session: Session, gazetteer: Gazetteer, options: ImportOptions) -> str:
    """What a row is read by, beside its cells: where that changed, it is looked at again."""
    boundaries = session.execute(text("SELECT max(loaded_at) FROM boundary")).scalar_one()
    stated = filter(None, (options.crs, "fix" if options.fix else None))
    units = (gazetteer.version, gazetteer.turned_on)
    return " ".join(map(str, (RULES_VERSION, *units, boundaries, *stated)))


def _write(
    session: Session,
    bench: Workbench,
    options: ImportOptions,
    reading: str,
    counts: dict[str, Any],
) -> dict[str, int]:
    """Publish what was decided; how many buildings were made and demo records removed."""
    connection = bench.connection
    _open_event(session, bench.import_id, options, reading=reading)
    demo = options.source == DEMO_SOURCE
    removed = 0 if demo or not counts["new"] + counts["linked"] else remove_demo(connection)
    published = publish(
        bench,
        options.source,
        lambda count: issue_code_string(connection, count, demo=demo),
    )
    if counts["new"] + counts["changed"] > MOST_RECORDS:
        enqueue_once(session, COUNT_COVERAGE)
    return {"buildings": published.buildings, "demo_removed": removed}


def _open_event(
    session: Session, import_id: int, options: ImportOptions, **scope: str | int
) -> None:
    """The event of the import; one that changes nothing has it, and its date, all the same."""
    scope |= {"import": import_id, "source": options.source}
    if is_bound():
        scope.pop("reading", None)  # nobody else's file is read in the same way
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
_TOLD: Final = """
    SELECT $import_id::BIGINT AS import_id, row_number, field, code, severity, value, proposed_fix
    FROM problem ORDER BY row_number, id
"""
_ANY_COMMUNE: Final = "SELECT bool_or(unit_id IS NOT NULL) FROM entry"
_NO_COMMUNE: Final = (
    "không dòng nào nêu xã/phường mà sổ biết (no row names a commune): nếu cả tệp thuộc một xã,"
    " thêm --commune MÃ"
)
_ANY_OF_TWO_MAPS: Final = """
    SELECT bool_or(code IN ('commune_code_of_two_maps', 'commune_code_maybe_old')) FROM problem
"""
_OF_TWO_MAPS: Final = (
    "có mã xã mang nghĩa khác trước 01/7/2025 (codes that meant other communes then): nếu cả cột là"
    " mã cũ, thêm {}"
)
_NO_ROW: Final = "không có dòng nào dưới dòng tên cột (no row below the header)"
# A sixteenth of what the server shares, which is a quarter of its memory.
_WORK_MEM: Final = """
    SELECT set_config('work_mem', least(greatest(
        pg_size_bytes(current_setting('shared_buffers')) / 16 / 1024, 65536), 262144)::text, true)
"""
# Merged, each join would sort all rows anew, in each worker, and the check of foreign keys would
# fetch each row of the register from its own place along an index: minutes where memory does not
# hold them.
_NO_MERGE: Final = "SET LOCAL enable_mergejoin = off"
# The server would go on with the statement of an importer that is gone, and keep its locks.
_NOT_FOR_NOBODY: Final = "SET LOCAL client_connection_check_interval = '5s'"
_COUNTED: Final = (
    *("rows", "new", "changed", "unchanged", "linked", "linked_in_file", "rejected"),
)
_COUNTS: Final = """
    SELECT count(*), count(*) FILTER (o.outcome = 'new'),
        count(*) FILTER (o.outcome IN ('changed', 'revived')),
        count(*) FILTER (o.outcome = 'unchanged'), count(*) FILTER (o.outcome = 'linked'),
        count(*) FILTER (o.outcome = 'linked' AND (o.head IS NOT NULL
            OR o.row_number IN (SELECT row_number FROM sharing))),
        count(*) FILTER (e.rejected)
    FROM entry e LEFT JOIN outcome o ON o.row_number = e.row_number
"""
_NEAR: Final = "SELECT code, count(DISTINCT row_number) FROM near GROUP BY code ORDER BY code"
# A reference that is made of the address is known again in any file of its source: one door twice,
# or two houses that nothing tells apart.
_DELIVERED_BEFORE: Final = """
    SELECT i.file_name, count(*)
    FROM own_ref o
    JOIN household_ref r ON r.source_ref = o.ref
    JOIN delivery i ON i.id = r.import_id AND i.file_name <> $name
    GROUP BY i.file_name ORDER BY count(*) DESC, i.file_name LIMIT 5
"""


def _dry_number() -> int:
    """A number for a dry run, far above those of imports: it takes none that one would bear."""
    return secrets.randbelow(1 << 60) + (1 << 60)
