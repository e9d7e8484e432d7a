"""Memory-mapped files in which the processes of a server count.

Their disk space is allocated at creation: writing into a sparse file when the disk is full kills
the process (SIGBUS).
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Variable with the folder of the metrics; prometheus-client reads it on import."""
METRICS_BYTES: Final = {"counter": 2 << 20, "histogram": 2 << 20, "gauge_livesum": 64 << 10}
"""File size of each process by the prefix of the file's name: more than all endpoints need."""


def reserved(path: Path, size: int) -> int:
    """Open the file, created if missing, with `size` bytes allocated; raises OSError on a full
    disk.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    except OSError:
        os.close(file)
        raise
    return file


def reserve_metrics() -> None:
    """Create the metrics files of this process; on a full disk it keeps metrics in its own
    memory.
    """
    folder = os.environ.get(METRICS)
    if folder is None:
        return
    made: list[Path] = []
    try:
        for kind, size in METRICS_BYTES.items():
            made.append(Path(folder, f"{kind}_{os.getpid()}.db"))
            os.close(reserved(made[-1], size))
    except OSError:
        del os.environ[METRICS]
        for path in made:
            with suppress(OSError):
                path.unlink()
