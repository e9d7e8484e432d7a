"""A server in this process, for browsers and programs that only know how to open an address.

One that is a process of its own takes two seconds of the processor to start
(`tests.support.browser.serving`): for tests of the server itself.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import make_server

from registry.core.settings import Settings
from tests.support.units import open_app


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of the application, while the block runs."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving_here(
    database_url: str,
    settings: Settings = Settings(limits=False),  # noqa: B008 - frozen
) -> Iterator[str]:
    """The address of the application over a register, open by key."""
    with open_app(database_url, None, settings) as app, served(app) as url:
        yield url
