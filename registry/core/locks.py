"""Numbers of the advisory locks, one for each thing that only one may do at a time.

Functions in `migrations/` repeat some of the numbers; a test compares them.
"""

from enum import IntEnum, unique
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session


@unique
class Lock(IntEnum):
    """A number, and what is done under it."""

    MIGRATIONS = 7238010020
    FEED = 7238010021
    """Events are moved into the feed, and get their positions."""
    PUBLICATION = 7238010022
    """Deliveries are published and rolled back, reforms are carried: each sees the one before."""
    JOBS_SCHEMA = 7238010023
    REPORTS = 7238010024
    """With a key: field reports on one door are filed."""
    GAPS = 7238010025
    """Gaps of coverage are computed."""
    REFORM = 7238010026
    WEBHOOKS = 7238010027
    """Held while a process listens for events to deliver."""
    NEW_CODES = 7238010030
    ADDRESS = 7238010031
    """With a key: an address is given to a record."""
    DEMO = 7238010032
    """A demonstration is loaded."""


class LockClass(IntEnum):
    """First numbers of locks that have two."""

    JOBS = 723801003
    """The second is the number of a job that is being done."""


_HOLD: Final = text("SELECT pg_advisory_xact_lock(:lock)")


def hold_lock(connection: Connection | Session, lock: Lock) -> None:
    """Wait for the lock and hold it to the end of the transaction."""
    connection.execute(_HOLD, {"lock": int(lock)})
