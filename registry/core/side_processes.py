"""Worker processes that end with this one."""

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
    """Start `count` processes, each of which calls `opened` before any work.

    Keep its arguments short: each process starts after the previous one has read them.
    """
    # Not forked, which would duplicate open connections and locks.
    return ProcessPoolExecutor(
        count, get_context("spawn"), initializer=_open, initargs=(opened, args, kwargs)
    )


def _open(
    opened: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    # Skip the teardown of memory, which for a gazetteer takes as long as loading it.
    atexit.register(os._exit, 0)
    Thread(target=_end_with_parent, daemon=True).start()
    opened(*args, **kwargs)


def _end_with_parent() -> None:
    # A killed parent does not stop its workers, which would wait forever.
    if parent := parent_process():
        parent.join()
        os._exit(1)
