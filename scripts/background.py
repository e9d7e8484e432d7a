"""The worker beside the web server: started again whenever it ends."""

import sys
import time
from typing import Final

from registry.core.messages import Message
from scripts import children
from scripts.children import Child, Starter
from scripts.progress import say

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class Pauses:
    """The delays before restarting a process that ended by itself."""

    def __init__(self) -> None:
        self._last_s = 0.0

    def next_s(self, lived_s: float) -> float:
        """Return seconds: doubled each time, up to a minute; reset after a life of a minute.

        >>> pauses = Pauses()
        >>> [pauses.next_s(0) for _ in range(8)], pauses.next_s(60)
        ([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0], 1.0)
        """
        if lived_s >= _LONGEST_PAUSE_S:
            self._last_s = 0.0
        self._last_s = min(max(_FIRST_PAUSE_S, 2 * self._last_s), _LONGEST_PAUSE_S)
        return self._last_s


class BackgroundWorker:
    """The worker: started, and restarted whenever it ends, without limit.

    The web server does not need it, so its failures never stop the web server.
    """

    def __init__(self, starter: Starter) -> None:
        self._starter = starter
        self._pauses = Pauses()
        self._due = self._started = time.monotonic()
        self.child: Child | None = None

    def tend(self) -> float | None:
        """Start it if due; return the seconds until then, None while it runs."""
        if self.child is not None and self.child.poll() is not None:
            self._ended(self.child)
        if self.child is None and time.monotonic() >= self._due:
            self._start()
        return None if self.child else max(0.0, self._due - time.monotonic())

    def _start(self) -> None:
        self._started = time.monotonic()
        try:
            self.child = self._starter.start(sys.executable, "-m", "scripts.main", "work")
        except OSError as error:  # for example out of memory
            self._pause(str(error))

    def _ended(self, child: Child) -> None:
        self.end()
        self._pause(f"status {child.returncode}")

    def _pause(self, why: str) -> None:
        pause_s = self._pauses.next_s(time.monotonic() - self._started)
        self._due = time.monotonic() + pause_s
        say(Message("worker_stopped", why=why, pause_s=pause_s))

    def end(self) -> None:
        """End it, and the processes it started."""
        if self.child is not None:
            children.end(self.child)
            self.child = None
