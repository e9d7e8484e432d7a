"""`diachiso mcp`: the register as tools, for a program that talks to its child."""

import os
import sys

from registry.ops import cluster
from scripts.children import Starter
from scripts.command import command
from scripts.settings import read_settings


@command()
def mcp() -> None:
    """Tools of the Model Context Protocol by stdio.

    The same over HTTP is /mcp of a running server.
    """
    settings = read_settings()
    starter = Starter.of(settings, cluster.database_url(settings))
    command = starter.account.command(sys.executable, "-m", "api.mcp.stdio")
    os.execvpe(command[0], command, starter.environment())  # noqa: S606 - no shell is wanted
