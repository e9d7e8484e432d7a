"""`diachiso unit-ids`: what other schemes call units."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import click

from registry.core.messages import N_, _
from registry.core.schemes import SCHEMES
from registry.records.unit_identifiers import (
    TABLE,
    IdentifierFile,
    SchemeCovered,
    UnitIdentifiersLoaded,
    covered_schemes,
    load_unit_identifiers,
    remove_unit_identifiers,
)
from registry.units.gazetteer import UnitRef, today
from scripts.command import command
from scripts.opened import opened_session
from scripts.options import DryRun
from scripts.problems import SHOWN, show_problems
from scripts.table_template import template_of

_SEVERITIES = {"error": N_("rejected")}


def _show(result: UnitIdentifiersLoaded, *, dry_run: bool) -> None:
    if dry_run:
        click.echo(_("Dry run, nothing was written"))
    if not result.written:
        click.echo(_("Nothing was written: a file is taken as a whole"))
    click.echo(
        _(
            "{rows:n} rows: {new:n} units new, {changed:n} changed, {unchanged:n} unchanged",
            rows=result.rows,
            new=result.new,
            changed=result.changed,
            unchanged=result.unchanged,
        )
    )
    show_problems(result.problems, _SEVERITIES)
    _show_missing(result.missing)
    if result.missing and not result.written:
        click.echo("  " + _("with --partial, units may have none"))


def _show_missing(missing: Sequence[UnitRef]) -> None:
    if missing:
        click.echo("  " + _("units without a value: {count:n}", count=len(missing)))
    for unit in missing[:SHOWN]:
        click.echo(f"    {unit['code']} {unit['name']}")
    if len(missing) > SHOWN:
        more = len(missing) - SHOWN
        click.echo("    " + _("… and {count:n} more; --format json has all of them", count=more))


def _show_schemes(found: Sequence[SchemeCovered]) -> None:
    for each in found:
        known = SCHEMES.get(each.scheme)
        about = f" ({known.vietnamese})" if known else ""
        units = _("{count:n} of {total:n} units", count=each.units, total=each.total)
        click.echo(f"{each.scheme}{about}, {each.level}: {units}")
        _show_missing(each.missing)


@click.group("unit-ids")
def unit_ids() -> None:
    """What other schemes call units: postcodes, ISO 3166-2, carriers' ids."""


@command(unit_ids, text=_show, failed=lambda r: not r.written)
def load(
    file: Path,
    *,
    scheme: Annotated[str, "`postcode`, or a carrier's name."],
    map_on: Annotated[datetime.date | None, "--map-on DAY", "Day of the map of the file."] = None,
    since: Annotated[datetime.date | None, "--since DAY", "Replaced ids end on this day."] = None,
    partial: Annotated[bool, "Keep ids of units that the file lacks."] = False,
    sheet: Annotated[str | None, "--sheet NAME", "Sheet to read."] = None,
    dry_run: DryRun = False,
) -> UnitIdentifiersLoaded:
    """Read what a scheme calls units from FILE: code or names, value, valid_from, valid_to.

    Complete for its levels, unless --partial. Exit status 1, and nothing written, if anything is
    wrong.
    """
    with opened_session(dry_run=dry_run) as session:
        given = IdentifierFile(scheme, map_on, since, partial)
        return load_unit_identifiers(session, file, given, sheet)


@command(unit_ids, "list", text=_show_schemes)
def list_(
    *,
    on: Annotated[datetime.date | None, "--on DAY", "Units of that day."] = None,
) -> list[SchemeCovered]:
    """Units with and without an id, by scheme."""
    with opened_session() as session:
        return covered_schemes(session, on or today())


def _show_removed(removed: int) -> None:
    click.echo(_("{count:n} ids removed", count=removed))


@command(unit_ids, text=_show_removed)
def remove(
    *, scheme: Annotated[str, "`postcode`, or a carrier's name."], dry_run: DryRun = False
) -> int:
    """Remove all ids of a scheme from units."""
    with opened_session(dry_run=dry_run) as session:
        return remove_unit_identifiers(session, scheme)


unit_ids.add_command(template_of(TABLE))
