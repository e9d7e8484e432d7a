"""`diachiso external`: what others call a record."""

import json
from pathlib import Path

import click

from registry import cluster
from registry.database import make_engine, session_scope
from registry.external_ids.loading import Loaded, load_external_ids
from registry.messages import number
from scripts.options import FORMAT
from scripts.progress import say
from scripts.settings import read_settings

_SHOWN = 20
_SEVERITIES = {"error": "bị loại", "notice": "xem lại"}


@click.group()
def external() -> None:
    """Mã của hệ khác: bưu chính, thửa đất, mã riêng (what others call a record)."""


@external.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scheme", help="Hệ của dòng không ghi, ví dụ postcode (of rows that do not say).")
@click.option("--sheet", metavar="NAME", help="Trang cần đọc (sheet to read).")
@click.option("--dry-run", is_flag=True, help="Chạy thử, không ghi gì (change nothing).")
@FORMAT
def load(file: Path, scheme: str | None, sheet: str | None, *, dry_run: bool, form: str) -> int:
    """Đọc mã của hệ khác từ FILE: cột code, scheme, value, valid_from, valid_to.

    Exit status 1 when rows were rejected.
    """
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        with session_scope(engine) as session:
            result = load_external_ids(session, file, scheme, sheet)
            if dry_run:
                session.rollback()
    finally:
        engine.dispose()
    if form == "json":
        click.echo(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show(result, dry_run=dry_run)
    return 1 if result.rejected else 0


def _show(result: Loaded, *, dry_run: bool) -> None:
    if dry_run:
        click.echo("Chạy thử, chưa ghi gì")
    click.echo(
        f"{number(result.rows)} dòng: {number(result.new)} mới, {number(result.changed)} thay đổi,"
        f" {number(result.unchanged)} không đổi, {number(result.rejected)} bị loại"
    )
    for problem in result.problems[:_SHOWN]:
        severity = _SEVERITIES[problem.severity]
        click.echo(f"  dòng {problem.row_number}, {severity}: {problem.words}: {problem.value}")
    if len(result.problems) > _SHOWN:
        say(f"… và {number(len(result.problems) - _SHOWN)} dòng khác; --format json có tất cả")
