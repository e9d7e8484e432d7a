"""Bounds the memory of a web process over months to what its first hour needed.

Three things made a process grow by more than half (`bench memory`): glibc gives each new thread its
own arena and keeps what large answers freed in it, Arrow keeps as much again in another allocator,
and libraries import installed packages that we never use.

A process grew from 174 to 369 MB in 600 requests of all kinds (40,000 households) and stayed: glibc
arenas and Arrow's allocator 50 to 80 MB, pandas (by Arrow) 30, Arrow, MCP and signing 35 (and 40
shared), a cache of texts 26, which now keeps 2,000 texts, not 50,000.

Rejected: recycling workers (hides leaks); exports in a process (over a second, not 60 ms);
jemalloc; `malloc_trim` (1 to 2 of 195 MB). A library that needs pandas fails in the web process
alone.
"""

import ctypes
import os
import sys
from importlib import import_module
from typing import Final

_UNUSED: Final = frozenset(["pandas", "rich"])
"""Arrow imports pandas (30 MB) to recognise its types, structlog imports rich (3.5 MB) for
colours."""
_WHILE_SERVING: Final = (
    *("api.mcp.server", "mcp.server.streamable_http_manager", "joserfc.jwk", "joserfc.jws"),
    *("registry.publish.export.writers", "registry.publish.export.read"),
)
"""Modules that only some requests need, yet any service imports within an hour: 35 MB."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE: Final = 1 << 20
"""Allocations of this many bytes return to the system when freed. By default glibc raises this
threshold to the largest allocation seen, and large answers then fragment the heap."""


class _Absent:
    """A finder that reports unused packages as not installed."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name in _UNUSED:
            raise ModuleNotFoundError(name, name=name)


def bound_memory() -> None:
    """Bound the freed memory that this process keeps; call it before all other imports."""
    sys.meta_path.insert(0, _Absent)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow has no other setting
    # glibc only. One arena is enough: the GIL serialises our threads anyway.
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        for option, value in (
            (_M_ARENA_MAX, 1),
            (_M_MMAP_THRESHOLD, _LARGE),
            (_M_TRIM_THRESHOLD, _LARGE),
        ):
            mallopt(option, value)


def load_ahead() -> None:
    """Import the modules that some requests need, so no request waits and memory is stable."""
    for module in _WHILE_SERVING:
        import_module(module)
