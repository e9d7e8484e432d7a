"""A conversation with another server that ends in time, however slowly it answers.

Time limits of sockets are between two parts of an answer: who sends a byte a second keeps to them
for ever. What is watched here is shut down when the whole of the time is over.
"""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """A block whose watched connections are broken off after `whole_s` seconds."""

    def __init__(self, whole_s: float) -> None:
        self._ends_at = time.monotonic() + whole_s
        self._late = threading.Event()
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(whole_s, self._break_off)
        self._timer.daemon = True

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return self._late.is_set()

    @property
    def left_s(self) -> float:
        """How much of it is left."""
        return max(0.0, self._ends_at - time.monotonic())

    def watch(self, connected: socket.socket) -> None:
        """Break this connection off in time as well, also once TLS has taken it over."""
        with self._lock:
            self._watched.append(connected.dup())
        if self.is_late:
            self._break_off()

    def _break_off(self) -> None:
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
