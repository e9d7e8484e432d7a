"""`diachiso serve`: what `bin/run` runs."""

import os
from typing import Annotated, Final

import click

from scripts.command import command
from scripts.settings import read_settings
from scripts.supervisor import Supervisor

_WORKERS: Final = min(4, os.cpu_count() or 1)


@command()
def serve(
    *,
    port: Annotated[int, click.IntRange(0, 65535), "0 takes a free one."] = 8000,
    host: Annotated[str, "Address to listen on."] = "127.0.0.1",
    workers: Annotated[
        int | None,
        click.IntRange(1, 64),
        "Server processes; by default one per processor, at most 4.",
    ] = None,
    prepare: Annotated[
        bool, "--prepare/--no-prepare", "Prepare the database first; the default."
    ] = True,
    demo: Annotated[
        bool | None,
        "--demo/--no-demo",
        "Load made-up households into an empty register; default on the private cluster only.",
    ] = None,
    worker: Annotated[
        bool,
        "--worker/--no-worker",
        "Do background jobs too; the default.",
    ] = True,
) -> None:
    """Serve the register until Ctrl-C or a SIGTERM ends it.

    Without DATABASE_URL it also runs the private PostGIS cluster.
    """
    settings = read_settings()
    Supervisor(
        settings,
        host=host,
        port=port,
        workers=workers or _WORKERS,
        prepare=prepare,
        worker=worker,
        # An operator's own database may be meant for real households: only on request.
        demo=settings.database_url is None if demo is None else demo,
    ).run()
