"""`diachiso work`: the worker that `bin/run` starts beside the server."""

import click

from registry import cluster
from scripts.progress import say
from scripts.settings import read_settings


@click.command()
def work() -> None:
    """Làm việc nền (do background jobs: imports, daily counts) until Ctrl-C or a SIGTERM.

    `bin/run` starts one by itself; this is for another machine, or for `bin/run --no-worker`.
    """
    # Here: the library takes a third of a second, which no other command waits for.
    from registry.jobs.worker import Worker

    settings = read_settings()
    Worker(cluster.database_url(settings), imports_at_once=settings.imports_at_once, say=say).run()
