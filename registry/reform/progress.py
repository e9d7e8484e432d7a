"""How far a reform is, for who waits for it."""

from collections.abc import Callable

Entering = Callable[[str, int], None]
"""Called with each phase that begins, and the number of records that are carried so far."""


def quietly(_phase: str, _done: int) -> None:
    """Tell nobody."""
