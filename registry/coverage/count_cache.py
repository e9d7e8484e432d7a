"""Counts by commune, kept, and made anew for the communes in which something was written.

The database notes in `coverage_touched`, with each commit, the communes whose households or plates
it wrote. Whoever counts takes those notes away and counts these communes, in one statement: what is
kept is then right as of that statement's snapshot. Whoever reads takes what is kept, and counts
what is noted by itself, in one statement as well. So both are right at any time, and whoever counts
only saves the next ones the work.
"""

import datetime
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Final

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from registry.coverage.counting import counting
from registry.coverage.figures import Counts
from registry.database import ReadOnlyError, session_scope
from registry.errors import DatabaseUnavailableError
from registry.gazetteer import today
from registry.jobs.queue import enqueue_once
from registry.jobs.table import COUNT_COVERAGE
from registry.settings import Settings

VERIFIED_YEARS: Final = 2
MOST_RECORDS: Final = 300_000
"""What a request counts by itself: a tenth of a second. More is left to the job."""
_WAIT_MS: Final = 1_000
"""How long a request waits for another one that counts."""

_COLUMNS: Final = ", ".join(field.name for field in fields(Counts))
# What was verified falls out of the 24 months by itself; and a clock may be set back.
_EXPIRED: Final = (
    "(verified_first < CAST(:verified_since AS date)"
    " OR verified_since > CAST(:verified_since AS date))"
)
_WITHIN: Final = "WHERE unit_id = ANY(CAST(:parts AS int[]))"
_IS_LEFT: Final = text(
    f"""
    SELECT EXISTS (SELECT FROM coverage_touched)
        OR EXISTS (SELECT FROM coverage_count WHERE {_EXPIRED}), counted_at
    FROM coverage_state
    """  # noqa: S608 - no input
)
_BACKLOG: Final = f"""
    WITH touched AS (
        SELECT unit_id, sum(records) AS records FROM coverage_touched {{within}} GROUP BY unit_id
    ), kept AS (
        SELECT unit_id, max(dwellings) AS dwellings, bool_or({_EXPIRED}) AS expired
        FROM coverage_count {{within}} GROUP BY unit_id
    )
    SELECT count(*) AS communes,
        coalesce(sum(coalesce(t.records, 0) + coalesce(k.dwellings, 0)), 0)::bigint AS records
    FROM touched t FULL JOIN kept k USING (unit_id)
    WHERE t.unit_id IS NOT NULL OR k.expired
"""  # noqa: S608 - no input
# Of two rows of a commune the one with demonstration codes has all of its households.
_KEPT: Final = {
    False: f"SELECT unit_id, {_COLUMNS} FROM coverage_count WHERE NOT with_demo",  # noqa: S608
    True: f"SELECT DISTINCT ON (unit_id) unit_id, {_COLUMNS} FROM coverage_count"  # noqa: S608
    " ORDER BY unit_id, with_demo DESC",
}
_BOUND: Final = text(f"SET LOCAL lock_timeout = {_WAIT_MS}")
_UNBOUND: Final = text("SET LOCAL statement_timeout = 0")
_LOCK: Final = text("SELECT FROM coverage_state WHERE id = 1 FOR UPDATE")
COUNT: Final = f"""
    WITH taken AS (
        DELETE FROM coverage_touched RETURNING unit_id
    ), stale AS MATERIALIZED (
        SELECT unit_id FROM taken UNION SELECT unit_id FROM coverage_count WHERE {_EXPIRED}
    ), with_demo AS MATERIALIZED (
        SELECT unit_id FROM stale WHERE EXISTS (SELECT FROM household WHERE code < '1')
    ), without_demo AS (
        DELETE FROM coverage_count k USING stale s
        WHERE k.unit_id = s.unit_id AND k.with_demo
            AND NOT EXISTS (SELECT FROM household WHERE code < '1')
    ), counted AS (
        INSERT INTO coverage_count AS k
            (unit_id, with_demo, {_COLUMNS}, verified_since, verified_first)
        SELECT unit_id, false, {_COLUMNS}, CAST(:verified_since AS date), verified_first
        FROM ({counting("stale", demo=False)}) f
        UNION ALL
        SELECT unit_id, true, {_COLUMNS}, CAST(:verified_since AS date), verified_first
        FROM ({counting("with_demo", demo=True)}) f
        ON CONFLICT (unit_id, with_demo) DO UPDATE SET
            {", ".join(f"{field.name} = excluded.{field.name}" for field in fields(Counts))},
            verified_since = excluded.verified_since, verified_first = excluded.verified_first
    )
    UPDATE coverage_state SET counted_at = statement_timestamp() WHERE id = 1
"""  # noqa: S608 - no input
"""Counts and keeps what is not right any more; takes the parameter `verified_since`."""


