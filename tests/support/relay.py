"""A door to PostgreSQL that a test can shut and open again: a database that stops and restarts."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

from sqlalchemy import make_url


class Relay:
    """Passes connections on to the database of `url`; its own `url` leads through the door."""

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        host, port = parsed.query["host"], parsed.query["port"]
        self._behind = f"{host}/.s.PGSQL.{port}"
        self._door = folder / f".s.PGSQL.{port}"
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self.url = parsed.update_query_dict({"host": str(folder)}).render_as_string(
            hide_password=False
        )

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def open(self) -> None:
        """Let connections in."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._door))
        self._listener.listen()
        threading.Thread(target=self._let_in, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        """Cut every connection, and refuse new ones."""
        if self._listener is None:
            return
        self._door.unlink()
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._listener, self._open = None, []

    def _let_in(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(self._behind)
            self._open += [caller, behind]
            for source, target in ((caller, behind), (behind, caller)):
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
