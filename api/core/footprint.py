"""What a web process holds for months: no more than its first hour needed.

Three things made a process grow by more than half (`bench memory`): glibc gives each new thread an
arena of its own and keeps what large answers left in it, Arrow keeps as much again in another
allocator, and libraries load packages that we never use because they happen to be installed.
"""

import ctypes
import os
import sys
from importlib import import_module
from typing import Final

_UNUSED: Final = frozenset(["pandas", "rich"])
"""Arrow loads the one (30 MB) to recognise its types, structlog the other for colours (3.5 MB)."""
_WHILE_SERVING: Final = (
    *("api.mcp.server", "mcp.server.streamable_http_manager", "joserfc.jwk", "joserfc.jws"),
    *("registry.publish.export.writers", "registry.publish.export.read"),
)
"""What only some requests need, and a service of a few people meets within an hour: 35 MB."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE: Final = 1 << 20
"""Bytes of an allocation that goes back to the system as soon as it is freed. Left to itself glibc
raises this to the largest that it has seen, and large answers then leave holes in the heap."""


class _Absent:
    """Says of the packages that nothing here uses that they are not installed."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name in _UNUSED:
            raise ModuleNotFoundError(name, name=name)


def bound_memory() -> None:
    """Bound what this process keeps of memory that it has freed; call it before all imports."""
    sys.meta_path.insert(0, _Absent)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # Arrow reads nothing else
    # Only glibc has it. One arena: our threads take turns by the interpreter's lock anyhow.
    if tell := getattr(ctypes.CDLL(None), "mallopt", None):
        for option, value in (
            (_M_ARENA_MAX, 1),
            (_M_MMAP_THRESHOLD, _LARGE),
            (_M_TRIM_THRESHOLD, _LARGE),
        ):
            tell(option, value)


def load_ahead() -> None:
    """Import what some requests would import: none waits for it, and memory is taken at once."""
    for module in _WHILE_SERVING:
        import_module(module)
