"""The server with less patience, so that no test waits: `tests.support.hurried:server`."""

from functools import partial

from api.server import Pace, Server
from api.wsgi import app
from registry.core.settings import from_environment
from registry.files import kept

__all__ = ("server",)

server = Server(
    app,
    threads=3,
    folder=partial(kept.incoming_folder, from_environment()),
    pace=Pace(grace_s=1.0, bytes_per_s=10_000.0, silence_s=3.0),
)
