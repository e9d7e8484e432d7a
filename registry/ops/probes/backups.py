"""Probes of backups: their age, their rehearsal, and archiving of the log."""

from typing import Final

from sqlalchemy import text

from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops.probes.alerts import Alert
from registry.ops.probes.probe import Finding, Subject, failure, ok, over, probe, warning

SQL: Final = Statements(__file__, "queries.sql")

_DAY_S: Final = 86_400.0
_BACKUP_DAYS: Final = 2
_REHEARSAL_DAYS: Final = 40
_FAILING_S: Final = 600.0
"""A store that is unavailable for this long does not recover by itself."""
_FAILURES: Final = 5
"""Failures in a quarter of an hour; PostgreSQL retries each minute."""
_OFF: Final = Message("archiving_off")
_HOUSEHOLDS: Final = "SELECT EXISTS (SELECT FROM household WHERE code >= '1' COLLATE \"C\")"
"""Whether there are any but demo households."""


@probe(
    Alert(
        "BackupOld",
        'time() - (max(diachiso_backup_timestamp_seconds{kind!="rehearsal"})\n'
        f"or max(diachiso_last_event_timestamp_seconds) * 0) > {_BACKUP_DAYS} * 86400",
        "page",
        f"no backup was taken for {_BACKUP_DAYS} days, or ever",
        lasts="1h",
    ),
    hint=Message("advice_make_backups"),
)
def backups_taken(subject: Subject) -> Finding:
    """The register is saved each day."""
    taken = subject.connection.execute(SQL.text("backups")).all()
    newest = next((each for each in taken if each.kind != "rehearsal"), None)
    if newest is None:
        if subject.connection.scalar(text(_HOUSEHOLDS)):
            return warning(Message("no_backup_yet"))
        return ok(Message("no_backup_or_household_yet"))
    age = Message("backup_days_ago", kind=newest.kind, age_s=newest.age_s / _DAY_S)
    return over(newest.age_s, age, warn=_BACKUP_DAYS * _DAY_S)


@probe(
    Alert(
        "RehearsalOld",
        'time() - max(diachiso_backup_timestamp_seconds{kind="rehearsal"})'
        f" > {_REHEARSAL_DAYS} * 86400",
        "warn",
        "no backup was seen to come back for {{ $value | humanizeDuration }}",
    ),
    hint=Message("advice_rehearse_backups"),
)
def backups_rehearsed(subject: Subject) -> Finding:
    """A backup was seen to come back."""
    ages = {each.kind: each.age_s for each in subject.connection.execute(SQL.text("backups"))}
    if "rehearsal" in ages:
        age = Message("days_ago", age_s=ages["rehearsal"] / _DAY_S)
        return over(ages["rehearsal"], age, warn=_REHEARSAL_DAYS * _DAY_S)
    uses_store = ages.keys() & {"full", "diff"}
    return warning(Message("never")) if uses_store else ok(Message("store_not_used"))


@probe(
    Alert(
        "ArchivingFails",
        f"max(increase(diachiso_archive_failures_total[15m])) > {_FAILURES}",
        "page",
        "the log does not reach the store of backups",
        lasts="5m",
    ),
    hint=Message("advice_check_store"),
)
def log_archived(subject: Subject) -> Finding:
    """The log is sent to the store of backups."""
    found = subject.connection.execute(SQL.text("archiver"), {"lately": _FAILING_S}).one()
    if found.mode == "off" or found.standby:
        wanted = subject.settings.backups is not None and not found.standby
        return warning(_OFF) if wanted else ok(Message("not_used"))
    last = (
        Message("last_sent_minutes_ago", age_s=found.age_s / 60)
        if found.sent
        else Message("nothing_sent_yet")
    )
    if found.fails:
        fails = Message("archiving_fails", said=last)
        return failure(fails) if found.age_s > _FAILING_S else warning(fails)
    return warning(Message("archiving_failed_lately", said=last)) if found.failed else ok(last)
