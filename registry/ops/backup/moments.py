"""Backups for point-in-time recovery: taken by pgBackRest, with the log between them.

They save the cluster's files, so a register can be restored to any second
(`registry.ops.backup.recovery`). Each backup has the number of code ordinals drawn by then: a
restored register continues after the highest of them, whatever its own state.

The log reaches the store within a minute. A failed store never stops the register: up to 8 GiB, or
a tenth of the disk, wait, then they are dropped. Rejected: shipping the log by our own code,
barman, wal-g, asynchronous pushing.
"""

import datetime
from typing import Final

from psycopg import Connection

from registry.core.database import OWNER_ROLE
from registry.core.days import parse_day
from registry.core.errors import ConflictError, InvalidInputError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.ops import cluster
from registry.ops.backup.store import ORDINAL, Backup, open_store
from registry.ops.backup.tools import Report, connected, note_run
from registry.units.gazetteer import VIET_NAM

_SAVED_BEFORE: Final = "SELECT 1 FROM backup_run WHERE kind IN ('full', 'diff') LIMIT 1"
_IS_OURS: Final = "SELECT 1 FROM backup_run WHERE label = %s"
_WEEK: Final = datetime.timedelta(days=6, hours=12)


def parse_moment(written: str, now: datetime.datetime) -> datetime.datetime:
    """Parse `31/12/2026 10:31`, or `10:31` for today, in Vietnamese time unless an offset is given.

    Raises InvalidInputError for malformed or future moments.

    >>> noon = datetime.datetime(2026, 11, 29, 12, tzinfo=VIET_NAM)
    >>> {parse_moment(each, noon).isoformat() for each in ("10:31", "29/11/2026 10:31")}
    {'2026-11-29T10:31:00+07:00'}
    >>> parse_moment("2026-11-29T03:31:00Z", noon).isoformat()
    '2026-11-29T03:31:00+00:00'
    """
    day, _, clock = written.strip().replace("T", " ").rpartition(" ")
    try:
        time = datetime.time.fromisoformat(clock if ":" in clock else "")
        date = parse_day(day) if day else now.astimezone(VIET_NAM).date()
    except ValueError:
        raise InvalidInputError(Message("malformed_moment", written=written)) from None
    moment = datetime.datetime.combine(date, time, time.tzinfo or VIET_NAM)
    if moment > now:
        raise InvalidInputError(Message("moment_in_future", written=written))
    return moment


def take(settings: Settings, *, full: bool, upgraded: bool = False, report: Report) -> Backup:
    """Add a backup of the running register to its store.

    Full if `full` or if the last full one is a week old, else differential. `upgraded` moves the
    store to the register's current major version of PostgreSQL. Raises ConflictError if the former
    store is missing, or one to upgrade is not this register's; NotPreparedError, ClusterError,
    DatabaseUnavailableError.
    """
    store = open_store(settings)
    store.check_room()
    with connected(cluster.database_url(settings), role=OWNER_ROLE) as connection:
        known = store.backups()
        if not (known or full) and connection.execute(_SAVED_BEFORE).fetchone():
            raise ConflictError(Message("store_empty_but_saved_before"))
        if upgraded and not (known and connection.execute(_IS_OURS, [known[-1].label]).fetchone()):
            raise ConflictError(Message("store_backup_of_other_register"))
        ordinal = drawn_ordinals(connection)
        store.run("stanza-upgrade" if upgraded else "stanza-create")
        report(Message("taking_backup"))
        kind = "full" if full or upgraded or _is_due(known) else "diff"
        store.run("backup", f"--type={kind}", f"--annotation={ORDINAL}={ordinal}")
        made = store.backups()[-1]
        note_run(connection, made.kind, made.label)
    return made


def _is_due(known: list[Backup]) -> bool:
    """Whether a full backup is due: a week later at the same hour, however long each takes."""
    now = datetime.datetime.now(VIET_NAM)
    return not any(each.kind == "full" and now - each.started < _WEEK for each in known)


def drawn_ordinals(connection: Connection[tuple[object, ...]]) -> int:
    """Return the number of code ordinals drawn so far."""
    ((ordinal,),) = connection.execute("SELECT last_value FROM code_ordinal").fetchall()
    return int(str(ordinal))
