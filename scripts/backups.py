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
    """Backups that bring back a moment.

    DIACHISO_BACKUPS names the store: a folder, or a file of pgBackRest's settings.
    """


@command(backups)
def make(
    *,
    full: Annotated[bool, "A whole one, though the last is young."] = False,
    upgraded: Annotated[bool, "Take the store along to a new major version of PostgreSQL."] = False,
) -> None:
    """Take a backup; the register goes on.

    A whole one each week, in between what differs from it.
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
    """What is in the store, the oldest first."""
    return open_store(read_settings()).backups()


@command(backups)
def restore(
    *,
    moment: Annotated[str | None, "--to TIME", "The newest without."] = None,
    into: Annotated[Path, FOLDER, "A new folder."],
) -> int:
    """The register of a moment, beside this one.

    Never over what is there: serve what came back by DIACHISO_VAR=DIR bin/run.
    """
    status = _told(restore_moment(read_settings(), _moment(moment), into, report=say))
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
    scratch: Annotated[
        Path, EXISTING_FOLDER, "Where the register comes back, and is removed."
    ] = SCRATCH,
) -> int:
    """Let the newest come back, examine and remove it.

    The doctor and monitors tell when this went well last.
    """
    found = rehearse(read_settings(), scratch.resolve(), report=say)
    return _told(found)


@command(backups)
def config() -> None:
    """Print pgBackRest's settings for this register.

    Keep them in a file, change the store there, and name the file in DIACHISO_BACKUPS.
    """
    click.echo(settings_to_print(read_settings()), nl=False)


def _moment(written: str | None) -> datetime.datetime | None:
    if written is None:
        return None
    try:
        return parse_moment(written, datetime.datetime.now(VIET_NAM))
    except InvalidInputError as error:
        raise click.UsageError(error.detail) from None


def _told(found: Recovered) -> int:
    show_results(found.results)
    extent = found.extent
    last = Message("backup_last_change", last=_when(extent.last)) if extent.last else ""
    held = _("{records:n} records, {events:n} events", records=extent.records, events=extent.events)
    click.echo(f"{held}{last}")
    return 0 if found.is_well else 1


def _when(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(VIET_NAM):%Y-%m-%d %H:%M:%S}"
