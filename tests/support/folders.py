"""Folders for clusters in tests: short, and open to the account that a cluster of root's gets."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from registry.ops.cluster.host import memory_bytes

ON_DISK = Path("/tmp")
IN_MEMORY = Path("/dev/shm")
"""Both short, because a socket's path has at most 107 bytes; TMPDIR may be long."""

_GB = 1024**3
_ROOM = 4 * _GB
"""Three times what the clusters of a whole run need at once."""
_MEMORY = 8 * _GB


@cache
def roomy() -> Path:
    """Where clusters are made: in memory, where a database is copied in a tenth of the time; on
    disk where there is too little of it.
    """
    try:
        free = shutil.disk_usage(IN_MEMORY).free
        probe = tempfile.mkdtemp(prefix="diachiso-folder-", dir=IN_MEMORY)
    except OSError:
        return ON_DISK
    Path(probe).rmdir()
    enough = min(free, _available()) >= _ROOM and memory_bytes() >= _MEMORY
    return IN_MEMORY if enough else ON_DISK


def _available() -> int:
    """The memory that programs may still take without making others slower."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["MemAvailable"].split()[0]) * 1024


@contextmanager
def open_folder() -> Iterator[Path]:
    """A new folder that every user may enter. pytest's tmp_path is closed to all but the caller."""
    folder = Path(tempfile.mkdtemp(prefix="diachiso-folder-", dir=roomy()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
