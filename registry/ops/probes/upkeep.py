"""Probes of operations: disk, replicas, autovacuum, keys, jobs, webhooks."""

import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import text

from registry.core.database import APP_ROLE
from registry.core.errors import ConflictError, InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.jobs.queue import state_of_queue, worker_lives
from registry.jobs.schema import current_version, wanted_version
from registry.lifecycle.second_person import default_csv, read_rules
from registry.ops.backup.tools import connected
from registry.ops.probes.alerts import Alert
from registry.ops.probes.probe import (
    Finding,
    Need,
    Subject,
    all_of,
    failure,
    none_of,
    ok,
    over,
    probe,
    warning,
)

SQL: Final = Statements(__file__, "queries.sql")

_GIB: Final = 1 << 30
_LAG_S: Final = 30.0
_LAG_ALERT_S: Final = 60
_LAG_BROKEN_S: Final = 600.0
"""A replica this far behind returns outdated addresses."""
_LAG_BYTES: Final = 256 << 20
_WAITING_S: Final = 600.0
"""Longest wait of the first job."""
_DEAD_SHARE: Final = 0.2
_DEAD_ROWS: Final = 100_000
_OLD_XIDS: Final = 1_000_000_000
"""PostgreSQL stops writing at 2,100,000,000; aggressive autovacuum starts at 200,000,000."""
_KEY_DAYS: Final = 30


@probe(hint=Message("advice_free_database_disk"), need=Need.DATABASE)
def data_disk(subject: Subject) -> Finding:
    """The disk of the data has room for a large operation, as far as it can be seen from here."""
    size = int(subject.connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    detail = Message("database_size", size=size / _GIB)
    folder = _data_folder(subject)
    if folder is None:
        return ok(Message("size_disk_unseen", size=detail))
    free = shutil.disk_usage(folder).free
    detail = Message("size_and_free", size=detail, free=free / _GIB)
    return warning(detail) if free < size / 2 else ok(detail)


def _data_folder(subject: Subject) -> Path | None:
    """Return the data folder, if the server is local and this account may access it."""
    local, folder = subject.connection.execute(SQL.text("data_folder")).one()
    try:
        return Path(folder) if local and folder and Path(folder).is_dir() else None
    except OSError:
        return None


@probe(hint=Message("advice_check_replica"), need=Need.DATABASE)
def replication(subject: Subject) -> Finding:
    """Replicas follow: at most half a minute behind, and no slot holds the log back."""
    if subject.connection.scalar(text("SELECT pg_is_in_recovery()")):
        return _behind(float(subject.connection.scalar(SQL.text("own_lag")) or 0))
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
    well = Message("replicas_connected", count=len(rows))
    return all_of(behind + idle, warning, well=well if rows else Message("no_replica_connected"))


def _behind(lag_s: float) -> Finding:
    lag = Message("seconds_behind", lag_s=lag_s)
    return over(lag_s, lag, warn=_LAG_S, fail=_LAG_BROKEN_S)


@probe(
    Alert(
        "ReplicaLate",
        f"max(diachiso_replica_age_seconds) > {_LAG_ALERT_S}",
        "warn",
        "reads are {{ $value | humanizeDuration }} behind",
        lasts="5m",
    ),
    hint=Message("advice_check_read_url"),
)
def read_replica(subject: Subject) -> Finding:
    """The database of DATABASE_READ_URL is a copy of this one, and up to date."""
    url = subject.settings.database_read_url
    if not url:
        return ok(Message("setting_not_set"))
    position = _position_there(url, subject)
    late = subject.connection.scalar(SQL.text("lag_of_replica"), {"position": position})
    return _behind(float(late or 0))


@probe(hint=Message("advice_check_web_url"))
def web_database(subject: Subject) -> Finding:
    """The database of DATABASE_WEB_URL is this register, asked as the application."""
    url = subject.settings.database_web_url
    if not url:
        return ok(Message("setting_not_set"))
    _position_there(url, subject)
    return ok(APP_ROLE)


_NEWEST: Final = "SELECT i.uuid, (SELECT max(position) FROM feed) FROM register_identity i"


def _position_there(url: str, subject: Subject) -> int:
    """Return the last position of its feed; raises ConflictError for another register."""
    here = subject.connection.execute(text(_NEWEST)).one()
    with connected(url, role=APP_ROLE, may_be_pooled=True) as connection:
        row = connection.execute(_NEWEST).fetchone()
    if row is None or row[0] != here[0]:
        raise ConflictError(Message("database_is_other_register"))
    return int(str(row[1] or 0))


@probe(hint=Message("advice_enable_autovacuum"))
def autovacuum(subject: Subject) -> Finding:
    """Autovacuum keeps up: few dead rows, fresh statistics, young transaction numbers."""
    off, age = subject.connection.execute(SQL.text("autovacuum")).one()
    if age > _OLD_XIDS:
        return failure(Message("transactions_near_wraparound", age=age))
    rows = subject.connection.execute(
        SQL.text("vacuum_late"), {"rows": _DEAD_ROWS, "share": _DEAD_SHARE}
    ).all()
    late = [
        Message("dead_rows", name=row.name, dead=row.dead, changed=row.changed, live=row.live)
        for row in rows
    ]
    problems = ([Message("autovacuum_off")] if off else []) + late
    return all_of(problems, warning)


@probe(hint=Message("advice_rotate_keys"))
def keys_last(subject: Subject) -> Finding:
    """No key that is in use ends within thirty days."""
    return none_of(subject.names(SQL.text("keys_ending"), days=_KEY_DAYS), "names_counted", warning)


@probe(hint=Message("advice_second_person_table"))
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


@probe(
    Alert(
        "NoWorker",
        "max(diachiso_workers) == 0",
        "page",
        "background jobs are not done: no worker lives",
        lasts="5m",
    ),
    Alert(
        "JobsFail",
        'max(diachiso_jobs{state=~"stuck|failed"}) > 0',
        "warn",
        "{{ $value }} jobs were given up, or their worker died",
        lasts="10m",
    ),
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
    waiting = Message("jobs_waiting_since", waiting=state.waiting, oldest_s=state.oldest_s)
    problems = {
        Message("no_worker_running"): not worker_lives(subject.connection),
        waiting: state.oldest_s > _WAITING_S,
        Message("jobs_of_dead_workers", stuck=state.stuck): state.stuck,
        Message("jobs_given_up", failed=state.failed): state.failed,
    }
    well = Message("workers_running", workers=state.workers)
    return all_of((each for each, holds in problems.items() if holds), warning, well=well)


@probe(
    Alert(
        "WebhookGivenUp",
        'max(diachiso_webhooks{state="dead"}) > 0',
        "warn",
        "{{ $value }} receivers are told no more",
        lasts="10m",
    ),
    hint=Message("advice_resume_webhook"),
)
def webhooks_delivered(subject: Subject) -> Finding:
    """No webhook was given up."""
    return none_of(subject.names(SQL.text("dead_webhooks")), "names_counted", warning)
