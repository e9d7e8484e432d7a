"""`diachiso services`: where carriers serve, and from which offices."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import click

from registry.core.database import session_scope
from registry.core.messages import N_, _, number
from registry.publish.services import KINDS, Kind, operator_of
from registry.publish.services.checking import ServiceOverlap, ServicesCheck, check_services
from registry.publish.services.listing import OperatorSet, operator_sets
from registry.publish.services.loading import (
    LostArea,
    ServicesLoaded,
    load_services,
    remove_services,
)
from registry.publish.services.rows import TABLE
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command, lines
from scripts.opened import opened_engine, opened_session
from scripts.options import DryRun
from scripts.problems import SHOWN, show_problems
from scripts.table_template import template_of

_SEVERITIES = {"error": N_("rejected"), "warning": N_("warning")}
_OPERATOR = "The operator: the name of its key."


def _set_line(each: OperatorSet) -> str:
    held = _("{areas:n} areas, {offices:n} offices", areas=each.areas, offices=each.offices)
    return f"{each.operator}: {held}: {'; '.join(each.services)}"


def _show_loaded(result: ServicesLoaded, *, dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Dry run, nothing was written"))
    elif not result.written:
        click.echo(_("Nothing changed"))
    click.echo(
        _(
            "{operator}: {rows:n} rows, {rejected:n} rejected; {new:n} areas new, {unchanged:n}"
            " unchanged, {gone:n} removed; {offices:n} offices",
            operator=result.operator,
            rows=result.rows,
            rejected=result.rejected,
            new=result.new,
            unchanged=result.unchanged,
            gone=result.gone,
            offices=result.offices,
        )
    )
    for each in result.lost[:SHOWN]:
        message = _(
            "row {row} is rejected, which loses an area on record: {area}",
            row=each.row_number,
            area=_area_words(each),
        )
        click.echo(f"  {message}")
    _show_overlaps(result.overlaps)
    show_problems(result.problems, _SEVERITIES)


def _show_report(report: ServicesCheck) -> None:
    _show_overlaps(report.overlaps)
    click.echo(_("{count:n} listed codes have no door any more", count=report.lost_codes))
    click.echo(_("{count:n} doors that nobody serves", count=report.doors))
    for unserved in report.unserved[:SHOWN]:
        click.echo(f"  {unserved.code} {unserved.name}: {number(unserved.doors)}")


@click.group()
def services() -> None:
    """Service areas and offices of carriers."""


@command(services, text=_show_loaded, failed=lambda r: r.rejected)
def load(
    file: Path,
    *,
    operator: Annotated[str, "--operator NAME", _OPERATOR],
    sheet: Annotated[str | None, "--sheet NAME", "Sheet to read."] = None,
    dry_run: DryRun = False,
) -> ServicesLoaded:
    """Replace all areas and offices of an operator by FILE: CSV, Excel or GeoJSON.

    Exit status 1 when rows were rejected.
    """
    with opened_engine() as engine:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        return load_services(
            engine, known, file, operator_of(operator), dry_run=dry_run, sheet=sheet
        )


@command(services)
def remove(
    *,
    operator: Annotated[str, "--operator NAME", _OPERATOR],
    dry_run: DryRun = False,
) -> None:
    """Remove an operator's areas and offices."""
    with opened_engine() as engine:
        result = remove_services(engine, operator, dry_run=dry_run)
    if dry_run:
        click.echo(_("Dry run, nothing was written"))
    click.echo(_("{operator}: {count:n} areas removed", operator=operator, count=result.gone))


@command(services, "list", text=lines(_set_line))
def list_() -> list[OperatorSet]:
    """List operators with areas and offices."""
    with opened_session() as session:
        return operator_sets(session)


@command(
    services,
    text=_show_report,
    failed=lambda report: report.overlaps or report.lost_codes or report.doors,
)
def check(
    *,
    operator: Annotated[str | None, "--operator NAME", "Only of this operator."] = None,
    unit: Annotated[str | None, "--unit CODE", "Only in this unit."] = None,
    kind: Annotated[Kind, click.Choice(KINDS), "Doors without this service."] = KINDS[0],
) -> ServicesCheck:
    """Overlaps, unknown codes, doors without service.

    Exit status 1 when there is anything.
    """
    with opened_session() as session:
        return check_services(
            *(session, load_gazetteer(session)),
            operator=operator,
            unit=unit,
            kind=kind,
            overlaps_in=unit,
        )


def _area_words(lost: LostArea) -> str:
    left = lost.communes - len(lost.named)
    more = f" {_('and {count} more communes', count=left)}" if left > 0 else ""
    held = (
        "; ".join(lost.named) + more,
        f"{lost.size_km2:.2f} km²" if lost.size_km2 is not None else "",
        _("{count:n} codes", count=lost.codes) if lost.codes else "",
    )
    where = ", ".join(filter(None, held))
    office = _("office {name}", name=lost.office or "–")
    return f"{lost.service}, {lost.kind}, {office}: {where}"


def _show_overlaps(overlaps: Sequence[ServiceOverlap]) -> None:
    click.echo(_("{count:n} overlaps", count=len(overlaps)))
    for each in overlaps[:SHOWN]:
        offices = _(
            "{office} and {other}", office=each.office or "–", other=each.other_office or "–"
        )
        click.echo(f"  {each.operator}, {each.service} ({each.kind}): {offices}: {each.where}")


services.add_command(template_of(TABLE))
