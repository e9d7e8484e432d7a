"""What a web process keeps of memory."""

import subprocess
import sys

import pytest

from registry.core.settings import ROOT

_ASKED = """
import sys
from api.core.footprint import bound_memory, load_ahead
bound_memory()
load_ahead()
import pyarrow
pyarrow.array([1])  # where Arrow looks for pandas
print(pyarrow.default_memory_pool().backend_name, "pandas" in sys.modules, "rich" in sys.modules)
"""
_ARENAS = """
import ctypes, io, threading
from api.core.footprint import bound_memory
bound_memory()
threads = [threading.Thread(target=lambda: bytes(100_000)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )


@pytest.mark.thorough
def test_unused_packages_and_second_allocator_are_not_loaded() -> None:
    assert _run(_ASKED).stdout.split() == ["system", "False", "False"]


def test_threads_share_one_arena() -> None:
    assert _run(_ARENAS).stderr.count("Arena ") == 1
