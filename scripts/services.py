"""`diachiso services`: where carriers serve, and from which offices."""

from collections.abc import Sequence
from pathlib import Path

import click

from registry.database import session_scope
from registry.gazetteer_loading import load_gazetteer
from registry.messages import number
from registry.services import KINDS, Kind, operator_of
from registry.services.checking import Overlap, Report, check_services
from registry.services.listing import operator_sets
from registry.services.loading import Loaded, Lost, load_services, remove_services
from scripts.opened import opened_engine, opened_session
from scripts.options import DRY_RUN, FORMAT
from scripts.problems import SHOWN, show_problems
from scripts.progress import show_json

_SEVERITIES = {"error": "bị loại", "warning": "cảnh báo"}
_OPERATOR = "The operator: the name of its key."


@click.group()
def services() -> None:
    """Service areas and offices of carriers."""


@services.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--operator", required=True, metavar="NAME", help=_OPERATOR)
@click.option("--sheet", metavar="NAME", help="Sheet to read.")
@DRY_RUN
@FORMAT
def load(file: Path, operator: str, sheet: str | None, *, dry_run: bool, form: str) -> int:
    """Replace all areas and offices of an operator by FILE: CSV, Excel or GeoJSON.

    Exit status 1 when rows were rejected.
    """
    with opened_engine() as engine:
        with session_scope(engine) as session:
            known = load_gazetteer(session)
        result = load_services(
            engine, known, file, operator_of(operator), dry_run=dry_run, sheet=sheet
        )
    if form == "json":
        show_json(result.to_dict())
    else:
        _show_loaded(result, dry_run=dry_run)
    return 1 if result.rejected else 0


@services.command()
@click.option("--operator", required=True, metavar="NAME", help=_OPERATOR)
@DRY_RUN
def remove(operator: str, *, dry_run: bool) -> None:
    """An operator that serves no longer."""
    with opened_engine() as engine:
        result = remove_services(engine, operator, dry_run=dry_run)
    if dry_run:
        click.echo("Chạy thử, chưa ghi gì")
    click.echo(f"{operator}: bỏ {number(result.gone)} vùng")


@services.command("list")
@FORMAT
def list_(form: str) -> None:
    """What each operator has on record."""
    with opened_session() as session:
        sets = operator_sets(session)
    if form == "json":
        show_json([each.to_dict() for each in sets])
        return
    for each in sets:
        named = "; ".join(each.services)
        click.echo(
            f"{each.operator}: {number(each.areas)} vùng, {number(each.offices)} bưu cục: {named}"
        )


@services.command()
@click.option("--operator", metavar="NAME", help="Only its.")
@click.option("--unit", metavar="CODE", help="In a unit.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="Doors to which nobody does this.",
)
@FORMAT
def check(operator: str | None, unit: str | None, kind: Kind, form: str) -> int:
    """What should be looked at.

    Exit status 1 when there is anything.
    """
    with opened_session() as session:
        report = check_services(
            *(session, load_gazetteer(session)),
            operator=operator,
            unit=unit,
            kind=kind,
            overlaps_in=unit,
        )
    if form == "json":
        show_json(report.to_dict())
    else:
        _show_report(report)
    return 1 if report.overlaps or report.lost_codes or report.doors else 0


def _show_loaded(result: Loaded, *, dry_run: bool) -> None:
    if dry_run:
        click.echo("Chạy thử, chưa ghi gì")
    elif not result.written:
        click.echo("Không đổi gì")
    click.echo(
        f"{result.operator}: {number(result.rows)} dòng, {number(result.rejected)} bị loại;"
        f" {number(result.new)} vùng mới, {number(result.unchanged)} giữ nguyên,"
        f" {number(result.gone)} bỏ; {number(result.offices)} bưu cục"
    )
    for each in result.lost[:SHOWN]:
        click.echo(f"  dòng {each.row_number} bị loại nên mất vùng đang có: {_area_words(each)}")
    _show_overlaps(result.overlaps)
    show_problems(result.problems, _SEVERITIES)


def _area_words(lost: Lost) -> str:
    more = (
        f" và {lost.communes - len(lost.named)} xã nữa" if lost.communes > len(lost.named) else ""
    )
    held = (
        "; ".join(lost.named) + more,
        f"{lost.size_km2:.2f} km²" if lost.size_km2 is not None else "",
        f"{number(lost.codes)} mã" if lost.codes else "",
    )
    where = ", ".join(filter(None, held))
    return f"{lost.service}, {lost.kind}, bưu cục {lost.office or '–'}: {where}"


def _show_overlaps(overlaps: Sequence[Overlap]) -> None:
    click.echo(f"{number(len(overlaps))} chỗ chồng nhau")
    for each in overlaps[:SHOWN]:
        offices = f"{each.office or '–'} và {each.other_office or '–'}"
        click.echo(f"  {each.operator}, {each.service} ({each.kind}): {offices}: {each.where}")


def _show_report(report: Report) -> None:
    _show_overlaps(report.overlaps)
    click.echo(f"{number(report.lost_codes)} mã trong danh sách không còn cửa nhà nào")
    click.echo(f"{number(report.doors)} cửa nhà chưa ai phục vụ")
    for unserved in report.unserved[:SHOWN]:
        click.echo(f"  {unserved.code} {unserved.name}: {number(unserved.doors)}")
