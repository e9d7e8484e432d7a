"""`diachiso open-data`: the files that everybody may take, made now."""

import click

from registry import cluster
from registry.database import make_engine
from registry.messages import number
from registry.open_data import folder_of, publish
from scripts.settings import read_settings


@click.command("open-data")
def open_data() -> None:
    """Làm mới dữ liệu mở mà trang /data cho tải (make the files of /data anew, as each night)."""
    settings = read_settings()
    engine = make_engine(cluster.database_url(settings))
    try:
        made = publish(engine, settings)
    finally:
        engine.dispose()
    for each in made:
        click.echo(f"{folder_of(settings) / each.name}: {number(each.bytes)} byte, {each.sha256}")
