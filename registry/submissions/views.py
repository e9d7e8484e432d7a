"""What is known of imports: to those who may write in a commune of whoever delivered them."""

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
    """One import as it stands."""

    file_name: str
    source: str
    delivery: str
    decision_number: str | None
    counts: dict[str, Any]
    """As in the result of an import; of the dry run until it is published."""
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
        rows = session.execute(SQL.text("imports"), parameters | _seen_by(actor)).all()
    return [ImportView(*row) for row in rows]


def find_import(session: Session, import_id: int, actor: Actor) -> ImportView:
    """One import; raises NotFoundError where there is none, or none that `actor` may see."""
    row = session.execute(
        SQL.text("import_seen"), {"id": import_id} | _seen_by(actor)
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("import_unknown", import_id=import_id))
    return ImportView(*row)


def check_may_change(session: Session, import_id: int, actor: Actor) -> None:
    """Raises OutsideUnitsError where whoever delivered it writes in units that `actor` does not."""
    outside = session.scalars(SQL.text("units_outside"), {"id": import_id} | _seen_by(actor)).all()
    if outside:
        raise outside_own(*outside)


def any_import(session: Session, import_id: int) -> ImportView | None:
    """One import, whoever asks."""
    row = session.execute(SQL.text("any_import"), {"id": import_id}).one_or_none()
    return None if row is None else ImportView(*row)


def show_import(engine: Engine, import_id: int, actor: Actor) -> ImportView:
    """One import with examples of its problems; raises as `find_import`."""
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
    """Problems of an import after the place `after` of an earlier page; raises as `find_import`."""
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
        raise InvalidInputError.of_field("after", "bad_cursor", Message("next_after_required"))
    return {"code": code, "row": int(row), "number": int(number)}


def _seen_by(actor: Actor) -> dict[str, object]:
    units = sorted(actor.sees) if actor.sees is not None else None
    return {"units": units, "actor": actor.name}
