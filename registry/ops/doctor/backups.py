"""Checks of what is saved: how old it is, that it was seen to come back, that the log is sent."""

from typing import Final

from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops.doctor.checks import Chapter, Finding, Subject, failure, ok, warning

SQL: Final = Statements(__file__, "queries.sql")

CHECKS = Chapter()

_DAY_S: Final = 86_400.0
_BACKUP_DAYS: Final = 2
_REHEARSAL_DAYS: Final = 40
_FAILING_S: Final = 600.0
"""A store that is away for this long does not come back by itself."""
_OFF: Final = Message("archiving_off")


@CHECKS.check(
    hint=Message("advice_make_backups"),
)
def backups_taken(subject: Subject) -> Finding:
    """The register is saved each day."""
    kind, age_s, holds = subject.connection.execute(SQL.text("last_backup")).one()
    if kind is None:
        return (
            warning(Message("no_backup_yet"))
            if holds
            else ok(Message("no_backup_or_household_yet"))
        )
    said = Message("backup_days_ago", kind=kind, age_s=age_s / _DAY_S)
    return warning(said) if age_s > _BACKUP_DAYS * _DAY_S else ok(said)


@CHECKS.check(
    hint=Message("advice_rehearse_backups"),
)
def backups_rehearsed(subject: Subject) -> Finding:
    """A backup was seen to come back."""
    uses, age_s = subject.connection.execute(SQL.text("last_rehearsal")).one()
    if age_s is not None:
        said = Message("days_ago", age_s=age_s / _DAY_S)
        return warning(said) if age_s > _REHEARSAL_DAYS * _DAY_S else ok(said)
    return warning(Message("never")) if uses else ok(Message("store_not_used"))


@CHECKS.check(
    hint=Message("advice_check_store"),
)
def log_archived(subject: Subject) -> Finding:
    """The log is sent to the store of backups."""
    found = subject.connection.execute(
        SQL.text("archiver"),
        {"lately": _FAILING_S},
    ).one()
    if found.mode == "off" or found.standby:
        wanted = subject.settings.backups is not None and not found.standby
        return warning(_OFF) if wanted else ok(Message("not_used"))
    said = (
        Message("last_sent_minutes_ago", age_s=found.age_s / 60)
        if found.sent
        else Message("nothing_sent_yet")
    )
    if found.fails:
        said = Message("archiving_fails", said=said)
        return failure(said) if found.age_s > _FAILING_S else warning(said)
    return warning(Message("archiving_failed_lately", said=said)) if found.failed else ok(said)
