"""What `bin/run` starts and ends: processes that do not outlive it."""

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import IO, Final

from registry.settings import ROOT
from scripts.progress import say

Child = subprocess.Popen[bytes]
_STOP_TIMEOUT_S: Final = 15.0


def start(
    command: Sequence[str],
    database_url: str,
    environment: Mapping[str, str] = MappingProxyType({}),
    *,
    output: IO[bytes] | None = None,
    dies_by: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a program of this checkout on that database, with these variables beside its own.

    It gets `dies_by` when this process is killed.
    """
    return subprocess.Popen(
        ["setpriv", f"--pdeathsig={dies_by.name.removeprefix('SIG')}", "--", *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url, **environment},
        # A session of its own: Ctrl-C reaches the supervisor only, which ends things in order.
        start_new_session=True,
    )


def end(leader: Child, how: signal.Signals = signal.SIGTERM) -> None:
    """End a child, and whatever it started even if it is gone itself."""
    if leader.poll() is None:
        leader.send_signal(how)
        try:
            leader.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            say(f"{leader.args[-1]!s} does not end; killing it")  # type: ignore[index]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()


def wait_for_any(
    children: Sequence[Child], *, descriptor: int, timeout_s: float | None = None
) -> None:
    """Sleep until one of the children has ended, `descriptor` can be read, or time is up."""
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        for child in children:
            if child.poll() is not None:
                return
            ended = os.pidfd_open(child.pid)
            stack.callback(os.close, ended)
            poll.register(ended, select.POLLIN)
        poll.poll(None if timeout_s is None else timeout_s * 1000)
