"""`diachiso external`: what others call a record."""

from pathlib import Path
from typing import Annotated

import click

from registry.core.messages import N_, _
from registry.records.external_ids.loading import TABLE, Loaded, load_external_ids
from scripts.command import command
from scripts.opened import opened_session
from scripts.options import DryRun
from scripts.problems import show_problems
from scripts.settings import read_settings
from scripts.table_template import template_of

_SEVERITIES = {"error": N_("rejected"), "notice": N_("look at it")}


def _show(result: Loaded, *, dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Dry run, nothing was written"))
    click.echo(
        _(
            "{rows:n} rows: {new:n} new, {changed:n} changed, {unchanged:n} unchanged,"
            " {rejected:n} rejected",
            rows=result.rows,
            new=result.new,
            changed=result.changed,
            unchanged=result.unchanged,
            rejected=result.rejected,
        )
    )
    show_problems(result.problems, _SEVERITIES)


@click.group()
def external() -> None:
    """What others call a record."""


@command(external, text=_show, failed=lambda r: r.rejected)
def load(
    file: Path,
    *,
    scheme: Annotated[str | None, "Default scheme of rows."] = None,
    sheet: Annotated[str | None, "--sheet NAME", "Sheet to read."] = None,
    dry_run: DryRun = False,
) -> Loaded:
    """Read what other systems call records from FILE: code, scheme, value, valid_from, valid_to.

    Exit status 1 when rows were rejected.
    """
    with opened_session(dry_run=dry_run) as session:
        drafts = read_settings().draft_schemes
        return load_external_ids(session, file, scheme, sheet, drafts=drafts)


external.add_command(template_of(TABLE))
