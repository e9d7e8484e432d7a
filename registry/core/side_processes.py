"""Processes that work for this one, and end with it."""

import atexit
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import ParamSpec

_P = ParamSpec("_P")


def side_processes(
    count: int, opened: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs
) -> ProcessPoolExecutor:
    """So many processes, each of which calls `opened` before any work.

    Keep what it is called with short: one starts after the other has read it.
    """
    # Not forked: a copy of an open connection, or of a thread's lock, would be in two.
    return ProcessPoolExecutor(
        count, get_context("spawn"), initializer=_open, initargs=(opened, args, kwargs)
    )


def _open(
    opened: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    # What it holds need not be taken apart: for a gazetteer that takes as long as reading it.
    atexit.register(os._exit, 0)
    Thread(target=_end_with_parent, daemon=True).start()
    opened(*args, **kwargs)


def _end_with_parent() -> None:
    # One that is killed says nothing to its processes, and they would wait for work for ever.
    if parent := parent_process():
        parent.join()
        os._exit(1)
