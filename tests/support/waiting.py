"""Waiting in tests: for a condition, never for a length of time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(condition: Callable[[], T], what: str, *, within_s: float = 120.0) -> T:
    """The first true result of `condition`; AssertionError naming `what` on timeout.

    Long enough for a busy machine: only what fails waits so long.
    """
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.02)
    return answer
