"""`diachiso backup` and `diachiso restore`: the whole register to a file and back."""

from pathlib import Path
from typing import Annotated

import click

from registry.core.messages import Message, _
from registry.core.settings import Settings
from registry.ops.backup import take_backup
from registry.ops.backup.manifest import Manifest
from registry.ops.backup.restore import register_promoted, restore_backup, throwaway_register
from registry.ops.doctor import State, run_probes
from scripts.command import command
from scripts.doctor import show_results
from scripts.opened import opened_database
from scripts.options import EXISTING_FOLDER, SCRATCH
from scripts.progress import say
from scripts.settings import read_settings

_LONGEST_FOLDER = 60
"""A socket's path must fit in 107 bytes."""


@command()
def backup(
    target: Annotated[str, "FILE|DIR/", click.Path()],
    *,
    jobs: Annotated[int, click.IntRange(1, 64), "Processes; several need a folder."] = 1,
) -> None:
    """Back up the register.

    With the key of the codes: keep it as safe as the register. FILE.manifest.json belongs to it.
    """
    if jobs > 1 and not target.endswith("/"):
        raise click.UsageError(str(Message("jobs_needs_folder")))
    with opened_database(read_settings(), make=False) as url:
        made = take_backup(url, Path(target), as_folder=target.endswith("/"), jobs=jobs, report=say)
    _show(made)


@command()
def restore(
    source: Path | None = None,
    *,
    verify: Annotated[bool, "Restore into a temporary cluster and compare."] = False,
    scratch: Annotated[Path, EXISTING_FOLDER, "Folder of the temporary cluster."] = SCRATCH,
    promoted: Annotated[bool, "Continue on a promoted standby."] = False,
    jobs: Annotated[int, click.IntRange(1, 64), "Processes; with one, all or nothing."] = 1,
) -> int:
    """Restore a backup into an empty database.

    That of DATABASE_URL, or the private cluster while `bin/run` does not run.
    """
    settings = read_settings()
    if promoted:
        if source is not None or verify:
            raise click.UsageError(str(Message("promoted_excludes_backup")))
        with opened_database(settings, make=False) as url:
            click.echo(str(register_promoted(url, say)))
            return _examine(settings)
    if source is None:
        raise click.UsageError(str(Message("source_argument_missing")))
    if verify:
        if len(str(scratch.resolve())) > _LONGEST_FOLDER:
            raise click.UsageError(str(Message("scratch_path_too_long", most=_LONGEST_FOLDER)))
        with throwaway_register(source, scratch.resolve(), report=say) as (_url, made):
            _show(made)
        say(Message("backup_good"))
        return 0
    with opened_database(settings, make=True) as url:
        _show(restore_backup(url, source, jobs=jobs, report=say))
        return _examine(settings)


def _show(made: Manifest) -> None:
    click.echo(
        _(
            "{records:n} records, {events:n} events, {size:n} MB, {moment}",
            records=made.tables["household"].rows,
            events=made.tables["event"].rows,
            size=round(made.bytes / 1e6),
            moment=made.made_at,
        )
    )
    click.echo(f"checksum {made.checksum}")


def _examine(settings: Settings) -> int:
    results = run_probes(settings)
    show_results(results)
    return 1 if any(each.state == State.FAILURE for each in results) else 0
