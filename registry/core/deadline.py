"""Limits the total time of an exchange with another server, however slowly it answers.

Socket timeouts apply between two parts of an answer: a server that trickles bytes never exceeds
them. Watched connections are shut down when the total time is over.
"""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """A block whose watched connections are shut down after `whole_s` seconds."""

    def __init__(self, whole_s: float) -> None:
        self._ends_at = time.monotonic() + whole_s
        self._late = threading.Event()
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(whole_s, self._shut_down)
        self._timer.daemon = True

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return self._late.is_set()

    @property
    def left_s(self) -> float:
        """Seconds left."""
        return max(0.0, self._ends_at - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """Shut this connection down in time, even after TLS has wrapped it."""
        with self._lock:
            self._watched.append(connected.dup())
        if self.is_late:
            self._shut_down()

    def _shut_down(self) -> None:
        self._late.set()
        with self._lock:
            for each in self._watched:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for each in self._watched:
                each.close()
            self._watched.clear()
