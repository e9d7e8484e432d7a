"""`diachiso work`: the worker that `bin/run` starts beside the server."""

import os
import sys

from registry.ops import cluster
from scripts.children import Starter
from scripts.command import command
from scripts.progress import say
from scripts.settings import read_settings


@command()
def work() -> None:
    """Do background jobs: imports, daily counts. Until Ctrl-C or a SIGTERM.

    For another machine, or beside `bin/run --no-worker`.
    """
    settings = read_settings()
    starter = Starter.of(settings, cluster.database_url(settings))
    if starter.drops:
        command = starter.account.command(sys.executable, "-m", "scripts.main", "work")
        os.execvpe(command[0], command, starter.environment())  # noqa: S606 - no shell is wanted
    # Imported here: the library takes a third of a second to load, needed by no other command.
    from registry.jobs.worker import Worker

    Worker(starter.database_url, imports_at_once=settings.imports_at_once, say=say).run()
