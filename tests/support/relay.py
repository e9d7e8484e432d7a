"""A door to PostgreSQL that a test can shut and open again: a database that stops and restarts.

Or a pooler that drops what a session asks for when it starts.
It can also cut one connection at a moment of the test's choice.
"""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

from sqlalchemy import make_url


class Relay:
    """Passes connections on to the database of `url`; its own `url` connects through the relay.

    `drops_options`, as PgBouncer does with `ignore_startup_parameters = options`.
    """

    def __init__(self, url: str, folder: Path, *, drops_options: bool = False) -> None:
        self.drops_options = drops_options
        parsed = make_url(url)
        host, port = parsed.query["host"], parsed.query["port"]
        self._behind = f"{host}/.s.PGSQL.{port}"
        self._door = folder / f".s.PGSQL.{port}"
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._cuts: list[tuple[bytes, bool]] = []
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

    def cut(self, at: bytes, *, heard: bool) -> None:
        """Cut, once, the connection on which a program sends `at`.

        The database has `heard` it and its answer is lost, or it never receives it.
        """
        self._cuts.append((at, heard))

    @property
    def is_cut(self) -> bool:
        """Whether every cut was made."""
        return not self._cuts

    def _let_in(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(self._behind)
            self._open += [caller, behind]
            if self.drops_options:
                behind.sendall(_without_options(_startup_packet(caller)))
            threading.Thread(target=self._ask, args=(caller, behind), daemon=True).start()
            threading.Thread(target=_pass_on, args=(behind, caller), daemon=True).start()

    def _ask(self, caller: socket.socket, behind: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := caller.recv(65536):
                cut = next((cut for cut in self._cuts if cut[0] in data), None)
                if cut is not None:
                    self._cuts.remove(cut)
                    caller.shutdown(socket.SHUT_RDWR)  # before an answer can come
                if cut is None or cut[1]:
                    behind.sendall(data)
                if cut is not None:
                    break
        # A received statement is still executed: PostgreSQL notices the lost connection afterwards.
        with contextlib.suppress(OSError):
            behind.shutdown(socket.SHUT_WR)


def _startup_packet(caller: socket.socket) -> bytes:
    """The first packet of a session: length, version, and pairs of zero-ended texts."""
    head = caller.recv(4, socket.MSG_WAITALL)
    return head + caller.recv(int.from_bytes(head) - 4, socket.MSG_WAITALL)


def _without_options(packet: bytes) -> bytes:
    texts = packet[8:].removesuffix(b"\0\0").split(b"\0")
    pairs = zip(texts[::2], texts[1::2], strict=True)
    kept = b"".join(b"%s\0%s\0" % pair for pair in pairs if pair[0] != b"options") + b"\0"
    return (len(kept) + 8).to_bytes(4) + packet[4:8] + kept


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