_TOUCH_ALL: Final = text(
    "INSERT INTO coverage_touched (unit_id, records)"
    " SELECT id, 0 FROM admin_unit WHERE level = 'commune'"
)
_DIFFERENT: Final = " OR ".join(
    f"coalesce(k.{field.name}, 0) <> f.{field.name}" for field in fields(Counts)
)
_WRONG: Final = text(
    f"""
    WITH right_now AS MATERIALIZED (
        SELECT id AS unit_id FROM admin_unit WHERE level = 'commune'
        EXCEPT SELECT unit_id FROM coverage_touched
        EXCEPT SELECT unit_id FROM coverage_count WHERE {_EXPIRED}
    ), with_demo AS MATERIALIZED (
        SELECT unit_id FROM right_now
        WHERE EXISTS (SELECT FROM household WHERE code < '1')
            OR unit_id IN (SELECT unit_id FROM coverage_count WHERE with_demo)
    ), wrong AS (
        SELECT unit_id FROM ({counting("right_now", demo=False)}) f
        LEFT JOIN ({_KEPT[False]}) k USING (unit_id) WHERE {_DIFFERENT}
        UNION
        SELECT unit_id FROM ({counting("with_demo", demo=True)}) f
        LEFT JOIN ({_KEPT[True]}) k USING (unit_id) WHERE {_DIFFERENT}
    )
    SELECT u.code FROM wrong JOIN admin_unit u ON u.id = wrong.unit_id ORDER BY u.code
    """  # noqa: S608 - no input
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What there is to count."""

    communes: int
    records: int
    """Roughly, and rather too many."""
    counted_at: datetime.datetime
    """When all was counted last."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.communes == 0


def verified_since(day: datetime.date) -> datetime.date:
    """The first day of the 24 months up to that day."""
    return years_before(day, VERIFIED_YEARS)


def years_before(day: datetime.date, years: int) -> datetime.date:
    """The same day of an earlier year; 28 February for the 29th.

    >>> years_before(datetime.date(2026, 8, 1), 2), years_before(datetime.date(2028, 2, 29), 2)
    (datetime.date(2024, 8, 1), datetime.date(2026, 2, 28))
    """
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)


def backlog_of(session: Session, day: datetime.date, communes: list[int] | None = None) -> Backlog:
    """What there is to count on that day, of these communes or of all."""
    is_left, counted_at = session.execute(_IS_LEFT, {"verified_since": verified_since(day)}).one()
    if not is_left:  # nearly always, and told ten times faster
        return Backlog(0, 0, counted_at)
    statement = _BACKLOG.format(within="" if communes is None else _WITHIN)
    parameters = {
        "verified_since": verified_since(day),
        "parts": None if communes is None else written_array(communes),
    }
    communes_left, records = session.execute(text(statement), parameters).one()
    return Backlog(communes_left, records, counted_at)


def written_array(ids: Iterable[int]) -> str:
    """The array as PostgreSQL reads it: thousands are ten times faster so than by the driver."""
    return f"{{{','.join(map(str, ids))}}}"


def counts_of(*, demo: bool, anew: bool) -> str:
    """A SELECT of the counts of communes by `unit_id`; one that has no household may have no row.

    As they are kept; with `anew` those that are not right any more are counted, of the communes in
    the parameter `parts`. Takes the parameter `verified_since` as well.
    """
    if not anew:
        return _KEPT[demo]
    return f"""
        WITH stale AS MATERIALIZED (
            SELECT unit_id FROM coverage_touched {_WITHIN}
            UNION SELECT unit_id FROM coverage_count {_WITHIN} AND {_EXPIRED}
        )
        SELECT unit_id, {_COLUMNS} FROM ({_KEPT[demo]}) k
        WHERE unit_id NOT IN (SELECT unit_id FROM stale)
        UNION ALL
        SELECT unit_id, {_COLUMNS} FROM ({counting("stale", demo=demo)}) f
    """  # noqa: S608 - no input


def count_anew(engine: Engine, *, most: int | None = None) -> bool:
    """Count what is not right any more, and keep it; whether nothing is left to count.

    With `most` no more records than that, and not where somebody else counts for a second.
    """
    day = today()
    try:
        with session_scope(engine) as session:
            backlog = backlog_of(session, day)
            if backlog.is_done:
                return True
            if most is not None and backlog.records > most:
                return False
            # The next statement sees all that the one who had the lock has counted.
            session.execute(_BOUND if most is not None else _UNBOUND)
            session.execute(_LOCK)
            session.execute(text(COUNT), {"verified_since": verified_since(day)})
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    except ReadOnlyError:
        return False  # what a standby holds was counted where it can be written
    return True


def count_within(session: Session) -> None:
    """Count as part of what the session writes: where units change, what is kept of the former ones
    is no figure of before for the new ones, so theirs has to be there from the commit on.
    """
    session.execute(_UNBOUND)
    session.execute(_LOCK)
    session.execute(text(COUNT), {"verified_since": verified_since(today())})


def count_for_readers(engine: Engine) -> None:
    """The same for a request: more than it may take is put into the queue.

    Where the database cannot be written, its readers count what they ask for by themselves.
    """
    with suppress(DatabaseUnavailableError):
        if not count_anew(engine, most=MOST_RECORDS):
            with session_scope(engine) as session:
                enqueue_once(session, COUNT_COVERAGE)


def count(engine: Engine, _settings: Settings) -> None:
    """The job."""
    count_anew(engine)


def recount(engine: Engine) -> None:
    """Count every commune, whatever is kept."""
    with session_scope(engine) as session:
        session.execute(_TOUCH_ALL)
    count_anew(engine)


def wrong_counts(connection: Connection) -> list[str]:
    """Codes of communes of which another count is kept than there is; all are counted for it."""
    parameters = {"verified_since": verified_since(today())}
    return list(connection.scalars(_WRONG, parameters))
