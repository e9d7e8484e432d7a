"""`diachiso open-data`: the files that everybody may take, made now."""

import click

from registry.core.messages import _
from registry.publish.open_data import folder_of, publish
from scripts.command import command
from scripts.opened import opened_engine
from scripts.settings import read_settings


@command(name="open-data")
def open_data() -> None:
    """Write the files of /data, as each night."""
    settings = read_settings()
    with opened_engine() as engine:
        made = publish(engine, settings)
    for each in made:
        size = _("{size:n} bytes", size=each.bytes)
        click.echo(f"{folder_of(settings) / each.name}: {size}, {each.sha256}")
