"""`diachiso targets`: how many households each unit says it has."""

import datetime
from pathlib import Path
from typing import Annotated

import click

from registry.core.database import session_scope
from registry.core.events import Cause, write_scope
from registry.core.messages import N_, Message, _, number
from registry.coverage.figures import QUALITY_LABELS
from registry.coverage.target_reading import COUNTED, QUALITIES, Defaults
from registry.coverage.target_rows import TABLE
from registry.coverage.targets import TargetResult, import_targets, remove_targets
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_engine, opened_session
from scripts.options import DryRun
from scripts.problems import show_problems
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
        message = _(
            "{count:n} households, its communes together {communes:n}",
            count=gap.households,
            communes=gap.sum_of_communes,
        )
        click.echo(f"  {gap.code} {gap.name}: {message}")


@click.group()
def targets() -> None:
    """Targets: how many households a unit has."""


@command(targets, "import", text=_show, failed=lambda r: r.rejected)
def import_(
    file: Path,
    *,
    quality: Annotated[str | None, click.Choice(QUALITIES), "Default quality of rows."] = None,
    source: Annotated[str | None, "Source of the numbers."] = None,
    date: Annotated[datetime.date | None, "--date DAY", "The day of the numbers."] = None,
    counted: Annotated[str, click.Choice(COUNTED), "What the numbers count."] = "households",
    new_localities: Annotated[bool, "Add unknown localities."] = False,
    sheet: Annotated[str | None, "--sheet NAME", "Sheet to read."] = None,
    dry_run: DryRun = False,
) -> TargetResult:
    """Load numbers of households of units.

    Exit status 1 when rows were rejected.
    """
    defaults = Defaults(quality, source, date, counted, new_localities)
    with opened_engine() as engine:
        # Creating localities is an event, like all changes of the register.
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


@command(targets, "remove")
def remove(
    *,
    source: Annotated[str, "Name of the source."],
    dry_run: DryRun = False,
) -> None:
    """Withdraw the numbers of a source.

    They stay on record and count no more, until imported again.
    """
    with opened_session(dry_run=dry_run) as session:
        removed = remove_targets(session, load_gazetteer(session), source)
    tried = f"{_('Dry run, nothing was written')}: " if dry_run else ""
    click.echo(tried + _("{count:n} figures withdrawn", count=removed))


targets.add_command(template_of(TABLE))
