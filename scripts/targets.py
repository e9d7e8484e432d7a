"""`diachiso targets`: how many households each unit says it has."""

import datetime
from pathlib import Path

import click

from registry.core.database import session_scope
from registry.core.events import Cause, write_scope
from registry.core.messages import N_, Message, _, number
from registry.coverage.figures import QUALITY_LABELS
from registry.coverage.target_reading import COUNTED, QUALITIES, Defaults
from registry.coverage.target_rows import TABLE
from registry.coverage.targets import TargetResult, import_targets, remove_targets
from registry.units.gazetteer_loading import load_gazetteer
from scripts.opened import opened_engine, opened_session
from scripts.options import DAY, DRY_RUN
from scripts.problems import show_problems
from scripts.results import shows
from scripts.table_template import template_of

_SEVERITIES = {"error": N_("rejected"), "warning": N_("warning"), "notice": N_("passed over")}


def _show(result: TargetResult, *, dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Dry run, nothing was written"))
    click.echo(
        _(
            "{rows:n} rows: {new:n} new, {changed:n} changed, {unchanged:n} unchanged,"
            " {rejected:n} rejected, {skipped:n} passed over",
            rows=result.rows,
            new=result.new,
            changed=result.changed,
            unchanged=result.unchanged,
            rejected=result.rejected,
            skipped=result.skipped,
        )
    )
    if taken := ", ".join(
        f"{number(rows)} {_(QUALITY_LABELS[quality])}" for quality, rows in result.qualities.items()
    ):
        click.echo(f"  {_('taken as: {taken}', taken=taken)}")
    if result.problems:
        click.echo(Message("rows_counted_below_header"))
    show_problems(result.problems, _SEVERITIES)
    for gap in result.gaps:
        told = _(
            "{count:n} households, its communes together {communes:n}",
            count=gap.households,
            communes=gap.sum_of_communes,
        )
        click.echo(f"  {gap.code} {gap.name}: {told}")


@click.group()
def targets() -> None:
    """Targets: how many households a unit has."""


@targets.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--quality",
    type=click.Choice(QUALITIES),
    help="Quality of rows that do not say.",
)
@click.option("--source", help="Who says so.")
@click.option(
    "--date",
    type=DAY,
    metavar="DAY",
    help="The day of the numbers.",
)
@click.option(
    "--counted",
    type=click.Choice(COUNTED),
    default="households",
    show_default=True,
    help="What the numbers count.",
)
@click.option(
    "--new-localities",
    is_flag=True,
    help="Name localities that are unknown.",
)
@click.option("--sheet", metavar="NAME", help="Sheet to read.")
@DRY_RUN
@shows(_show, failed=lambda r: r.rejected)
def import_(
    file: Path,
    quality: str | None,
    source: str | None,
    date: datetime.date | None,
    sheet: str | None,
    *,
    counted: str,
    new_localities: bool,
    dry_run: bool,
) -> TargetResult:
    """Units by code or name, and their numbers of households.

    Exit status 1 when rows were rejected.
    """
    defaults = Defaults(quality, source, date, counted, new_localities)
    with opened_engine() as engine:
        # Naming localities is an event, like all that changes the register.
        scope = (
            write_scope(engine, Cause("targets", "operator"))
            if new_localities
            else session_scope(engine)
        )
        with scope as session:
            result = import_targets(session, load_gazetteer(session), file, defaults, sheet)
            if dry_run:
                session.rollback()
    return result


@targets.command("remove")
@click.option("--source", required=True, help="As it was imported.")
@DRY_RUN
def remove(source: str, *, dry_run: bool) -> None:
    """Withdraw what a source said.

    What it said stays on record and counts no more; the same file imported again counts again.
    """
    with opened_session(dry_run=dry_run) as session:
        removed = remove_targets(session, load_gazetteer(session), source)
    tried = f"{_('Dry run, nothing was written')}: " if dry_run else ""
    click.echo(tried + _("{count:n} figures withdrawn", count=removed))


targets.add_command(template_of(TABLE))
