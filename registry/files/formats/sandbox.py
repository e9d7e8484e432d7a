"""Read map layers, Parquet and workbooks in a sandboxed process.

C libraries read these formats, and a file can make them follow references, loop for ever, or crash
when memory runs out. The process (`sandboxed_reader`) has no network access, and limits of CPU
time, memory, rows and text by the size of the file. It writes its result to a folder, from which
the table is read here.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from registry.core.errors import (
    FileLinksElsewhereError,
    FileTooCostlyError,
    SheetNotChosenError,
    StorageFullError,
    TooManyRequestsError,
    UnreadableFileError,
)
from registry.core.messages import Message, read_stored
from registry.files.formats.sandboxed_reader import (
    DISK_FULL,
    FAILED,
    FEATURES,
    LIMITS,
    ROWS,
    TABLE,
    size_of,
)
from registry.files.formats.scratch import Scratch
from registry.files.formats.table import Features, Part, Rows, Table, unreadable

_ROOT: Final = Path(__file__).resolve().parents[3]
_IN_REQUESTS_AT_ONCE: Final = 2
"""Files read at once for requests of one web process, whose threads wait meanwhile."""
_TURN_S: Final = 3.0
_RETRY_S: Final = 10
_IN_REQUESTS: Final = BoundedSemaphore(_IN_REQUESTS_AT_ONCE)
_LINKS: Final = Message("file_links_to_network")
TOO_COSTLY: Final = Message("file_too_costly")
_BUSY: Final = Message("readers_busy")
_REFUSALS: Final = {
    kind.code: kind
    for kind in (
        UnreadableFileError,
        SheetNotChosenError,
        FileLinksElsewhereError,
        FileTooCostlyError,
    )
}
_log: Final = logging.getLogger("diachiso.files")


def read_sandboxed(
    path: Path, form: str, sheet: str | None = None, *, in_request: bool = False
) -> Table:
    """The table of a file in one of `FORMATS`; `sheet` chooses a sheet or layer.

    `in_request` applies tighter limits. Raises UnreadableFileError and its subclasses, and in a
    request TooManyRequestsError if too many files are being read.
    """
    scratch = Scratch()
    with _turn() if in_request else contextlib.nullcontext():
        _run(path, form, sheet, scratch.path, "request" if in_request else "job")
    described: dict[str, Any] = json.loads((scratch.path / TABLE).read_text(encoding="utf-8"))
    if refused := described.get("refused"):
        message = Message.from_json(refused["message"])
        raise _REFUSALS[refused["code"]](message, **read_stored(refused["extra"]))
    described["remarks"] = read_stored(described["remarks"])
    for name in ("headers", "notes", "systems"):
        described[name] = tuple(read_stored(described[name]))
    described["above"] = tuple(map(tuple, described["above"]))
    parts = [Part(*part) for part in described.pop("parts")]
    features = _features(scratch, described.pop("features"))
    return Table(rows=_Lines(scratch), features=features, parts=parts, **described)


def _features(scratch: Scratch, described: dict[str, Any] | None) -> Features | None:
    if described is None:
        return None
    described["fields"] = tuple(described["fields"])
    described["geo"] = described["geo"].encode()
    return Features(batches=_Batches(scratch, described["geometry"]), **described)


@contextmanager
def _turn() -> Iterator[None]:
    if not _IN_REQUESTS.acquire(timeout=_TURN_S):
        raise TooManyRequestsError(_BUSY, retry_after_s=_RETRY_S)
    try:
        yield
    finally:
        _IN_REQUESTS.release()


def _run(path: Path, form: str, sheet: str | None, folder: Path, use: str) -> None:
    limits = LIMITS[use](size_of(path))
    arguments = json.dumps([str(path.absolute()), form, sheet, str(folder), use])
    try:
        done = subprocess.run(
            ["setpriv", "--pdeathsig=KILL", "--", sys.executable, "-m", _MODULE, arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            cwd=folder,
            # A clean environment: no passwords, and no settings of libraries.
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_ROOT)}
            | {"TMPDIR": str(folder), "LC_ALL": "C.UTF-8", "PROJ_NETWORK": "OFF"},
            timeout=limits.waited_s,
        )
    except subprocess.TimeoutExpired as error:
        raise unreadable(path, TOO_COSTLY, FileTooCostlyError) from error
    if done.returncode == 0:
        return
    if done.returncode == -signal.SIGSYS:
        raise unreadable(path, _LINKS, FileLinksElsewhereError)
    if done.returncode == DISK_FULL:
        raise StorageFullError(Message("server_disk_full_for_reading"))
    if (failed := folder / FAILED).exists():
        _log.error("a file broke its reader:\n%s", failed.read_text(encoding="utf-8"))
    raise unreadable(path, TOO_COSTLY, FileTooCostlyError)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The rows as the sandbox wrote them: a JSON list per line."""

    scratch: Scratch

    def __call__(self) -> AbstractContextManager[Rows]:
        return self._open()

    @contextmanager
    def _open(self) -> Iterator[Rows]:
        with (self.scratch.path / ROWS).open(encoding="utf-8") as lines:
            yield map(json.loads, lines)


@dataclass(frozen=True, slots=True)
class _Batches:
    """The features as the sandbox wrote them, in Arrow's stream format."""

    scratch: Scratch
    geometry: str | None

    def __call__(self, *, shapes: bool) -> AbstractContextManager[Any]:
        return self._open(shapes=shapes)

    @contextmanager
    def _open(self, *, shapes: bool) -> Iterator[Any]:
        import pyarrow as pa

        path = str(self.scratch.path / FEATURES)
        with pa.memory_map(path) as source, pa.ipc.open_stream(source) as reader:
            yield reader if shapes or self.geometry is None else _without(self.geometry, reader)


def _without(name: str, reader: Any) -> Iterator[Any]:
    return (batch.drop_columns([name]) for batch in reader)


_MODULE: Final = "registry.files.formats.sandboxed_reader"
