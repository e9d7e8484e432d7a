"""`diachiso second-person`: which operations need a second person."""

from pathlib import Path
from typing import Annotated

import click

from registry.core.errors import InvalidInputError
from registry.core.messages import Message, _
from registry.lifecycle.second_person import default_csv, own_csv, read_rules, set_rules
from scripts.command import command
from scripts.opened import opened_session
from scripts.options import EXISTING_FILE, DryRun
from scripts.progress import say


@click.group(name="second-person")
def second_person() -> None:
    """Which operations one person cannot do alone."""


@command(second_person)
def show() -> None:
    """The table in force, as CSV."""
    with opened_session() as session:
        own = own_csv(session)
    say(Message("default_table") if own is None else Message("own_table"))
    click.echo(default_csv() if own is None else own, nl=False)


@command(second_person, "set")
def set_(
    file: Annotated[Path, EXISTING_FILE],
    *,
    dry_run: DryRun = False,
) -> None:
    """Put the table of a CSV in force."""
    try:
        written = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(str(Message("of_file", file=file, reason=error))) from error
    if "\0" in written:
        raise click.UsageError(str(Message("rules_not_text", file=file)))
    try:
        read_rules(written)
    except InvalidInputError as error:
        raise click.UsageError(str(Message("of_file", file=file, reason=error.detail))) from error
    with opened_session(dry_run=dry_run) as session:
        rules = set_rules(session, written)
    say(_("{count} rows", count=len(rules)) + _tried(dry_run=dry_run))


@command(second_person)
def reset(
    *,
    dry_run: DryRun = False,
) -> None:
    """Put the default table in force."""
    with opened_session(dry_run=dry_run) as session:
        rules = set_rules(session, None)
    say(_("default table, {count} rows", count=len(rules)) + _tried(dry_run=dry_run))


def _tried(*, dry_run: bool) -> str:
    return f" ({_('dry run, nothing was written')})" if dry_run else ""
