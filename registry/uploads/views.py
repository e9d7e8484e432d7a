"""What is known of imports: to those who may write in a commune of whoever delivered them."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.actors import Actor, outside_own
from registry.database import session_scope
from registry.errors import InvalidInputError, NotFoundError
from registry.intake.judging.row_problem import RowProblem

MAX_LISTED: Final = 100
MAX_PROBLEMS: Final = 1_000
_EXAMPLES: Final = 3
ROLLING_BACK: Final = "rolling_back"


@dataclass(frozen=True, slots=True)
class ImportView:
    """One import as it stands."""

    id: int
    source: str
    file_name: str
    delivery: str
    decision_number: str | None
    state: str
    counts: dict[str, Any]
    """As in the result of an import; of the dry run until it is published."""
    created_at: datetime.datetime
    published_at: datetime.datetime | None
    rolled_back_at: datetime.datetime | None
    event_id: int | None
    delivered_by: str | None
    """Name of the key; None for the command line."""
    request: dict[str, Any]
    size_bytes: int | None
    verdict: int
    phase: str | None
    """What is being done now; None for nothing."""
    rows_done: int
    problem: dict[str, Any] | None
    """Why the last thing that was asked for was not done: `code`, `detail` and perhaps more."""
    asked_by: str | None
    files_until: datetime.datetime | None
    examples: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """Problems in the order of code and row, and where the next page begins."""

    problems: tuple[RowProblem, ...]
    next_after: str | None


def list_imports(
    engine: Engine,
    actor: Actor,
    *,
    source: str | None,
    state: str | None,
    before: int | None,
    limit: int,
) -> list[ImportView]:
    """Imports with a lower number than `before`, the latest first."""
    parameters = {"source": source, "state": state, "before": before, "limit": limit}
    with session_scope(engine) as session:
        rows = session.execute(_LIST, parameters | _seen_by(actor)).all()
    return [ImportView(*row) for row in rows]


def find_import(session: Session, import_id: int, actor: Actor) -> ImportView:
    """One import; raises NotFoundError where there is none, or none that `actor` may see."""
    row = session.execute(_ONE, {"id": import_id} | _seen_by(actor)).one_or_none()
    if row is None:
        raise NotFoundError(f"không có đợt nhập {import_id} (there is no import {import_id})")
    return ImportView(*row)


def check_may_change(session: Session, import_id: int, actor: Actor) -> None:
    """Raises OutsideUnitsError where whoever delivered it writes in units that `actor` does not."""
    outside = session.scalars(_OUTSIDE, {"id": import_id} | _seen_by(actor)).all()
    if outside:
        raise outside_own(*outside)


def any_import(session: Session, import_id: int) -> ImportView | None:
    """One import, whoever asks."""
    row = session.execute(_ANY, {"id": import_id}).one_or_none()
    return None if row is None else ImportView(*row)


def show_import(engine: Engine, import_id: int, actor: Actor) -> ImportView:
    """One import with examples of its problems; raises as `find_import`."""
    with session_scope(engine) as session:
        view = find_import(session, import_id, actor)
        codes = list(view.counts.get("problems", ()))
        rows = session.execute(_SHOWN, {"id": import_id, "codes": codes}).all()
    return replace(view, examples=tuple(RowProblem(*row) for row in rows))


def page_of_problems(
    engine: Engine, import_id: int, actor: Actor, *, code: str | None, after: str | None, limit: int
) -> ProblemPage:
    """Problems of an import after the place `after` of an earlier page; raises as `find_import`."""
    place = _place(after)
    with session_scope(engine) as session:
        find_import(session, import_id, actor)
        parameters = {"id": import_id, "only": code, "limit": limit + 1} | place
        rows = session.execute(_PAGE, parameters).all()
    found = rows[:limit]
    end = found[-1] if len(rows) > limit else None
    return ProblemPage(
        tuple(RowProblem(*row[1:]) for row in found),
        f"{end.code}.{end.row_number}.{end.id}" if end is not None else None,
    )


def all_problems(
    engine: Engine, import_id: int, actor: Actor, *, code: str | None
) -> Iterator[RowProblem]:
    """Every problem of an import, page by page."""
    after: str | None = None
    while True:
        page = page_of_problems(
            engine, import_id, actor, code=code, after=after, limit=MAX_PROBLEMS
        )
        yield from page.problems
        after = page.next_after
        if after is None:
            return


def _place(after: str | None) -> dict[str, object]:
    if after is None:
        return {"code": "", "row": 0, "number": 0}
    code, _, rest = after.partition(".")
    row, _, number = rest.partition(".")
    if not (row.isdecimal() and number.isdecimal() and max(len(row), len(number)) < 19):
        raise InvalidInputError.of_field(
            "after", "bad_cursor", "takes what `next_after` of the page before says"
        )
    return {"code": code, "row": int(row), "number": int(number)}


def _seen_by(actor: Actor) -> dict[str, object]:
    units = sorted(actor.sees) if actor.sees is not None else None
    return {"units": units, "actor": actor.name}


_COLUMNS: Final = """
    i.id, i.source, i.file_name, i.delivery, i.decision_number, i.state, i.counts, i.created_at,
    p.occurred_at, r.occurred_at, i.published_event_id, w.actor, coalesce(w.request, '{}'),
    w.size_bytes, coalesce(w.verdict, 0), w.phase, coalesce(w.rows_done, 0), w.problem, w.asked_by,
    w.files_until
