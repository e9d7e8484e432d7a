"""`diachiso backups`: backups that bring back a moment, by pgBackRest."""

import datetime
import tempfile
from pathlib import Path

import click

from registry.core.errors import InvalidInputError
from registry.core.messages import Message, _
from registry.ops.backup.moments import parse_moment, take
from registry.ops.backup.recovery import Recovered, rehearse, restore_moment
from registry.ops.backup.store import Backup, open_store, settings_to_print
from registry.units.gazetteer import VIET_NAM
from scripts.doctor import show_results
from scripts.progress import say
from scripts.results import shows
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


@backups.command()
@click.option(
    "--full",
    is_flag=True,
    help="A whole one, though the last is young.",
)
@click.option(
    "--upgraded",
    is_flag=True,
    help="Take the store along to a new major version of PostgreSQL.",
)
def make(*, full: bool, upgraded: bool) -> None:
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


@backups.command("list")
@shows(_show)
def list_() -> list[Backup]:
    """What is in the store, the oldest first."""
    return open_store(read_settings()).backups()


@backups.command()
@click.option("--to", "moment", metavar="TIME", help="The newest without.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A new folder.",
)
def restore(moment: str | None, into: Path) -> int:
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


@backups.command("rehearse")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=tempfile.gettempdir,
    show_default="the system's folder for temporary files",
    help="Where the register comes back, and is removed.",
)
def rehearse_(*, scratch: Path) -> int:
    """Let the newest come back, examine and remove it.

    The doctor and monitors tell when this went well last.
    """
    found = rehearse(read_settings(), scratch.resolve(), report=say)
    return _told(found)


@backups.command()
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
