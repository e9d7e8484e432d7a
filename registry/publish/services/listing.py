"""Lists operators' areas and offices: totals, and area by area."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.publish.services import Kind
from registry.units.gazetteer import Gazetteer, today

SQL: Final = Statements(__file__, "queries.sql")

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class OperatorSet:
    """Totals of an operator."""

    operator: str
    areas: int
    offices: int
    services: tuple[str, ...]
    recorded_at: datetime.datetime
    """Time of the last change."""


@dataclass(frozen=True, slots=True)
class ListedArea:
    """An area of an operator, with only the number of its codes."""

    service: str
    kind: Kind
    office: str | None
    hours: str | None
    communes: int
    named: tuple[str, ...]
    """Names of the first communes."""
    codes: int
    size_km2: float | None
    """Size of its polygons."""
    valid_from: datetime.date | None
    valid_to: datetime.date | None


def operator_sets(session: Session) -> list[OperatorSet]:
    """Return the operators with areas or offices, by name."""
    rows = session.execute(SQL.text("sets"))
    return [OperatorSet(**row._asdict() | {"services": tuple(row.services)}) for row in rows]


def list_areas(
    session: Session, gazetteer: Gazetteer, operator: str, limit: int
) -> list[ListedArea]:
    """Return the operator's areas by service, kind and office."""
    first = session.scalars(SQL.text("first_areas"), {"operator": operator, "limit": limit}).all()
    return areas_of(session, gazetteer, first)


def areas_of(session: Session, gazetteer: Gazetteer, ids: Sequence[int]) -> list[ListedArea]:
    """Return these areas, in the given order."""
    day = today()
    rows = session.execute(SQL.text("areas"), {"ids": list(ids), "named": _NAMED})
    return [
        ListedArea(
            **row._asdict()
            | {"named": tuple(gazetteer.units[i].version_on(day).full_name for i in row.named)}
        )
        for row in rows
    ]
