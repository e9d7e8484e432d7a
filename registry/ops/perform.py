"""Runs one job: `python -m registry.ops.perform FUNCTION ARGUMENTS`, started by the worker.

Exit status: 0 success, 1 an error of the register, 2 an error of the program.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from sqlalchemy import Engine

from registry.core.confinement import limit_memory
from registry.core.database import make_engine
from registry.core.errors import RegistryError
from registry.core.events import written_for
from registry.core.settings import Settings, from_environment
from registry.core.tracing import enable, job_span
from registry.jobs.queue import REQUEST
from registry.ops import cluster

_log = logging.getLogger("diachiso.jobs")


def function_of(written: str) -> Callable[..., None]:
    """Import the function `module:function`."""
    module, _, name = written.partition(":")
    found: Callable[..., None] = getattr(import_module(module), name)
    return found


def perform(written: str, engine: Engine, settings: Settings, arguments: dict[str, Any]) -> None:
    """Run the job; its events refer to the request that enqueued it."""
    arguments = dict(arguments)
    request_id = arguments.pop(REQUEST, None)
    written_for(request_id)
    try:
        with job_span(written.rpartition(":")[2], request_id):
            function_of(written)(engine, settings, **arguments)
    finally:
        written_for(None)


def main() -> int:
    """Return the exit status; errors are logged by location, without content of files or rows."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    written, arguments = sys.argv[1:]
    enable()
    limit_memory()  # a malicious file must not exhaust the machine's memory
    try:
        settings = from_environment()
        url = cluster.database_url(settings)
        settings = replace(settings, database_url=url)
        engine = make_engine(url)
        try:
            perform(written, engine, settings, json.loads(arguments))
        finally:
            engine.dispose()
    except RegistryError as error:
        _log.warning("%s: %s", written, error.code)
        return 1
    except Exception as error:  # noqa: BLE001 - its message may quote a row
        where = traceback.format_tb(error.__traceback__)
        _log.error("%s: %s\n%s", written, type(error).__qualname__, "".join(where))
        return 2
    return 0


if __name__ == "__main__":
    os._exit(main())  # an aborted job may have left a thread running
