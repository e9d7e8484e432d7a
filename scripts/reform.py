"""`diachiso reform`: a resolution that changes units, tried out and carried."""

import json
from pathlib import Path

import click

from registry import cluster
from registry.database import make_engine, translated_errors
from registry.reform.reading import read_resolution
from registry.reform.report import report_lines
from registry.reform.run import Options
from registry.reform.run import reform as carry_reform
from registry.reform.work_file import MAP, WORKBOOK, read_decided
from scripts.options import FORMAT
from scripts.progress import say
from scripts.settings import read_settings

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Chạy thử, không ghi gì (write nothing).")
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Thư mục nhận báo cáo và tệp các hộ chưa rõ (report, and work files of the undecided).",
)
@click.option(
    "--decided",
    type=_FILE,
    help="Tệp các hộ chưa rõ, đã điền cột xã mới (that work file, filled in).",
)
@click.option(
    "--undecided",
    type=click.Choice(["refuse", "nearest"]),
    default="refuse",
    show_default=True,
    help="Hộ chưa rõ: không làm, hoặc theo hàng xóm (refuse, or go where the neighbours go).",
)
@click.option("--actor", default="operator", show_default=True, help="Ai làm (who).")
@FORMAT
def reform(
    file: Path,
    *,
    dry_run: bool,
    folder: Path | None,
    decided: Path | None,
    undecided: str,
    actor: str,
    form: str,
) -> int:
    """Thực hiện nghị quyết sắp xếp đơn vị hành chính (carry a resolution that changes units).

    FILE is YAML, or the same as a table (XLSX, CSV): docs/reforms.md. One in the future is checked
    now, kept, and takes effect by itself at 00:00 of its day.
    """
    document = read_resolution(file)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    options = Options(
        actor=actor,
        dry_run=dry_run,
        nearest=undecided == "nearest",
        decided=read_decided(decided) if decided else {},
        folder=folder,
    )
    engine = make_engine(cluster.database_url(read_settings()), pool_size=2)
    try:
        with translated_errors():
            report = carry_reform(engine, document, options, say)
    finally:
        engine.dispose()
    if form == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        for line in report_lines(report):
            click.echo(line)
        if report.undecided and folder is not None:
            say(
                f"{folder / WORKBOOK}, {folder / MAP}: điền rồi đưa lại bằng --decided"
                " (fill in, and hand back)"
            )
    return 1 if dry_run and report.undecided and undecided == "refuse" else 0
