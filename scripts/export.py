"""`diachiso export`: the register in files, for whoever keeps a copy of it."""

from pathlib import Path

import click

from registry import cluster
from registry.changes.snapshot import MANIFEST, export_snapshot
from registry.database import make_engine
from registry.messages import number
from scripts.progress import say
from scripts.settings import read_settings


@click.command()
@click.option(
    "--snapshot",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Ghi vào thư mục này, trống hoặc chưa có (into this folder, empty or new).",
)
@click.option("--unit", metavar="CODE", help="Chỉ tỉnh hoặc xã này (only this unit).")
@click.option("--demo", is_flag=True, help="Cả dữ liệu minh hoạ (demonstration too).")
def export(folder: Path, *, unit: str | None, demo: bool) -> None:
    """Xuất cả sổ ra tệp (every record that may be shown, of one moment, and the feed's cursor).

    `diachiso follow URL DIR --snapshot FOLDER` begins there.
    """
    engine = make_engine(cluster.database_url(read_settings()))
    try:
        made = export_snapshot(
            engine,
            folder,
            unit=unit,
            demo=demo,
            progress=lambda records: say(f"đã ghi {number(records)} mã (records written)"),
        )
    finally:
        engine.dispose()
    told = ", ".join(f"{kind} {number(count)}" for kind, count in made.counts.items())
    click.echo(f"{folder / MANIFEST}: {told}")
