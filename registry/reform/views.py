"""What is known of reforms: those that came over HTTP, and those of the command line.

An administrator of some units sees what concerns one of them, and decides about what concerns
nothing else. What nobody has read yet is seen by who delivered it, and the whole country's.
"""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.access.reach import check_covers, lineage, parameter
from registry.core.actors import who_acts
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.jobs.submission import Submission
from registry.units.gazetteer import Gazetteer

SQL: Final = Statements(__file__, "queries.sql")

MAX_LISTED: Final = 100
_MAX_ID: Final = 2**63 - 1
WORKBOOK: Final = "undecided.xlsx"
MAP: Final = "undecided.geojson"
"""Names of the work files of the undecided."""


@dataclass(frozen=True, slots=True)
class ReformView(Submission):
    """One reform as it stands."""

    number: str | None
    """None until its file is read."""
    title: str | None
    effective_on: datetime.date | None
    actor: str
    recorded_at: datetime.datetime
    carried_at: datetime.datetime | None
    undone_at: datetime.datetime | None
    decided: int
    """Households that people decided about."""
    task: str | None
    """None for what came by the command line."""
    options: dict[str, Any]
    undecided: int | None
    """Of the last dry run."""
    report: dict[str, Any] | None
    """As of `report.Report`; None in lists."""
    affected: tuple[int, ...]
    """Ids of the units that it concerns; none before its dry run."""


def list_reforms(
    session: Session, gazetteer: Gazetteer, *, state: str | None, before: int | None, limit: int
) -> list[ReformView]:
    """Reforms with a lower number than `before`, the latest first, without their reports."""
    given = {"state": state, "before": before, "limit": limit}
    rows = session.execute(SQL.text("reforms"), given | _seen_by(gazetteer))
    return [ReformView(*row) for row in rows]


def find_reform(session: Session, gazetteer: Gazetteer, reform_id: int) -> ReformView:
    """One reform; raises NotFoundError, also for one that the caller does not see."""
    given = {"id": min(reform_id, _MAX_ID)}
    row = session.execute(SQL.text("reform_seen"), given | _seen_by(gazetteer)).one_or_none()
    if row is None:
        raise NotFoundError(Message("reform_unknown", reform_id=reform_id))
    return ReformView(*row)


def any_reform(session: Session, reform_id: int) -> ReformView:
    """One reform, whoever asks."""
    return ReformView(*session.execute(SQL.text("any_reform"), {"id": reform_id}).one())


def check_may_change(gazetteer: Gazetteer, view: ReformView) -> None:
    """Raises OutsideUnitsError where it concerns units of others."""
    check_covers(gazetteer, view.affected)


def _seen_by(gazetteer: Gazetteer) -> dict[str, Any]:
    return {**parameter(lineage(gazetteer)), "actor": who_acts()[0]}
