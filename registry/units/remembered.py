"""What was worked out of a gazetteer before: goes with it, so that no old map stays in memory."""

from collections.abc import Hashable
from typing import Generic, TypeVar

from registry.units.gazetteer import Gazetteer

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_times = 1


def enlarge_cache(times: int) -> None:
    """So many times more than a server of many keeps: what answers files has memory for it."""
    global _times
    _times = times


class Remembered(Generic[K, V]):
    """Answers by question, of each gazetteer its own; too many are forgotten all at once."""

    def __init__(self, most: int) -> None:
        self.most = most

    def of(self, gazetteer: Gazetteer) -> dict[K, V]:
        """Those of a gazetteer, to be read; `keep` adds to them."""
        known: dict[K, V] | None = gazetteer.remembered.get(self)
        if known is None:
            known = gazetteer.remembered.setdefault(self, {})
        return known

    def keep(self, known: dict[K, V], question: K, answer: V) -> V:
        """Remember an answer among what `of` gave."""
        if len(known) >= self.most * _times:
            known.clear()
        known[question] = answer
        return answer
