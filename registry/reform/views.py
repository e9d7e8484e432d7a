"""Views of reforms, delivered over HTTP or run from the command line.

An administrator of some units sees reforms that concern any of them, and decides on those that
concern only these. A reform that is not read yet is visible to its sender and to administrators of
the whole country.
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
    """The current state of a reform."""

    number: str | None
    """None until its file is read."""
    title: str | None
    effective_on: datetime.date | None
    actor: str
    recorded_at: datetime.datetime
    carried_at: datetime.datetime | None
    undone_at: datetime.datetime | None
    decided: int
    """Number of households with a decision."""
    task: str | None
    """None for the command line."""
    options: dict[str, Any]
    undecided: int | None
    """Hash of the last dry run."""
    report: dict[str, Any] | None
    """As of `report.Report`; None in lists."""
    affected: tuple[int, ...]
    """Ids of the units that it concerns; empty before its dry run."""


def list_reforms(
    session: Session, gazetteer: Gazetteer, *, state: str | None, before: int | None, limit: int
) -> list[ReformView]:
    """Return reforms with an id lower than `before`, latest first, without their reports."""
    given = {"state": state, "before": before, "limit": limit}
    rows = session.execute(SQL.text("reforms"), given | _seen_by(gazetteer))
    return [ReformView(*row) for row in rows]


def find_reform(session: Session, gazetteer: Gazetteer, reform_id: int) -> ReformView:
    """Return a reform that the caller sees; otherwise raises NotFoundError."""
    given = {"id": min(reform_id, _MAX_ID)}
    row = session.execute(SQL.text("reform_seen"), given | _seen_by(gazetteer)).one_or_none()
    if row is None:
        raise NotFoundError(Message("reform_unknown", reform_id=reform_id))
    return ReformView(*row)


def any_reform(session: Session, reform_id: int) -> ReformView:
    """Return a reform, regardless of the caller's units."""
    return ReformView(*session.execute(SQL.text("any_reform"), {"id": reform_id}).one())


def check_may_change(gazetteer: Gazetteer, view: ReformView) -> None:
    """Raise OutsideUnitsError if it concerns units outside the caller's."""
    check_covers(gazetteer, view.affected)


def _seen_by(gazetteer: Gazetteer) -> dict[str, Any]:
    return {**parameter(lineage(gazetteer)), "actor": who_acts()[0]}
