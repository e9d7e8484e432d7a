"""What was seen a moment ago, for whoever asks: nobody waits for a look that hangs.

A thread looks, one at a time, and none while nobody asks: so there is none yet when a server forks
its processes, and none to end with them.
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
"""How long a look is waited for where what was seen before will do; it takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """What a look found, and when."""

    begun_at: float
    ended_at: float
    found: T | None
    error: Exception | None
    """What it raised instead."""


class Watch(Generic[T]):
    """What `look` finds, looked at again by who asks later than `new_s` after it, or after a
    failure.

    While a look takes longer than `patience_s` what was seen before it is told, which counts until
    the look has taken `hangs_s`.
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
        self._begun_at = 0.0
        self._seen: Seen[T] | None = None

    @property
    def most_age_s(self) -> float:
        """How old what is told may be."""
        return self._new_s + self._hangs_s

    def last(self) -> tuple[T, float]:
        """What was found last, and how many seconds ago.

        Raises what the look raised; TookTooLongError where none has ended for too long.
        """
        seen, now = self._seen, time.monotonic()
        if seen is None or not self._is_new(seen, now):
            seen = self._waited_for(now)
        if seen is None or not self._counts(seen, now):
            raise TookTooLongError(Message("database_silent_for", seconds=self.most_age_s))
        if seen.error is not None:
            raise seen.error
        return seen.found, max(0.0, now - seen.begun_at)  # type: ignore[return-value]

    def _waited_for(self, now: float) -> Seen[T] | None:
        with self._turn:
            seen = self._seen
            if seen is not None and (self._is_new(seen, now) or seen.ended_at > now):
                return seen  # it ended while this one waited for its turn
            if not self._looking:
                self._begin(now)
            will_do = seen is not None and self._counts(seen, now)
            ends = self._begun_at + (self.patience_s if will_do else self._hangs_s)
            self._turn.wait_for(lambda: not self._looking, ends - now)
            return self._seen

    def _is_new(self, seen: Seen[T], now: float) -> bool:
        return seen.error is None and now - seen.begun_at < self._new_s

    def _counts(self, seen: Seen[T], now: float) -> bool:
        return now - seen.begun_at <= self.most_age_s

    def close(self) -> None:
        """Wait for the look that has begun, unless it hangs: its connection is in use."""
        with self._turn:
            self._turn.wait_for(lambda: not self._looking, self._hangs_s)

    def _begin(self, now: float) -> None:
        threading.Thread(target=self._run, daemon=True).start()
        self._looking, self._begun_at = True, now

    def _run(self) -> None:
        found, error = None, None
        try:
            found = self._look()
        except Exception as raised:  # noqa: BLE001 - told to who asks
            error = raised
        with self._turn:
            self._seen = Seen(self._begun_at, time.monotonic(), found, error)
            self._looking = False
            self._turn.notify_all()
