"""Readiness from cached checks: whether requests can be served; callers never block.

Load balancers ask often, have short timeouts, and remove a server after two of them. The database
that answers queries and the primary are checked separately: the primary may hang while a replica
answers. It runs none of `registry.ops.probes`, whose verdicts are others (a newer schema is ready,
but a warning), and which waited two seconds for a frozen primary. `registry.core.watch` returns
what was seen in the last second; else a thread looks, callers wait 0.2 s, and the previous result
counts until three seconds old, so the answer is a second late, three if the database hangs.
Rejected: a permanent thread; a time-out per look, as libpq waits anyway.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.database import DatabaseFullError, ReadOnlyError, session_scope, tried_again
from registry.core.errors import DatabaseUnavailableError, NotPreparedError, RegistryError
from registry.core.messages import Message
from registry.core.replica import Replica
from registry.core.revision import current_revision, head_revision, suits
from registry.core.sql import Statements
from registry.core.watch import Watch
from registry.jobs.queue import worker_lives

SQL: Final = Statements(__file__)

NEW_S: Final = 1.0
HANGS_S: Final = 2.0
MOST_AGE_S: Final = NEW_S + HANGS_S
"""An older result does not count."""

# With it a megabyte is sorted in a file, which fails on a full disk and leaves no trace.
_IN_A_SMALL_MEMORY: Final = text("SET LOCAL work_mem = '64kB'")


@dataclass(frozen=True, slots=True)
class Ready:
    """What works beside reading."""

    writing: bool
    jobs: bool
    """Whether a worker lives."""
    age_s: float
    """Age of the oldest check used, at most `MOST_AGE_S`."""


@dataclass(frozen=True, slots=True)
class _Primary:
    refuses: RegistryError | None
    """Why it accepts no writes, or None."""
    jobs: bool


class Readiness:
    """Whether the databases answer queries and accept writes, and a worker lives."""

    def __init__(self, primary: Engine, replica: Replica | None) -> None:
        look, look_at_primary = partial(_look, primary, replica), partial(_look_at, primary)
        self._reading = Watch(look, new_s=NEW_S, hangs_s=HANGS_S)
        self._primary = Watch(look_at_primary, new_s=NEW_S, hangs_s=HANGS_S)

    def check(self, *, writing: bool) -> Ready:
        """What works beside reading.

        Raises DatabaseUnavailableError, or NotPreparedError when the schema is of another version
        or no units are loaded, if reading or, with `writing`, writing is impossible.
        """
        _, age_s = self._reading.last()
        try:
            primary, primary_age_s = self._primary.last()
        except (DatabaseUnavailableError, NotPreparedError):
            if writing:
                raise
            return Ready(writing=False, jobs=False, age_s=age_s)
        if writing and primary.refuses:
            raise primary.refuses
        taken = primary.refuses is None
        return Ready(writing=taken, jobs=primary.jobs, age_s=max(age_s, primary_age_s))

    def close(self) -> None:
        """Wait for running checks, unless they hang."""
        self._reading.close()
        self._primary.close()


def _look(primary: Engine, replica: Replica | None) -> None:
    def look() -> None:
        with session_scope(replica.engine if replica else primary) as session:
            _check_prepared(session)

    once_more = partial(tried_again, look)
    if replica:
        replica.asked(once_more)
    else:
        once_more()


def _look_at(primary: Engine) -> _Primary:
    def look() -> _Primary:
        seen: _Primary | None = None
        try:
            with session_scope(primary) as session:
                seen = _Primary(_refusal(session), worker_lives(session))
                session.execute(_IN_A_SMALL_MEMORY)
                session.execute(SQL.text("fill"))
        except DatabaseFullError as error:
            if seen is None:
                raise
            return replace(seen, refuses=seen.refuses or error)
        return seen

    return tried_again(look)


def _refusal(session: Session) -> RegistryError | None:
    try:
        _check_prepared(session)
    except NotPreparedError as error:
        return error
    is_read_only = session.scalar(text("SELECT current_setting('transaction_read_only') = 'on'"))
    return ReadOnlyError(Message("database_read_only")) if is_read_only else None


def _check_prepared(session: Session) -> None:
    if not suits(session.connection()):
        current, head = current_revision(session.connection()), head_revision()
        raise NotPreparedError(Message("schema_not_ready", current=current or "nothing", head=head))
    if session.scalar(text("SELECT seed_sha256 FROM gazetteer_state")) is None:
        raise NotPreparedError(Message("no_units_loaded"))
