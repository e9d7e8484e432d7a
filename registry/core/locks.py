"""Numbers of advisory locks, one for each exclusive activity.

Functions in `migrations/` repeat some of the numbers; a test compares them.
"""

from enum import IntEnum, unique
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session


@unique
class Lock(IntEnum):
    """The number of a lock."""

    MIGRATIONS = 7238010020
    FEED = 7238010021
    """Moving events into the feed, which assigns their positions."""
    PUBLICATION = 7238010022
    """Publishing and rolling back deliveries, carrying out reforms: each sees the previous one."""
    JOBS_SCHEMA = 7238010023
    REPORTS = 7238010024
    """Filing field reports on one door; with a key."""
    GAPS = 7238010025
    """Computing gaps of coverage."""
    REFORM = 7238010026
    WEBHOOKS = 7238010027
    """Listening for events to deliver."""
    NEW_CODES = 7238010030
    ADDRESS = 7238010031
    """Giving an address to a record; with a key."""
    DEMO = 7238010032
    """Loading demo data."""


class LockClass(IntEnum):
    """First numbers of locks with two numbers."""

    JOBS = 723801003
    """The second is the id of a running job."""


_HOLD: Final = text("SELECT pg_advisory_xact_lock(:lock)")


def hold_lock(connection: Connection | Session, lock: Lock) -> None:
    """Wait for the lock and keep it until the end of the transaction."""
    connection.execute(_HOLD, {"lock": int(lock)})
