"""Cached counts by commune, recomputed for communes that were written to.

The database notes in `coverage_touched`, with each commit, the communes whose households or plates
it wrote. A refresh deletes these notes and counts the communes in one statement: the cache is then
right as of that statement's snapshot. A reader uses the cache, and counts the noted communes
itself, also in one statement. So both are always right, and a refresh only saves work for later
readers.

Counting all households for each question took most of a second at 2,000,000, and would exceed the
statement limit at 28 million. Whole communes are recounted, since shared doors and the 24 months of
verification do not add up. Notes cost 1 % of a bulk update. Beyond 300,000 records (a tenth of a
second) a request answers the old counts with their time, and leaves counting to the job.
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

from registry.core.database import ReadOnlyError, session_scope
from registry.core.errors import DatabaseUnavailableError
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.coverage.figures import Counts
from registry.jobs.queue import enqueue_once
from registry.jobs.table import COUNT_COVERAGE
from registry.units.gazetteer import today

VERIFIED_YEARS: Final = 2
ACCURATE_M: Final = 20
MOST_RECORDS: Final = 300_000
"""Maximum that a request counts itself, a tenth of a second; the job does the rest."""
_WAIT_MS: Final = 1_000
"""How long a request waits for another one's refresh."""

_NUMBERS: Final = [field.name for field in fields(Counts)]
_COUNTS: Final = [*_NUMBERS, "uses"]
_SUMS: Final = ", ".join(
    (
        *(f"coalesce(sum(c.{name}), 0)::bigint AS {name}" for name in _NUMBERS),
        "jsonb_agg(c.uses) FILTER (WHERE c.uses IS NOT NULL) AS uses",
    )
)
"""SQL: the sums of the counts of rows `c`."""
SQL: Final = Statements(
    __file__,
    "queries.sql",
    counts=", ".join(_COUNTS),
    excluded=", ".join(f"excluded.{name}" for name in _COUNTS),
    differ="(k.uses IS DISTINCT FROM f.uses OR "
    + " OR ".join(f"coalesce(k.{name}, 0) <> f.{name}" for name in _NUMBERS)
    + ")",
    sums=_SUMS,
    accurate_m=str(ACCURATE_M),
)
_BOUND: Final = text(f"SET LOCAL lock_timeout = {_WAIT_MS}")
_UNBOUND: Final = text("SET LOCAL statement_timeout = 0")
_LOCK: Final = text("SELECT FROM coverage_state WHERE id = 1 FOR UPDATE")


@dataclass(frozen=True, slots=True)
class Backlog:
    """The outdated communes."""

    communes: int
    records: int
    """Estimate, rather too high."""
    counted_at: datetime.datetime
    """Time of the last complete count."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to count."""
        return self.communes == 0


def verified_since(day: datetime.date) -> datetime.date:
    """Return the first of the 24 months up to that day."""
    return years_before(day, VERIFIED_YEARS)


def years_before(day: datetime.date, years: int) -> datetime.date:
    """Return the same day of an earlier year; 28 February for the 29th.

    >>> years_before(datetime.date(2026, 8, 1), 2), years_before(datetime.date(2028, 2, 29), 2)
    (datetime.date(2024, 8, 1), datetime.date(2026, 2, 28))
    """
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)


def backlog_of(session: Session, day: datetime.date, communes: list[int] | None = None) -> Backlog:
    """Return what is outdated on that day, of these communes or of all."""
    is_left, counted_at = session.execute(
        SQL.text("is_left"), {"verified_since": verified_since(day)}
    ).one()
    if not is_left:  # the usual case, ten times faster to detect
        return Backlog(0, 0, counted_at)
    statement = SQL.text("backlog") if communes is None else SQL.text("backlog", "within")
    parameters = {
        "verified_since": verified_since(day),
        "parts": None if communes is None else written_array(communes),
    }
    communes_left, records = session.execute(statement, parameters).one()
    return Backlog(communes_left, records, counted_at)


def written_array(ids: Iterable[int]) -> str:
    """Return a PostgreSQL array literal: for thousands of ids ten times faster than the driver."""
    return f"{{{','.join(map(str, ids))}}}"


def count_anew(engine: Engine, *, most: int | None = None) -> bool:
    """Refresh outdated counts; return whether nothing is left to count.

    With `most` counts no more records than that, and gives up if another one counts for a second.
    """
    day = today()
    try:
        with session_scope(engine) as session:
            backlog = backlog_of(session, day)
            if backlog.is_done:
                return True
            if most is not None and backlog.records > most:
                return False
            # The next statement sees everything that the previous holder of the lock counted.
            session.execute(_BOUND if most is not None else _UNBOUND)
            session.execute(_LOCK)
            session.execute(SQL.text("count"), {"verified_since": verified_since(day)})
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    except ReadOnlyError:
        return False  # a standby has the counts of its primary
    return True


def count_within(session: Session) -> None:
    """Count within the session's transaction: after a change of units the cached counts of former
    ones do not apply to the new ones, whose counts must exist from the commit on.
    """
    session.execute(_UNBOUND)
    session.execute(_LOCK)
    session.execute(SQL.text("count"), {"verified_since": verified_since(today())})


def count_for_readers(engine: Engine) -> None:
    """Refresh counts for a request; what exceeds its limit is queued.

    On a read-only database, readers count what they need themselves.
    """
    with suppress(DatabaseUnavailableError):
        if not count_anew(engine, most=MOST_RECORDS):
            with session_scope(engine) as session:
                enqueue_once(session, COUNT_COVERAGE)


def count(engine: Engine, _settings: Settings) -> None:
    """Run the job."""
    count_anew(engine)


def recount(engine: Engine) -> None:
    """Count every commune, ignoring the cache."""
    with session_scope(engine) as session:
        session.execute(SQL.text("touch_all"))
    count_anew(engine)


def wrong_counts(connection: Connection) -> list[str]:
    """Return codes of communes with wrong cached counts; counts all communes."""
    parameters = {"verified_since": verified_since(today())}
    return list(connection.scalars(SQL.text("wrong_counts"), parameters))
