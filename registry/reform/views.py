"""What is known of reforms: those that came over HTTP, and those of the command line."""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.errors import NotFoundError

MAX_LISTED: Final = 100
WORKBOOK: Final = "undecided.xlsx"
MAP: Final = "undecided.geojson"
"""Names of the work files of the undecided."""


@dataclass(frozen=True, slots=True)
class ReformView:
    """One reform as it stands."""

    id: int
    state: str
    number: str | None
    """None until its file is read."""
    title: str | None
    effective_on: datetime.date | None
    actor: str
    recorded_at: datetime.datetime
    event_id: int | None
    carried_at: datetime.datetime | None
    undone_at: datetime.datetime | None
    decided: int
    """Households that people decided about."""
    file_name: str | None
    """None for what came by the command line, like all that follows."""
    task: str | None
    options: dict[str, Any]
    verdict: int
    phase: str | None
    """What is being done now; None for nothing."""
    done: int
    problem: dict[str, Any] | None
    """Why the last thing that was asked for was not done: `code`, `detail` and perhaps more."""
    asked_by: str | None
    asked_key_id: int | None
    files_until: datetime.datetime | None
    undecided: int | None
    """Of the last dry run."""
    report: dict[str, Any] | None
    """As of `report.Report`; None in lists."""


def list_reforms(
    session: Session, *, state: str | None, before: int | None, limit: int
) -> list[ReformView]:
    """Reforms with a lower number than `before`, the latest first, without their reports."""
    rows = session.execute(_LIST, {"state": state, "before": before, "limit": limit})
    return [ReformView(*row) for row in rows]


def find_reform(session: Session, reform_id: int) -> ReformView:
    """One reform; raises NotFoundError."""
    row = session.execute(_ONE, {"id": reform_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"không có nghị quyết số {reform_id} (there is no reform {reform_id})")
    return ReformView(*row)


_COLUMNS: Final = """
    r.id, r.state, r.number, r.title, r.effective_on, r.actor, r.recorded_at, r.event_id,
    c.occurred_at, u.occurred_at, (SELECT count(*) FROM jsonb_object_keys(r.decided)),
    w.file_name, w.task, coalesce(w.options, '{}'), coalesce(w.verdict, 0), w.phase,
    coalesce(w.done, 0), w.problem, w.asked_by, w.asked_key_id, w.files_until,
    CAST(w.report->>'undecided' AS bigint)
"""
_FROM: Final = """
    reform r
    LEFT JOIN reform_work w ON w.reform_id = r.id
    LEFT JOIN event c ON c.id = r.event_id
    LEFT JOIN event u ON u.id = r.undone_event_id
"""
_LIST: Final = text(
    f"""
    SELECT {_COLUMNS}, NULL FROM {_FROM}
    WHERE (CAST(:state AS text) IS NULL OR r.state = :state)
        AND (CAST(:before AS bigint) IS NULL OR r.id < :before)
    ORDER BY r.id DESC LIMIT :limit
    """  # noqa: S608 - constants
)
_ONE: Final = text(f"SELECT {_COLUMNS}, w.report FROM {_FROM} WHERE r.id = :id")  # noqa: S608
