"""Views of imports, for callers that may write in a commune of the deliverer."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.actors import Actor, outside_own
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.intake.judging.row_problem import RowProblem
from registry.jobs.submission import Submission

SQL: Final = Statements(__file__, "queries.sql")

MAX_LISTED: Final = 100
MAX_PROBLEMS: Final = 1_000
_EXAMPLES: Final = 3
ROLLING_BACK: Final = "rolling_back"


@dataclass(frozen=True, slots=True)
class ImportView(Submission):
    """The current state of an import."""

    file_name: str
    source: str
    delivery: str
    decision_number: str | None
    counts: dict[str, Any]
    """As in the result of an import; of the dry run before publication."""
    created_at: datetime.datetime
    published_at: datetime.datetime | None
    rolled_back_at: datetime.datetime | None
    delivered_by: str | None
    """Name of the key; None for the command line."""
    request: dict[str, Any]
    size_bytes: int | None
    examples: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """Problems by code and row, and the position of the next page."""

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
    """Return imports with an id lower than `before`, latest first."""
    parameters = {"source": source, "state": state, "before": before, "limit": limit}
    with session_scope(engine) as session:
        rows = session.execute(SQL.text("imports"), parameters | _seen_by(actor)).all()
    return [ImportView(*row) for row in rows]


def find_import(session: Session, import_id: int, actor: Actor) -> ImportView:
    """Return an import that `actor` may see; otherwise raises NotFoundError."""
    row = session.execute(
        SQL.text("import_seen"), {"id": import_id} | _seen_by(actor)
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("import_unknown", import_id=import_id))
    return ImportView(*row)


def check_may_change(session: Session, import_id: int, actor: Actor) -> None:
    """Raise OutsideUnitsError if its deliverer may write in units that `actor` may not."""
    outside = session.scalars(SQL.text("units_outside"), {"id": import_id} | _seen_by(actor)).all()
    if outside:
        raise outside_own(*outside)


def any_import(session: Session, import_id: int) -> ImportView | None:
    """Return an import, regardless of the caller."""
    row = session.execute(SQL.text("any_import"), {"id": import_id}).one_or_none()
    return None if row is None else ImportView(*row)


def show_import(engine: Engine, import_id: int, actor: Actor) -> ImportView:
    """Return an import with examples of its problems; raises the errors of `find_import`."""
    with session_scope(engine) as session:
        view = find_import(session, import_id, actor)
        codes = list(view.counts.get("problems", ()))
        rows = session.execute(
            SQL.text("examples"), {"id": import_id, "codes": codes, "most": _EXAMPLES}
        ).all()
    return replace(view, examples=tuple(RowProblem(*row) for row in rows))


def page_of_problems(
    engine: Engine, import_id: int, actor: Actor, *, code: str | None, after: str | None, limit: int
) -> ProblemPage:
    """Return problems of an import after position `after`; raises the errors of `find_import`."""
    place = _place(after)
    with session_scope(engine) as session:
        find_import(session, import_id, actor)
        parameters = {"id": import_id, "only": code, "limit": limit + 1} | place
        rows = session.execute(SQL.text("problems"), parameters).all()
    found = rows[:limit]
    end = found[-1] if len(rows) > limit else None
    return ProblemPage(
        tuple(RowProblem(*row[1:]) for row in found),
        f"{end.code}.{end.row_number}.{end.id}" if end is not None else None,
    )


def all_problems(
    engine: Engine, import_id: int, actor: Actor, *, code: str | None
) -> Iterator[RowProblem]:
    """Yield all problems of an import, page by page."""
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
        raise InvalidInputError.of_field("after", "bad_cursor", Message("next_after_required"))
    return {"code": code, "row": int(row), "number": int(number)}


def _seen_by(actor: Actor) -> dict[str, object]:
    units = sorted(actor.sees) if actor.sees is not None else None
    return {"units": units, "actor": actor.name}
