"""`diachiso serve`: what `bin/run` runs."""

import os

import click

from scripts.settings import read_settings
from scripts.supervisor import Supervisor


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="TCP port; 0 takes a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=lambda: min(4, os.cpu_count() or 1),
    show_default="one per processor, at most 4",
    help="Server processes.",
)
@click.option(
    "--prepare/--no-prepare",
    default=True,
    help="Bring roles, tables and seeds up to date first (the default).",
)
def serve(port: int, host: str, workers: int, prepare: bool) -> None:
    """Serve the register until Ctrl-C or a SIGTERM ends it.

    Without DATABASE_URL this also starts the private PostGIS cluster of this checkout, and ends it
    again.
    """
    Supervisor(read_settings(), host=host, port=port, workers=workers, prepare=prepare).run()