"""
_FROM: Final = """
    import i
    LEFT JOIN import_work w ON w.import_id = i.id
    LEFT JOIN event p ON p.id = i.published_event_id
    LEFT JOIN event r ON r.id = i.rolled_back_event_id
"""
_SEEN: Final = """
    (CAST(:units AS integer[]) IS NULL OR w.unit_ids && CAST(:units AS integer[])
        OR w.actor = :actor)
"""
_LIST: Final = text(
    f"""
    SELECT {_COLUMNS} FROM {_FROM}
    WHERE {_SEEN} AND (CAST(:source AS text) IS NULL OR i.source = :source)
        AND (CAST(:state AS text) IS NULL OR i.state = :state)
        AND (CAST(:before AS bigint) IS NULL OR i.id < :before)
    ORDER BY i.id DESC LIMIT :limit
    """  # noqa: S608 - constants
)
_ONE: Final = text(f"SELECT {_COLUMNS} FROM {_FROM} WHERE i.id = :id AND {_SEEN}")  # noqa: S608
_OUTSIDE: Final = text(
    """
    SELECT u.code FROM import_work w JOIN admin_unit u ON u.id = ANY (w.unit_ids)
    WHERE w.import_id = :id AND w.actor <> :actor AND u.id <> ALL (CAST(:units AS integer[]))
    ORDER BY u.code LIMIT 20
    """
)
_ANY: Final = text(f"SELECT {_COLUMNS} FROM {_FROM} WHERE i.id = :id")  # noqa: S608
_ROW: Final = "row_number, field, code, severity, value, proposed_fix"
_SHOWN: Final = text(
    f"""
    SELECT p.row_number, p.field, p.code, p.severity, p.value, p.proposed_fix
    FROM unnest(CAST(:codes AS text[])) c (code)
    CROSS JOIN LATERAL (
        SELECT {_ROW} FROM import_problem
        WHERE import_id = :id AND code = c.code ORDER BY row_number LIMIT {_EXAMPLES}
    ) p
    """  # noqa: S608 - constants
)
_PAGE: Final = text(
    f"""
    SELECT id, {_ROW} FROM import_problem
    WHERE import_id = :id AND (CAST(:only AS text) IS NULL OR code = :only)
        AND (code, row_number, id) > (:code, :row, :number)
    ORDER BY code, row_number, id LIMIT :limit
    """  # noqa: S608 - constants
)
