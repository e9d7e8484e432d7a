"""One import from file to register: staged, resolved, judged, matched, published."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, Engine, insert, text, update
from sqlalchemy.orm import Session

from registry.codes import issue_codes, issue_demo_codes
from registry.database import session_scope, translated_errors
from registry.errors import DatabaseUnavailableError, InvalidInputError
from registry.events import Cause, move_pending_events, open_event
from registry.gazetteer import load_gazetteer, today
from registry.intake.communes import CommuneReader
from registry.intake.fixes import note_overlong, propose_fixes
from registry.intake.handback import copy_answers
from registry.intake.judge import judge
from registry.intake.match import match
from registry.intake.problems import RowProblem
from registry.intake.publish import DEMO_SOURCE, publish, refuse_demo_beside_real, remove_demo
from registry.intake.reader import SourceFile, open_file
from registry.intake.resolve import distinct_codes, resolve
from registry.intake.staging import Progress, drop, stage
from registry.intake.vanished import (
    bring_back,
    find_vanished,
    keep_refs,
    refuse_too_many,
    retire_vanished,
)
from registry.models import Import

_PUBLISH_LOCK: Final = 7238010022
"""Publications are decided one after the other: each sees the doors of the one before."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the deliverer says of a file."""

    source: str
    delivery: str = "partial"
    decision_number: str | None = None
    dry_run: bool = False
    accept_vanished: bool = False
    """Publish a full delivery that lacks nearly all of its source."""
    actor: str = "operator"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file: rows = new + changed + unchanged + linked + rejected."""

    import_id: int | None
    """Number of the import; None for a dry run, which leaves nothing."""
    state: str
    rows: int
    new: int
    changed: int
    unchanged: int
    linked: int
    rejected: int
    warned: int
    vanished: int
    """References of the source that a full delivery no longer has; no rows."""
    vanished_share: float
    """Of the source's living references."""
    vanished_warning: str | None
    """`many_vanished`, or `too_many_vanished`: published only when that was accepted."""
    retired: int
    """Records that only vanished references named."""
    buildings: int
    demo_removed: int
    problems: dict[str, int]
    """Rows per problem code."""
    columns_personal: tuple[str, ...]
    columns_unknown: tuple[str, ...]
    row_problems: tuple[RowProblem, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: everything but the problems row by row."""
        members = asdict(self)
        del members["row_problems"]
        return members


def import_file(
    engine: Engine,
    path: Path,
    options: ImportOptions,
    progress: Progress,
    answers: BinaryIO | None = None,
) -> ImportResult:
    """Import the file; a dry run stops before the register is written and leaves nothing.

    Imports of one source wait for each other. `engine` must have no statement timeout. What became
    of each row is written to `answers` (`registry.intake.handback`).
    Raises UnreadableFileError for a file that cannot be read, InvalidInputError for a source
    without a name, TooManyVanishedError for a full delivery that lacks nearly everything.
    """
    if not options.source.strip() or len(options.source) > 100:
        raise InvalidInputError.of_field(
            "source", "bad_source", "a source has a name of 1 to 100 letters"
        )
    file = open_file(path)
    with _turn_of(engine, options.source):
        import_id = _stage(engine, file, options, progress)
        try:
            return _publish(engine, file, options, import_id, answers)
        except BaseException:
            with suppress(DatabaseUnavailableError), session_scope(engine) as session:
                _discard(session, import_id)
            raise


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
            # The connection goes back to the pool, and the lock would go with it.
            connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key)
            connection.commit()


def _stage(engine: Engine, file: SourceFile, options: ImportOptions, progress: Progress) -> int:
    with session_scope(engine) as session:
        _discard_leftovers(session, options.source)
        import_id: int = session.execute(
            insert(Import)
            .values(
                **({"id": _dry_number()} if options.dry_run else {}),
                source=options.source,
                file_name=file.path.name,
                file_sha256=file.sha256,
                delivery=options.delivery,
                decision_number=options.decision_number,
                state="staged",
            )
            .returning(Import.id)
        ).scalar_one()
        gazetteer = load_gazetteer(session)
        communes = CommuneReader(gazetteer, today(), ())
        stage(session.connection(), import_id, file, gazetteer, communes, progress)
        return import_id


def _publish(
    engine: Engine,
    file: SourceFile,
    options: ImportOptions,
    import_id: int,
    answers: BinaryIO | None,
) -> ImportResult:
    with session_scope(engine) as session:
        connection = session.connection()
        gazetteer = load_gazetteer(session)
        communes = CommuneReader(gazetteer, today(), distinct_codes(connection, import_id))
        resolve(connection, import_id, communes, free_text=file.columns.free_text)
        note_overlong(connection, import_id, file.overlong)
        judge(connection, import_id)
        propose_fixes(connection, import_id, gazetteer, today(), padded=communes.padded)
        session.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": _PUBLISH_LOCK})
        if options.source == DEMO_SOURCE:
            refuse_demo_beside_real(session)
        match(connection, import_id, options.source)
        vanishing = find_vanished(connection, options.source, full=options.delivery == "full")
        counts = _counts(connection, import_id) | vanishing.counts()
        problems = _row_problems(connection, import_id)
        if options.dry_run:
            result = _result(None, "reported", counts, problems, file)
            if answers is not None:
                copy_answers(connection, options.source, answers)
            _discard(session, import_id)
            return result
        if not options.accept_vanished:
            refuse_too_many(vanishing)
        written = _write(session, options, import_id, counts)
        result = _result(import_id, "published", counts | written, problems, file)
        session.execute(
            update(Import).where(Import.id == import_id).values(counts=result.to_dict())
        )
        if answers is not None:
            copy_answers(connection, options.source, answers)
        drop(connection, import_id)
    with suppress(DatabaseUnavailableError):
        move_pending_events(engine)
    return result


def _write(
    session: Session, options: ImportOptions, import_id: int, counts: dict[str, int]
) -> dict[str, int]:
    """Publish under one event; an import that changes nothing still has its event and its date."""
    cause = Cause(
        "import",
        options.actor,
        decision_number=options.decision_number,
        scope={"import": import_id, "source": options.source},
    )
    event_id = open_event(session, cause)
    connection = session.connection()
    demo = options.source == DEMO_SOURCE
    removed = 0 if demo or not counts["new"] + counts["linked"] else remove_demo(connection)
    issue: Callable[[Connection, int], list[str]] = issue_demo_codes if demo else issue_codes
    keep_refs(connection, import_id, options.source)
    bring_back(connection, options.source)
    published = publish(connection, import_id, options.source, issue)
    retire_vanished(connection, import_id, options.source)
    session.execute(
        update(Import)
        .where(Import.id == import_id)
        .values(state="published", published_event_id=event_id)
    )
    return {"buildings": published.buildings, "demo_removed": removed}


def _counts(connection: Connection, import_id: int) -> dict[str, int]:
    row = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM judged) AS rows,"
            " count(*) FILTER (WHERE outcome = 'new') AS new,"
            " count(*) FILTER (WHERE outcome IN ('changed', 'revived')) AS changed,"
            " count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged,"
            " count(*) FILTER (WHERE outcome = 'linked') AS linked,"
            " (SELECT count(*) FROM judged) - (SELECT count(*) FROM accepted) AS rejected,"
            " (SELECT count(DISTINCT row_number) FROM import_problem"
            "  WHERE import_id = :id AND severity = 'warning') AS warned"
            " FROM outcome"
        ),
        {"id": import_id},
    ).one()
    return dict(row._mapping)


def _row_problems(connection: Connection, import_id: int) -> tuple[RowProblem, ...]:
    rows = connection.execute(
        text(
            "SELECT row_number, field, code, severity, value, proposed_fix FROM import_problem"
            " WHERE import_id = :id ORDER BY row_number, id"
        ),
        {"id": import_id},
    )
    return tuple(RowProblem(*row) for row in rows)


def _result(
    import_id: int | None,
    state: str,
    counts: dict[str, Any],
    problems: tuple[RowProblem, ...],
    file: SourceFile,
) -> ImportResult:
    # Longitude and latitude may both be unreadable: that is one row with one problem.
    by_code = Counter(code for _, code in {(p.row_number, p.code) for p in problems})
    return ImportResult(
        import_id=import_id,
        state=state,
        **({"buildings": 0, "demo_removed": 0} | counts),
        problems=dict(sorted(by_code.items())),
        columns_personal=file.columns.personal,
        columns_unknown=file.columns.unknown,
        row_problems=problems,
    )


def _dry_number() -> int:
    """A number for a dry run, far above those of imports: it takes none that one would bear."""
    return secrets.randbelow(1 << 60) + (1 << 60)


def _discard(session: Session, import_id: int) -> None:
    drop(session.connection(), import_id)
    session.execute(text("DELETE FROM import WHERE id = :id"), {"id": import_id})


def _discard_leftovers(session: Session, source: str) -> None:
    """What a killed import of the source left; its lock is ours, so nobody works on it."""
    for import_id in session.scalars(
        text("SELECT id FROM import WHERE source = :s AND state = 'staged'"), {"s": source}
    ).all():
        _discard(session, import_id)
