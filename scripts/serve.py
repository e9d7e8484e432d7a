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
    help="0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
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
    help="Bring it up to date first; the default.",
)
@click.option(
    "--demo/--no-demo",
    default=None,
    help="Made-up households into an empty register; the default on the private cluster only.",
)
@click.option(
    "--worker/--no-worker",
    default=True,
    help="Background jobs as well, the default; without: `diachiso work`.",
)
def serve(
    *, port: int, host: str, workers: int, prepare: bool, demo: bool | None, worker: bool
) -> None:
    """Serve the register until Ctrl-C or a SIGTERM ends it.

    Without DATABASE_URL this also starts the private PostGIS cluster of this checkout, and ends it
    again.
    """
    settings = read_settings()
    Supervisor(
        settings,
        host=host,
        port=port,
        workers=workers,
        prepare=prepare,
        worker=worker,
        # An operator's own database is perhaps meant for real households: not without a word.
        demo=settings.database_url is None if demo is None else demo,
    ).run()
