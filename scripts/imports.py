"""`diachiso import`: a file of households into the register, or the latest one out again."""

import csv
import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from registry import cluster
from registry.database import make_engine
from registry.intake.problems import PROBLEMS
from registry.intake.reader import open_file, rows_of
from registry.intake.rollback import roll_back
from registry.intake.run import ImportOptions, ImportResult, import_file
from scripts.settings import read_settings

_COUNTS = {
    "rows": "dòng",
    "new": "mới",
    "changed": "thay đổi",
    "unchanged": "không đổi",
    "linked": "trùng chỗ ở đã có",
    "rejected": "bị loại",
    "warned": "có cảnh báo",
    "buildings": "toà nhà mới",
}
_SEVERITIES = {"error": "lỗi", "warning": "cảnh báo", "notice": "lưu ý"}


@click.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--source", help="Who delivers the file; a source's references are its own.")
@click.option("--dry-run", is_flag=True, help="Say what would happen and leave nothing.")
@click.option(
    "--delivery",
    type=click.Choice(["partial", "full"]),
    default="partial",
    show_default=True,
    help="Whether the file holds all of the source's households.",
)
@click.option("--decision", metavar="NUMBER", help="Number of the legal decision.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rejected rows here, with their columns and problems.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--rollback", type=int, metavar="ID", help="Take this import back instead.")
def import_(
    file: Path | None,
    source: str | None,
    *,
    dry_run: bool,
    delivery: str,
    decision: str | None,
    report: Path | None,
    form: str,
    rollback: int | None,
) -> int:
    """Import households from the CSV FILE. Exit status 1 when rows were rejected."""
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        if rollback is not None:
            _roll_back(engine, rollback, form)
            return 0
        if file is None or source is None:
            raise click.UsageError("name a FILE and its --source")
        options = ImportOptions(source, delivery, decision, dry_run)
        result = _import(engine, file, options)
        if report is not None:
            _write_rejected(file, result, report)
        _show(result, form)
        return 1 if result.rejected else 0
    finally:
        engine.dispose()


def _import(engine: Engine, file: Path, options: ImportOptions) -> ImportResult:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("dòng / rows", total=None)
        result = import_file(engine, file, options, lambda n: bar.update(task, completed=n))
        bar.update(task, total=result.rows, completed=result.rows)
        return result


def _show(result: ImportResult, form: str) -> None:
    if form == "json":
        click.echo(json.dumps(result.to_dict(), ensure_ascii=False, indent=2))
        return
    name = f"Đợt nhập {result.import_id}" if result.import_id else "Chạy thử, chưa ghi gì"
    click.echo(name)
    for key, label in _COUNTS.items():
        click.echo(f"  {label:<20} {getattr(result, key):>10,}")
    if result.demo_removed:
        click.echo(f"  dữ liệu minh hoạ đã gỡ {result.demo_removed:>9,}")
    for code, count in result.problems.items():
        kind = PROBLEMS[code]
        click.echo(f"  {_SEVERITIES[kind.severity]:<9} {count:>8,}  {kind.vi}  [{code}]")
    if result.columns_personal:
        click.echo(f"  bỏ, không lưu (thông tin cá nhân): {', '.join(result.columns_personal)}")
    if result.columns_unknown:
        click.echo(f"  cột không dùng: {', '.join(result.columns_unknown)}")


def _write_rejected(file: Path, result: ImportResult, report: Path) -> None:
    """The rejected rows as they came, with what is wrong with each."""
    problems: dict[int, list[str]] = {}
    for problem in result.row_problems:
        if problem.severity == "error":
            problems.setdefault(problem.row_number, []).append(problem.code)
    source = open_file(file)
    with report.open("w", encoding="utf-8-sig", newline="") as out, rows_of(source) as rows:
        writer = csv.writer(out, delimiter=source.delimiter)
        writer.writerow([*source.headers, "problems", "vấn đề"])
        for number, row in enumerate(rows, start=1):
            if number in problems:
                codes = list(dict.fromkeys(problems[number]))
                padded = row + [""] * (len(source.headers) - len(row))
                writer.writerow(
                    [*padded, " ".join(codes), "; ".join(PROBLEMS[code].vi for code in codes)]
                )


def _roll_back(engine: Engine, import_id: int, form: str) -> None:
    undone = roll_back(engine, import_id)
    if form == "json":
        members = {
            "import_id": undone.import_id,
            "source": undone.source,
            "removed": undone.removed,
            "restored": undone.restored,
        }
        click.echo(json.dumps(members, ensure_ascii=False))
        return
    click.echo(
        f"Đã huỷ đợt nhập {undone.import_id} của {undone.source}:"
        f" gỡ {undone.removed:,}, trả lại {undone.restored:,}"
    )
