"""`diachiso targets`: how many households each unit says it has."""

import datetime
import json
from pathlib import Path

import click

from registry import cluster
from registry.coverage.figures import QUALITY_LABELS
from registry.coverage.target_reading import COUNTED, QUALITIES, Defaults
from registry.coverage.targets import TargetResult, import_targets, remove_targets
from registry.database import make_engine, session_scope
from registry.events import Cause, write_scope
from registry.gazetteer import load_gazetteer
from registry.messages import number
from scripts.options import DAY, FORMAT
from scripts.progress import say
from scripts.settings import read_settings

_SHOWN = 20
_SEVERITIES = {"error": "bị loại", "warning": "cảnh báo", "notice": "bỏ qua"}


@click.group()
def targets() -> None:
    """Tổng số hộ của đơn vị (targets: how many households a unit has)."""


@targets.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--quality",
    type=click.Choice(QUALITIES),
    help="Loại số liệu của dòng không ghi; mặc định kê khai (of rows that do not say).",
)
@click.option("--source", help="Nguồn của dòng không ghi; mặc định là tên tệp (who says so).")
@click.option(
    "--date",
    type=DAY,
    metavar="DAY",
    help="Ngày số liệu của dòng không ghi; mặc định hôm nay (the day of the numbers).",
)
@click.option(
    "--counted",
    type=click.Choice(COUNTED),
    default="households",
    show_default=True,
    help="Số đếm gì: hộ, hộ thường trú, chỗ ở; của dòng không ghi (what the numbers count).",
)
@click.option(
    "--new-localities",
    is_flag=True,
    help="Thêm thôn, tổ chưa có trong sổ, thay vì loại dòng (name localities that are unknown).",
)
@click.option("--sheet", metavar="NAME", help="Trang cần đọc (sheet to read).")
@click.option("--dry-run", is_flag=True, help="Chạy thử, không ghi gì (change nothing).")
@FORMAT
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
    form: str,
) -> int:
    """Đọc tổng số hộ từ FILE (units by code or name, and their numbers of households).

    Exit status 1 when rows were rejected.
    """
    defaults = Defaults(quality, source, date, counted, new_localities)
    engine = make_engine(cluster.database_url(read_settings()))
    try:
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
    finally:
        engine.dispose()
    if form == "json":
        click.echo(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show(result, dry_run=dry_run)
    return 1 if result.rejected else 0


@targets.command("remove")
@click.option("--source", required=True, help="Nguồn cần rút, như lúc nạp (as it was imported).")
@click.option("--dry-run", is_flag=True, help="Chạy thử, không ghi gì (change nothing).")
def remove(source: str, *, dry_run: bool) -> None:
    """Rút tổng số hộ của một nguồn; vẫn giữ lịch sử (withdraw what a source said).

    What it said stays on record and counts no more; the same file imported again counts again.
    """
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        with session_scope(engine) as session:
            removed = remove_targets(session, load_gazetteer(session), source)
            if dry_run:
                session.rollback()
    finally:
        engine.dispose()
    click.echo(("Chạy thử, chưa ghi gì: " if dry_run else "") + f"rút {number(removed)} số liệu")


def _show(result: TargetResult, *, dry_run: bool) -> None:
    if dry_run:
        click.echo("Chạy thử, chưa ghi gì")
    click.echo(
        f"{number(result.rows)} dòng: {number(result.new)} mới, {number(result.changed)} thay đổi,"
        f" {number(result.unchanged)} không đổi, {number(result.rejected)} bị loại,"
        f" {number(result.skipped)} bỏ qua"
    )
    if taken := ", ".join(
        f"{number(rows)} {QUALITY_LABELS[quality]}" for quality, rows in result.qualities.items()
    ):
        click.echo(f"  nhận là: {taken}")
    if result.problems:
        click.echo("  số dòng không kể dòng tiêu đề (rows are counted below the header)")
    for problem in result.problems[:_SHOWN]:
        severity = _SEVERITIES[problem.severity]
        click.echo(f"  dòng {problem.row_number}, {severity}: {problem.words}: {problem.value}")
    if len(result.problems) > _SHOWN:
        say(f"… và {number(len(result.problems) - _SHOWN)} dòng khác; --format json có tất cả")
    for gap in result.gaps:
        click.echo(
            f"  {gap.code} {gap.name}: {number(gap.households)} hộ, các xã cộng lại"
            f" {number(gap.sum_of_communes)}"
        )
