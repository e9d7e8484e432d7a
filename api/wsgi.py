"""The application for granian, `api.wsgi:server`; for another WSGI server, `api.wsgi:app`."""
# ruff: noqa: E402 - the signal comes first

import signal

# Granian's processes ignore SIGTERM until the application is loaded, and are then killed with a
# warning. While loading there is no request to finish.
signal.signal(signal.SIGTERM, signal.SIG_DFL)

from api.core.footprint import bound_memory, load_ahead
from api.core.shared_files import reserve_metrics

bound_memory()
reserve_metrics()

import atexit
import gc
from contextlib import suppress
from functools import partial

from api.app import create_app
from api.core.counters import Counters
from api.core.logs import configure_logs, log
from api.server import Pace, Server
from registry.core import tracing
from registry.core.settings import from_environment
from registry.files import kept
from registry.ops.cluster import database_url
from registry.ops.service_counts import EVERY_S, ServiceCounts
from registry.register import Register
from registry.warming import warm, warm_units


def _shared_counters() -> Counters | None:
    """Return counters shared by all processes of this server; None without limits or disk space."""
    if _settings.limits is False:
        return None
    with suppress(OSError):
        return Counters(_settings.var / "counters")
    log.warning("counters_not_shared")
    return None


load_ahead()
configure_logs()
tracing.enable()
_settings = from_environment()
_register = Register.open(_settings, _settings.database_web_url or database_url(_settings))
warm(_register)
_register.gazetteer.load_in_background(partial(warm_units, _register))
_register.place_names.load_in_background()
_counts = ServiceCounts(_register.engine, EVERY_S)
atexit.register(_counts.write)
app = create_app(_register, counters=_shared_counters(), counts=_counts)
server = Server(
    app,
    threads=_settings.pool_size,  # each may hold one connection
    folder=partial(kept.incoming_folder, _settings),
    pace=Pace(),
)
# What is loaded now stays, so full collections need not traverse it while requests wait.
gc.collect()
gc.freeze()
