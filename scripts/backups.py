"""`diachiso backups`: backups that bring back a moment, by pgBackRest."""

import datetime
from pathlib import Path
from typing import Annotated

import click

from registry.core.errors import InvalidInputError
from registry.core.messages import Message, _
from registry.ops.backup.moments import parse_moment, take
from registry.ops.backup.recovery import Recovered, rehearse, restore_moment
from registry.ops.backup.store import Backup, open_store, settings_to_print
from registry.units.gazetteer import VIET_NAM
from scripts.command import command
from scripts.doctor import show_results
from scripts.options import EXISTING_FOLDER, FOLDER, SCRATCH
from scripts.progress import say
from scripts.settings import read_settings

_KINDS = {
    "full": Message("backup_kind_full"),
    "diff": Message("backup_kind_differential"),
    "incr": Message("backup_kind_incremental"),
}


def _line(each: Backup) -> str:
    size = _(
        "{size:n} MB, {stored:n} MB stored",
        size=round(each.bytes / 1e6),
        stored=round(each.stored_bytes / 1e6),
    )
    return f"{each.label}  {_KINDS[each.kind]}  {_when(each.started)} – {_when(each.ended)}  {size}"


@click.group()
def backups() -> None:
    """Point-in-time backups.

    DIACHISO_BACKUPS names the store: a folder, or a file of pgBackRest's settings.
    """


@command(backups)
def make(
    *,
    full: Annotated[bool, "A full backup."] = False,
    upgraded: Annotated[bool, "Upgrade the store to a new major version of PostgreSQL."] = False,
) -> None:
    """Take a backup while the register runs.

    Full once a week, differential in between.
    """
    click.echo(_line(take(read_settings(), full=full, upgraded=upgraded, report=say)))


def _show(found: list[Backup]) -> None:
    for each in found:
        click.echo(_line(each))
    if not found:
        say(Message("store_empty"))
        return
    say(Message("recoverable_moments", first=_when(found[0].ended)))


@command(backups, "list", text=_show)
def list_() -> list[Backup]:
    """List the store, the oldest first."""
    return open_store(read_settings()).backups()


@command(backups)
def restore(
    *,
    moment: Annotated[str | None, "--to TIME", "The moment; by default the newest."] = None,
    into: Annotated[Path, FOLDER, "A new folder."],
) -> int:
    """Restore the register of a moment beside this one.

    Serve it by DIACHISO_VAR=DIR bin/run.
    """
    status = _report(restore_moment(read_settings(), _moment(moment), into, report=say))
    say(
        _(
            "to look at it: DIACHISO_VAR={folder} bin/run --no-demo --no-worker --port 0",
            folder=into.resolve(),
        )
    )
    return status


@command(backups, "rehearse")
def rehearse_(
    *,
    scratch: Annotated[Path, EXISTING_FOLDER, "Folder of the temporary register."] = SCRATCH,
) -> int:
    """Restore the newest backup, check and remove it.

    `doctor` shows the last success.
    """
    found = rehearse(read_settings(), scratch.resolve(), report=say)
    return _report(found)


@command(backups)
def config() -> None:
    """Print pgBackRest's settings for this register.

    To change the store, edit them in a file that DIACHISO_BACKUPS names.
    """
    click.echo(settings_to_print(read_settings()), nl=False)


def _moment(written: str | None) -> datetime.datetime | None:
    if written is None:
        return None
    try:
        return parse_moment(written, datetime.datetime.now(VIET_NAM))
    except InvalidInputError as error:
        raise click.UsageError(error.detail) from None


def _report(found: Recovered) -> int:
    show_results(found.results)
    extent = found.extent
    last = Message("backup_last_change", last=_when(extent.last)) if extent.last else ""
    held = _("{records:n} records, {events:n} events", records=extent.records, events=extent.events)
    click.echo(f"{held}{last}")
    return 0 if found.is_well else 1


def _when(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(VIET_NAM):%Y-%m-%d %H:%M:%S}"
