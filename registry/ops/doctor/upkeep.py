"""Checks of what runs beside the register: disk, replicas, autovacuum, leftovers, keys."""

import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import text

from registry.core.database import APP_ROLE
from registry.core.errors import ConflictError, InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.jobs.queue import state_of_queue, worker_state
from registry.jobs.schema import current_version, wanted_version
from registry.lifecycle.second_person import default_csv, read_rules
from registry.ops.backup.tools import connected
from registry.ops.doctor.checks import (
    Chapter,
    Finding,
    Need,
    Subject,
    all_of,
    failure,
    none_of,
    ok,
    warning,
)

SQL: Final = Statements(__file__, "queries.sql")

CHECKS = Chapter()

_GIB: Final = 1 << 30
_LAG_S: Final = 30.0
_LATE_S: Final = 600.0
"""A replica this far behind tells merchants of doors as they no longer are."""
_LAG_BYTES: Final = 256 << 20
_DEAD_SHARE: Final = 0.2
_DEAD_ROWS: Final = 100_000
_OLD_XIDS: Final = 1_000_000_000
"""PostgreSQL stops writing at 2,100,000,000; autovacuum begins in earnest at 200,000,000."""
_KEY_DAYS: Final = 30


@CHECKS.check(
    hint=Message("advice_free_database_disk"),
    need=Need.DATABASE,
)
def data_disk(subject: Subject) -> Finding:
    """The disk of the data has room for a large operation, as far as it can be seen from here."""
    size = int(subject.connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    said = Message("database_size", size=size / _GIB)
    folder = _data_folder(subject)
    if folder is None:
        return ok(Message("size_disk_unseen", size=said))
    free = shutil.disk_usage(folder).free
    said = Message("size_and_free", size=said, free=free / _GIB)
    return warning(said) if free < size / 2 else ok(said)


def _data_folder(subject: Subject) -> Path | None:
    """Where the data lies, when the server runs on this machine and this account may look."""
    local, folder = subject.connection.execute(SQL.text("data_folder")).one()
    try:
        return Path(folder) if local and folder and Path(folder).is_dir() else None
    except OSError:
        return None


@CHECKS.check(
    hint=Message("advice_check_replica"),
    need=Need.DATABASE,
)
def replication(subject: Subject) -> Finding:
    """Replicas follow: at most half a minute behind, and no slot holds the log back."""
    if subject.connection.scalar(text("SELECT pg_is_in_recovery()")):
        return _behind(_own_lag(subject))
    rows = subject.connection.execute(SQL.text("replicas")).all()
    slots = subject.connection.execute(SQL.text("idle_slots")).all()
    behind = [
        Message(
            "replica_behind",
            name=row.name,
            bytes=float(row.bytes or 0) / 1000000.0,
            lag_s=float(row.lag_s or 0),
        )
        for row in rows
        if (row.bytes or 0) > _LAG_BYTES or (row.lag_s or 0) > _LAG_S
    ]
    idle = [
        Message(
            "slot_retains_log", slot_name=row.slot_name, bytes=float(row.bytes or 0) / 1000000.0
        )
        for row in slots
    ]
    if behind or idle:
        return all_of(behind + idle, warning)
    return ok(
        Message("replicas_connected", count=len(rows)) if rows else Message("no_replica_connected")
    )


def _own_lag(subject: Subject) -> float:
    """Seconds of log that this standby has received and not repeated, or not even received."""
    return float(subject.connection.scalar(SQL.text("own_lag")) or 0)


def _behind(lag_s: float) -> Finding:
    said = Message("seconds_behind", lag_s=lag_s)
    if lag_s > _LATE_S:
        return failure(said)
    return warning(said) if lag_s > _LAG_S else ok(said)


@CHECKS.check(
    hint=Message("advice_check_read_url"),
    need=Need.REGISTER,
)
def read_replica(subject: Subject) -> Finding:
    """The database of DATABASE_READ_URL is a copy of this one, and up to date."""
    url = subject.settings.database_read_url
    if not url:
        return ok(Message("setting_not_set"))
    here = subject.connection.execute(text(_NEWEST)).one()
    late = subject.connection.execute(
        SQL.text("lag_of_replica"),
        {"position": _position_there(url, here[0])},
    ).scalar()
    return _behind(float(late or 0))


@CHECKS.check(
    hint=Message("advice_check_web_url"),
    need=Need.REGISTER,
)
def web_database(subject: Subject) -> Finding:
    """The database of DATABASE_WEB_URL is this register, asked as the application."""
    url = subject.settings.database_web_url
    if not url:
        return ok(Message("setting_not_set"))
    _position_there(url, subject.connection.execute(text(_NEWEST)).one()[0])
    return ok(APP_ROLE)


_NEWEST: Final = "SELECT i.uuid, (SELECT max(position) FROM feed) FROM register_identity i"


def _position_there(url: str, register: object) -> int:
    with connected(url, role=APP_ROLE, may_be_pooled=True) as connection:
        row = connection.execute(_NEWEST).fetchone()
    if row is None or row[0] != register:
        raise ConflictError(Message("database_is_other_register"))
    return int(str(row[1] or 0))


@CHECKS.check(
    hint=Message("advice_enable_autovacuum"),
    need=Need.REGISTER,
)
def autovacuum(subject: Subject) -> Finding:
    """Autovacuum keeps up: few dead rows, fresh statistics, young transaction numbers."""
    off, age = subject.connection.execute(SQL.text("autovacuum")).one()
    if age > _OLD_XIDS:
        return failure(Message("transactions_near_wraparound", age=age))
    rows = subject.connection.execute(
        SQL.text("vacuum_late"),
        {"rows": _DEAD_ROWS, "share": _DEAD_SHARE},
    ).all()
    late = [
        Message("dead_rows", name=row.name, dead=row.dead, changed=row.changed, live=row.live)
        for row in rows
    ]
    problems = ([Message("autovacuum_off")] if off else []) + late
    return all_of(problems, warning)


@CHECKS.check(
    hint=Message("advice_rotate_keys"),
)
def keys_last(subject: Subject) -> Finding:
    """No key that is in use ends within thirty days."""
    names = subject.names(
        SQL.text("keys_ending"),
        days=_KEY_DAYS,
    )
    return none_of(names, "names_counted", warning)


@CHECKS.check(
    hint=Message("advice_second_person_table"),
)
def second_person(subject: Subject) -> Finding:
    """The table of what needs a second person can be read, and there is one."""
    own = subject.connection.scalar(text("SELECT rules FROM second_person_table"))
    try:
        rules = read_rules(default_csv() if own is None else own)
    except InvalidInputError as error:
        return failure(Message("own_table_unreadable", detail=error.message))
    alone = subject.names(SQL.text("approvers"))
    if not rules:
        return warning(Message("no_second_person_asked"))
    if len(alone) == 1:
        may = subject.names("SELECT name FROM api_key WHERE approves_own AND name = :n", n=alone[0])
        return ok() if may else warning(Message("single_approving_key", alone=alone[0]))
    return ok(Message("row_count", count=len(rules)))


@CHECKS.check(
    hint=Message("advice_start_worker"),
)
def background_jobs(subject: Subject) -> Finding:
    """Background jobs are done: a worker lives, and none waits or is stuck."""
    version = current_version(subject.connection)
    if version != wanted_version():
        return failure(
            Message("job_tables_version_differs", version=version or "–", required=wanted_version())
        )
    state = state_of_queue(subject.connection)
    problems = [
        *([Message("no_worker_running")] if worker_state(subject.connection) != "ok" else []),
        *(
            [Message("jobs_waiting_since", waiting=state.waiting, oldest_s=state.oldest_s)]
            if state.oldest_s > _LATE_S
            else []
        ),
        *([Message("jobs_of_dead_workers", stuck=state.stuck)] if state.stuck else []),
        *([Message("jobs_given_up", failed=state.failed)] if state.failed else []),
    ]
    return (
        all_of(problems, warning)
        if problems
        else ok(Message("workers_running", workers=state.workers))
    )


@CHECKS.check(
    hint=Message("advice_resume_webhook"),
    need=Need.REGISTER,
)
def webhooks_told(subject: Subject) -> Finding:
    """No webhook was given up."""
    dead = subject.names(SQL.text("dead_webhooks"))
    return none_of(dead, "names_counted", warning)
