"""What an office's desk shows first: what waits in its units, and what was done there last."""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.access.reach import IN_REACH, MEETS_REACH, parameter, seen
from registry.gazetteer import Gazetteer
from registry.reports.queue import queues_seen

KEY_DAYS: Final = 30
"""A key that ends within so many days is told of."""
_LOOKED_AT: Final = 300
_OF_EACH: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in some units."""

    proposals: int
    """Records that were proposed, and operations that wait for a second person."""
    reports: int
    """Field reports, those proposed to be carried out among them."""
    found: int
    """What was found on rounds in the field and nobody has taken over."""
    imports: int
    """Files that were tried, and are neither published nor put away."""
    reforms: tuple[tuple[str, datetime.date], ...]
    """Number and day of the resolutions that are prepared for these units."""
    keys: tuple[tuple[str, datetime.datetime], ...]
    """Name and end of the keys of these units that end soon."""


@dataclass(frozen=True, slots=True)
class Latest:
    """An event, with how many records it last changed in these units, as far as counted."""

    event_id: int
    kind: str
    actor: str
    decision_number: str | None
    at: datetime.datetime
    records: int
    code: str
    """One of them."""


def waiting(session: Session, gazetteer: Gazetteer) -> Waiting:
    """What waits in the units that the caller sees."""
    given: dict[str, Any] = dict(parameter(queues_seen(gazetteer)))
    row = session.execute(_WAITING, given).one()
    reforms = tuple((each.number, each.effective_on) for each in session.execute(_REFORMS, given))
    keys = tuple(
        (each.name, each.expires_at) for each in session.execute(_KEYS, given | {"days": KEY_DAYS})
    )
    return Waiting(row.proposals, row.reports, row.found, row.imports, reforms, keys)


def latest_events(session: Session, *, limit: int = 12) -> list[Latest]:
    """The last events that changed records of communes that the caller sees, newest first.

    Only the register's last 300 events are looked at, and of each no more than 200 records.
    """
    given = {**parameter(seen()), "events": _LOOKED_AT, "records": _OF_EACH, "limit": limit}
    return [Latest(*row) for row in session.execute(_LATEST, given)]


_WAITING: Final = text(
    f"""
    SELECT
        (SELECT count(*) FROM household h
            WHERE h.status = 'proposed' AND {IN_REACH.format(column="h.unit_id")})
         + (SELECT count(*) FROM pending_operation p WHERE p.state = 'waiting'
             AND p.expires_at > clock_timestamp() AND {MEETS_REACH.format(column="p.unit_ids")})
             AS proposals,
        (SELECT count(*) FROM field_report f WHERE f.state IN ('open', 'proposed')
            AND {IN_REACH.format(column="f.unit_id")}) AS reports,
        (SELECT count(*) FROM field_record f JOIN field_round r ON r.id = f.round_id
            WHERE f.state = 'waiting' AND {IN_REACH.format(column="r.unit_id")}) AS found,
        (SELECT count(*) FROM import i JOIN import_work w ON w.import_id = i.id
            WHERE i.state = 'reported' AND {MEETS_REACH.format(column="w.unit_ids")}) AS imports
    """  # noqa: S608 - constants
)
_REFORMS: Final = text(
    f"""
    SELECT number, effective_on FROM reform
    WHERE state = 'prepared' AND {MEETS_REACH.format(column="unit_ids")}
    ORDER BY effective_on, number
    """  # noqa: S608 - constants
)
_KEYS: Final = text(
    f"""
    SELECT k.name, k.expires_at FROM api_key k
    WHERE k.revoked_at IS NULL AND k.expires_at > clock_timestamp()
        AND k.expires_at < clock_timestamp() + make_interval(days => :days)
        AND (CAST(:reach AS integer[]) IS NULL OR EXISTS (
            SELECT FROM api_key_unit b WHERE b.key_id = k.id
                AND {IN_REACH.format(column="b.unit_id")}))
    ORDER BY k.expires_at
    """  # noqa: S608 - constants
)
_LATEST: Final = text(
    f"""
    SELECT e.id, e.kind, e.actor, e.decision_number, e.occurred_at, c.records, c.code
    FROM (SELECT * FROM event ORDER BY id DESC LIMIT :events) e
    CROSS JOIN LATERAL (
        SELECT count(*) AS records, min(h.code) AS code
        FROM (SELECT code, unit_id FROM household WHERE event_id = e.id ORDER BY code
            LIMIT :records) h
        WHERE {IN_REACH.format(column="h.unit_id")}
    ) c
    WHERE c.records > 0
    ORDER BY e.id DESC LIMIT :limit
    """  # noqa: S608 - constants
)
