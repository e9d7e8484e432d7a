"""Files that the processes of a server map into their memory, and count in.

Their place on the disk is set aside when they are made. A file with holes costs nothing until it is
written to, and then, where the disk has filled up meanwhile, the system ends the process (SIGBUS).
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder of the metrics; prometheus-client reads it when imported."""
METRICS_BYTES: Final = {"counter": 2 << 20, "histogram": 2 << 20, "gauge_livesum": 64 << 10}
"""Of each process, by the first part of the file's name: more than all endpoints need."""


def reserved(path: Path, size: int) -> int:
    """A descriptor of the file, made where it is not there yet. Raises OSError without room."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    except OSError:
        os.close(file)
        raise
    return file


def reserve_metrics() -> None:
    """Make the files in which this process counts; without room it counts for itself alone."""
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
