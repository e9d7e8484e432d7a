"""The lock that lets one `bin/run` serve from a checkout at a time."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from registry.core.errors import ConflictError
from registry.core.messages import Message
from registry.ops.cluster import host


class RunLock:
    """Locks `path` from enter to exit; raises ConflictError if another process has it.

    The system releases the lock when the process ends in any way. The file keeps its content:
    `left_behind` means that the former process's children may take a moment to end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self.left_behind = False

    def __enter__(self) -> Self:
        with host.refusals(self._path):
            host.make_open_folder(self._path.parent)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConflictError(self._who()) from None
            self.left_behind = bool(self._content())
        self.publish("")
        return self

    def publish(self, url: str) -> None:
        """Write a note for a second process."""
        with host.refusals(self._path):
            os.pwrite(self._descriptor, f"{os.getpid()}\n{url}\n".encode(), 0)
            os.ftruncate(self._descriptor, len(f"{os.getpid()}\n{url}\n"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _content(self) -> list[str]:
        return os.pread(self._descriptor, 1000, 0).decode(errors="replace").splitlines()

    def _who(self) -> Message:
        pid, url = [*self._content(), "", ""][:2]
        if not url:
            return Message("service_starting", pid=pid)
        return Message("service_already_running", url=url, pid=pid)
