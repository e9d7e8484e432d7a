"""Checks of what runs beside the register: disk, replicas, autovacuum, leftovers, keys."""

import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import text

from registry.backup.tools import connected
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.database import APP_ROLE
from registry.doctor.checks import Chapter, Finding, Need, Subject, failure, none_of, ok, warning
from registry.errors import ConflictError, InvalidInputError
from registry.jobs.queue import state_of_queue, worker_state
from registry.jobs.schema import current_version, wanted_version
from registry.lifecycle.second_person import default_csv, read_rules

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
    "Đĩa dữ liệu còn chỗ cho một thao tác lớn",
    hint=Message("advice_free_database_disk"),
    need=Need.DATABASE,
)
def data_disk(subject: Subject) -> Finding:
    """The disk of the data has room for a large operation, as far as it can be seen from here."""
    size = int(subject.connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    said = f"the database has {size / _GIB:.1f} GiB"
    folder = _data_folder(subject)
    if folder is None:
        return ok(f"{said}; the disk cannot be seen from here")
    free = shutil.disk_usage(folder).free
    said = f"{said}, {free / _GIB:.1f} GiB free"
    return warning(said) if free < size / 2 else ok(said)


def _data_folder(subject: Subject) -> Path | None:
    """Where the data lies, when the server runs on this machine and this account may look."""
    local, folder = subject.connection.execute(SQL.text("data_folder")).one()
    try:
        return Path(folder) if local and folder and Path(folder).is_dir() else None
    except OSError:
        return None


@CHECKS.check(
    "Bản sao theo kịp: chậm nhất nửa phút, không khe nào giữ nhật ký lại",
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
        f"{row.name} {float(row.bytes or 0) / 1e6:,.0f} MB, {float(row.lag_s or 0):,.0f} s behind"
        for row in rows
        if (row.bytes or 0) > _LAG_BYTES or (row.lag_s or 0) > _LAG_S
    ]
    idle = [f"slot {row.slot_name} holds {float(row.bytes or 0) / 1e6:,.0f} MB" for row in slots]
    if behind or idle:
        return warning("; ".join(behind + idle))
    return ok(f"{len(rows)} connected" if rows else "none is connected")


def _own_lag(subject: Subject) -> float:
    """Seconds of log that this standby has received and not repeated, or not even received."""
    return float(subject.connection.scalar(SQL.text("own_lag")) or 0)


def _behind(lag_s: float) -> Finding:
    said = f"{lag_s:,.0f} s behind"
    if lag_s > _LATE_S:
        return failure(said)
    return warning(said) if lag_s > _LAG_S else ok(said)


@CHECKS.check(
    "Cơ sở dữ liệu của DATABASE_READ_URL là bản sao của sổ này, và kịp thời",
    hint=Message("advice_check_read_url"),
    need=Need.REGISTER,
)
def read_replica(subject: Subject) -> Finding:
    """The database of DATABASE_READ_URL is a copy of this one, and up to date."""
    url = subject.settings.database_read_url
    if not url:
        return ok("none is set")
    here = subject.connection.execute(text(_NEWEST)).one()
    late = subject.connection.execute(
        SQL.text("lag_of_replica"),
        {"position": _position_there(url, here[0])},
    ).scalar()
    return _behind(float(late or 0))


@CHECKS.check(
    "Cơ sở dữ liệu của DATABASE_WEB_URL là sổ này, và pooler mang đúng vai trò",
    hint=Message("advice_check_web_url"),
    need=Need.REGISTER,
)
def web_database(subject: Subject) -> Finding:
    """The database of DATABASE_WEB_URL is this register, asked as the application."""
    url = subject.settings.database_web_url
    if not url:
        return ok("none is set")
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
    "Autovacuum theo kịp",
    hint=Message("advice_enable_autovacuum"),
    need=Need.REGISTER,
)
def autovacuum(subject: Subject) -> Finding:
    """Autovacuum keeps up: few dead rows, fresh statistics, young transaction numbers."""
    off, age = subject.connection.execute(SQL.text("autovacuum")).one()
    if age > _OLD_XIDS:
        return failure(f"the oldest transaction number is {age:,} old: writing will stop")
    rows = subject.connection.execute(
        SQL.text("vacuum_late"),
        {"rows": _DEAD_ROWS, "share": _DEAD_SHARE},
    ).all()
    late = [
        f"{row.name}: {row.dead:,} dead, {row.changed:,} changed of {row.live:,}" for row in rows
    ]
    problems = (["it is off"] if off else []) + late
    return warning("; ".join(problems)) if problems else ok()


@CHECKS.check(
    "Không khoá nào đang dùng hết hạn trong 30 ngày tới",
    hint=Message("advice_rotate_keys"),
)
def keys_last(subject: Subject) -> Finding:
    """No key that is in use ends within thirty days."""
    names = subject.names(
        SQL.text("keys_ending"),
        days=_KEY_DAYS,
    )
    return none_of(names, "", warning)


@CHECKS.check(
    "Bảng việc cần người thứ hai đọc được, và có người thứ hai",
    hint=Message("advice_second_person_table"),
)
def second_person(subject: Subject) -> Finding:
    """The table of what needs a second person can be read, and there is one."""
    own = subject.connection.scalar(text("SELECT rules FROM second_person_table"))
    try:
        rules = read_rules(default_csv() if own is None else own)
    except InvalidInputError as error:
        return failure(f"the default holds, as the own table cannot be read: {error.detail}")
    alone = subject.names(SQL.text("approvers"))
    if not rules:
        return warning("it asks for none")
    if len(alone) == 1:
        may = subject.names("SELECT name FROM api_key WHERE approves_own AND name = :n", n=alone[0])
        return ok() if may else warning(f"one key alone approves: {alone[0]}")
    return ok(f"{len(rules)} rows")


@CHECKS.check(
    "Việc nền chạy đều",
    hint=Message("advice_start_worker"),
)
def background_jobs(subject: Subject) -> Finding:
    """Background jobs are done: a worker lives, and none waits or is stuck."""
    version = current_version(subject.connection)
    if version != wanted_version():
        return failure(f"the tables are of {version or 'no version'}, not {wanted_version()}")
    state = state_of_queue(subject.connection)
    problems = [
        *(["no worker"] if worker_state(subject.connection) != "ok" else []),
        *([f"{state.waiting:,} wait, {state.oldest_s:,.0f} s"] if state.oldest_s > _LATE_S else []),
        *([f"{state.stuck:,} of dead workers"] if state.stuck else []),
        *([f"{state.failed:,} given up"] if state.failed else []),
    ]
    return warning("; ".join(problems)) if problems else ok(f"{state.workers} workers")


@CHECKS.check(
    "Không webhook nào đã thôi gửi",
    hint=Message("advice_resume_webhook"),
    need=Need.REGISTER,
)
def webhooks_told(subject: Subject) -> Finding:
    """No webhook was given up."""
    dead = subject.names(SQL.text("dead_webhooks"))
    return none_of(dead, "", warning)
