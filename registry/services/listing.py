"""What operators have on record: how much of it, and area by area."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.gazetteer import Gazetteer, today
from registry.services import Kind

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class OperatorSet:
    """What an operator has on record."""

    operator: str
    areas: int
    offices: int
    services: tuple[str, ...]
    recorded_at: datetime.datetime
    """When it was changed last."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"recorded_at": self.recorded_at.isoformat()}


@dataclass(frozen=True, slots=True)
class ListedArea:
    """An area of an operator; of its codes no more than how many they are."""

    service: str
    kind: Kind
    office: str | None
    hours: str | None
    communes: int
    named: tuple[str, ...]
    """Names of the first communes."""
    codes: int
    size_km2: float | None
    """Of its polygons."""
    valid_from: datetime.date | None
    valid_to: datetime.date | None


def operator_sets(session: Session) -> list[OperatorSet]:
    """Who has areas or offices on record, by name."""
    rows = session.execute(_SETS)
    return [OperatorSet(**row._asdict() | {"services": tuple(row.services)}) for row in rows]


def list_areas(
    session: Session, gazetteer: Gazetteer, operator: str, limit: int
) -> list[ListedArea]:
    """The operator's areas by service, kind and office."""
    first = session.scalars(_FIRST, {"operator": operator, "limit": limit}).all()
    return areas_of(session, gazetteer, first)


def areas_of(session: Session, gazetteer: Gazetteer, ids: Sequence[int]) -> list[ListedArea]:
    """These areas, in this order."""
    day = today()
    rows = session.execute(_AREAS, {"ids": list(ids), "named": _NAMED})
    return [
        ListedArea(
            **row._asdict()
            | {"named": tuple(gazetteer.units[i].version_on(day).full_name for i in row.named)}
        )
        for row in rows
    ]


_SETS: Final = text(
    """
    SELECT s.operator, sum(areas)::int AS areas, sum(offices)::int AS offices,
        array_remove(array_agg(service ORDER BY service), NULL) AS services,
        max(e.occurred_at) AS recorded_at
    FROM (
        SELECT operator, service, count(*) AS areas, 0 AS offices, max(event_id) AS event_id
        FROM service_area GROUP BY 1, 2
        UNION ALL
        SELECT operator, NULL, 0, count(*), max(event_id) FROM service_office GROUP BY 1
    ) s JOIN event e ON e.id = s.event_id
    GROUP BY s.operator ORDER BY s.operator
    """
)
_AREAS: Final = text(
    """
    SELECT a.service, a.kind, o.name AS office, o.hours,
        (SELECT count(*) FROM service_area_unit u WHERE u.area_id = a.id) AS communes,
        ARRAY(SELECT u.unit_id FROM service_area_unit u WHERE u.area_id = a.id
            ORDER BY u.unit_id LIMIT :named) AS named,
        (SELECT count(*) FROM service_area_code c WHERE c.area_id = a.id) AS codes,
        ST_Area(a.geom::geography) / 1e6 AS size_km2,
        lower(a.valid) AS valid_from, upper(a.valid) - 1 AS valid_to
    FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS w (id, place)
    JOIN service_area a USING (id) LEFT JOIN service_office o ON o.id = a.office_id
    ORDER BY w.place
    """
)
_FIRST: Final = text(
    """
    SELECT a.id FROM service_area a LEFT JOIN service_office o ON o.id = a.office_id
    WHERE a.operator = :operator ORDER BY a.service, a.kind, o.name, a.id LIMIT :limit
    """
)
