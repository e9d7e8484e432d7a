"""A cached check: callers never block on one that hangs.

A thread runs the check when a caller needs it, one at a time: so none exists yet when a server
forks its processes, and none has to be stopped.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from registry.core.database import TookTooLongError
from registry.core.messages import Message

T = TypeVar("T")

PATIENCE_S: Final = 0.2
"""How long to wait for a check if an earlier result will do; it usually takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """The result of a check, and its time."""

    started_at: float
    ended_at: float
    found: T | None
    error: Exception | None
    """Exception that it raised instead."""


class Watch(Generic[T]):
    """Caches the result of `look`, and repeats it for calls more than `new_s` later, or after a
    failure.

    While a check takes longer than `patience_s` the previous result is returned, until the check
    has taken `hangs_s`.
    """

    def __init__(
        self, look: Callable[[], T], *, new_s: float, hangs_s: float, patience_s: float = PATIENCE_S
    ) -> None:
        self.patience_s = patience_s
        self._look = look
        self._new_s = new_s
        self._hangs_s = hangs_s
        self._turn = threading.Condition()
        self._looking = False
        self._started_at = 0.0
        self._seen: Seen[T] | None = None

    @property
    def most_age_s(self) -> float:
        """Greatest age of a returned result."""
        return self._new_s + self._hangs_s

    def last(self) -> tuple[T, float]:
        """Return the last result, and its age in seconds.

        Raises as the check did; TookTooLongError if none has finished for too long.
        """
        seen, now = self._seen, time.monotonic()
        if seen is None or not self._is_new(seen, now):
            seen = self._waited_for(now)
        if seen is None or not self._counts(seen, now):
            raise TookTooLongError(Message("database_silent_for", seconds=self.most_age_s))
        if seen.error is not None:
            raise seen.error
        return seen.found, max(0.0, now - seen.started_at)  # type: ignore[return-value]

    def _waited_for(self, now: float) -> Seen[T] | None:
        with self._turn:
            seen = self._seen
            if seen is not None and (self._is_new(seen, now) or seen.ended_at > now):
                return seen  # finished while this call waited for the lock
            if not self._looking:
                self._start(now)
            will_do = seen is not None and self._counts(seen, now)
            ends = self._started_at + (self.patience_s if will_do else self._hangs_s)
            self._turn.wait_for(lambda: not self._looking, ends - now)
            return self._seen

    def _is_new(self, seen: Seen[T], now: float) -> bool:
        return seen.error is None and now - seen.started_at < self._new_s

    def _counts(self, seen: Seen[T], now: float) -> bool:
        return now - seen.started_at <= self.most_age_s

    def close(self) -> None:
        """Wait for a running check unless it hangs, as it uses a connection."""
        with self._turn:
            self._turn.wait_for(lambda: not self._looking, self._hangs_s)

    def _start(self, now: float) -> None:
        threading.Thread(target=self._run, daemon=True).start()
        self._looking, self._started_at = True, now

    def _run(self) -> None:
        found, error = None, None
        try:
            found = self._look()
        except Exception as raised:  # noqa: BLE001 - raised to the callers
            error = raised
        with self._turn:
            self._seen = Seen(self._started_at, time.monotonic(), found, error)
            self._looking = False
            self._turn.notify_all()
