"""`diachiso external`: what others call a record."""

from pathlib import Path

import click

from registry.core.messages import N_, _
from registry.records.external_ids.loading import TABLE, Loaded, load_external_ids
from scripts.opened import opened_session
from scripts.options import DRY_RUN
from scripts.problems import show_problems
from scripts.results import shows
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


@external.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scheme", help="Of rows that do not say.")
@click.option("--sheet", metavar="NAME", help="Sheet to read.")
@DRY_RUN
@shows(_show, failed=lambda r: r.rejected)
def load(file: Path, scheme: str | None, sheet: str | None, *, dry_run: bool) -> Loaded:
    """Read what other systems call records from FILE: code, scheme, value, valid_from, valid_to.

    Exit status 1 when rows were rejected.
    """
    with opened_session(dry_run=dry_run) as session:
        return load_external_ids(session, file, scheme, sheet)


external.add_command(template_of(TABLE))
