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
"""What a request counts by itself: a tenth of a second. More is left to the job."""
_WAIT_MS: Final = 1_000
"""How long a request waits for another one that counts."""

_NUMBERS: Final = [field.name for field in fields(Counts)]
_COUNTS: Final = [*_NUMBERS, "uses"]
_SUMS: Final = ", ".join(
    (
        *(f"coalesce(sum(c.{name}), 0)::bigint AS {name}" for name in _NUMBERS),
        "jsonb_agg(c.uses) FILTER (WHERE c.uses IS NOT NULL) AS uses",
    )
)
"""In SQL, the counts of rows `c` together."""
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
    is_left, counted_at = session.execute(
        SQL.text("is_left"), {"verified_since": verified_since(day)}
    ).one()
    if not is_left:  # nearly always, and told ten times faster
        return Backlog(0, 0, counted_at)
    statement = SQL.text("backlog") if communes is None else SQL.text("backlog", "within")
    parameters = {
        "verified_since": verified_since(day),
        "parts": None if communes is None else written_array(communes),
    }
    communes_left, records = session.execute(statement, parameters).one()
    return Backlog(communes_left, records, counted_at)


def written_array(ids: Iterable[int]) -> str:
    """The array as PostgreSQL reads it: thousands are ten times faster so than by the driver."""
    return f"{{{','.join(map(str, ids))}}}"


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
            session.execute(SQL.text("count"), {"verified_since": verified_since(day)})
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
    session.execute(SQL.text("count"), {"verified_since": verified_since(today())})


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
        session.execute(SQL.text("touch_all"))
    count_anew(engine)


def wrong_counts(connection: Connection) -> list[str]:
    """Codes of communes of which another count is kept than there is; all are counted for it."""
    parameters = {"verified_since": verified_since(today())}
    return list(connection.scalars(SQL.text("wrong_counts"), parameters))
