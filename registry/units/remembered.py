"""Caches of values computed from a gazetteer, released with it to free the memory of old maps."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from registry.units.gazetteer import Gazetteer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_times = 1


def enlarge_cache(times: int) -> None:
    """Multiply the size of the caches, for batch processes that have the memory for it."""
    global _times
    _times = times


class Remembered(Generic[K, V]):
    """A cache per gazetteer; it is cleared when full."""

    def __init__(self, most: int) -> None:
        self.most = most

    def of(self, gazetteer: Gazetteer) -> dict[K, V]:
        """Return the cache of a gazetteer, for reading; `keep` adds to it."""
        known: dict[K, V] | None = gazetteer.remembered.get(self)
        if known is None:
            known = gazetteer.remembered.setdefault(self, {})
        return known

    def keep(self, known: dict[K, V], question: K, answer: V) -> V:
        """Add an answer to a cache returned by `of`."""
        if len(known) >= self.most * _times:
            known.clear()
        known[question] = answer
        return answer
