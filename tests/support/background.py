"""Jobs for tests, run by a real worker: they signal their start and wait to be released."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from registry.core.errors import ConflictError
from registry.core.messages import Text
from registry.core.settings import ROOT, Settings
from registry.jobs.table import IMPORTS, PUBLICATIONS, Job
from tests.support.waiting import eventually

_HERE = "tests.support.background"
HELD = Job("test.held", f"{_HERE}:hold", queue=IMPORTS, wait_s=0)
PUBLISHING = Job("test.publishing", f"{_HERE}:hold", queue=PUBLICATIONS)
LAST = Job("test.last", f"{_HERE}:hold", attempts=1, gave_up=f"{_HERE}:note_end")
FAILING = Job("test.failing", f"{_HERE}:fail", attempts=1, gave_up=f"{_HERE}:note_end")
GREEDY = Job("test.greedy", f"{_HERE}:take_memory", attempts=1)
_WORKER = f"""
import sys
from registry.jobs.table import JOBS
from registry.jobs.worker import Worker
from {_HERE} import FAILING, GREEDY, HELD, LAST, PUBLISHING
Worker(
    sys.argv[1],
    imports_at_once=2,
    say=lambda line: print(line, file=sys.stderr, flush=True),
    jobs=(*JOBS, HELD, PUBLISHING, LAST, FAILING, GREEDY),
    heartbeat_s=0.1,
    silent_after_s=0.5,
).run()
"""


def hold(_engine: Engine, _settings: Settings, *, folder: str, name: str) -> None:
    """Create a file named after this process, and wait for a write to the pipe."""
    (Path(folder) / f"{name}.{os.getpid()}").touch()
    (Path(folder) / f"{name}-go").read_bytes()


def fail(_engine: Engine, _settings: Settings, *, folder: str) -> None:
    """Raise what a job may raise."""
    raise ConflictError(Text(f"no: {folder}"))


def take_memory(_engine: Engine, _settings: Settings, *, folder: str) -> None:
    """Ask for most of the machine's memory, without using it; leave a file when it was given."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    bytearray(machine * 6 // 10)
    (Path(folder) / "given").touch()


def note_end(_engine: Engine, _settings: Settings, *, folder: str, name: str = "") -> None:
    """Leave a file."""
    (Path(folder) / "gave-up").touch()


def begun(folder: Path, name: str) -> set[int]:
    """Processes that run the blocked job of this name."""
    return {int(path.suffix[1:]) for path in folder.glob(f"{name}.*")}


def let_end(folder: Path, name: str) -> None:
    """Release the blocked job of this name."""
    (folder / f"{name}-go").write_bytes(b"")


@contextmanager
def worker(url: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker for the database at `url` that soon treats a silent worker as dead."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER, url], cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def processes_with(*words: str) -> list[int]:
    """Processes whose command line contains all of these."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (process / "cmdline").read_text(errors="replace")
            if all(word in command for word in words):
                found.append(int(process.name))
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return not Path(f"/proc/{pid}").exists()


def wait_for_begun(folder: Path, name: str, besides: set[int] = frozenset()) -> int:  # type: ignore[assignment]
    """The process that runs the blocked job of this name, other than `besides`."""
    return eventually(lambda: begun(folder, name) - besides, f"{name} begins").pop()
