"""Child processes of `bin/run`, which do not outlive it."""

import contextlib
import os
import pwd
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from registry.core.settings import ROOT, Settings
from registry.ops import cluster
from registry.ops.cluster import host
from registry.ops.cluster.host import Account
from scripts.progress import say

Child = subprocess.Popen[bytes]
_STOP_TIMEOUT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts programs of this checkout on one database, and never as root."""

    database_url: str
    account: Account
    home: Path
    """The account's folder of written files: its `DIACHISO_VAR`."""

    @classmethod
    def of(cls, settings: Settings, database_url: str) -> "Starter":
        """Create one for the serving account; change the owner of root's files in `var/` to it."""
        account = host.web_account(settings.var)
        return cls(database_url, account, cluster.prepare_files_folder(settings, account))

    def environment(self) -> dict[str, str]:
        """Return the environment of a program."""
        own = {"PYTHONPATH": str(ROOT), "DATABASE_URL": self.database_url}
        if self.drops:
            own["DIACHISO_VAR"] = str(self.home)
            # libpq searches it for certificates, and may not read root's.
            own["HOME"] = pwd.getpwuid(self.account.uid).pw_dir
        return {**os.environ, **own}

    @property
    def drops(self) -> bool:
        """Whether the account is another one than the caller's."""
        return self.account.uid != os.geteuid()

    def start(
        self,
        *command: str,
        environment: Mapping[str, str] = MappingProxyType({}),
        output: IO[bytes] | None = None,
        dies_by: signal.Signals = signal.SIGTERM,
        capabilities: Sequence[str] = (),
    ) -> Child:
        """Start a program, which gets the signal `dies_by` when this process is killed."""
        return subprocess.Popen(
            self.account.command(*command, dies_by=dies_by, capabilities=capabilities),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**self.environment(), **environment},
            # A session of its own: Ctrl-C reaches the supervisor only, which ends all in order.
            start_new_session=True,
        )


def end(leader: Child, how: signal.Signals = signal.SIGTERM) -> None:
    """End a child, and the processes it started even if it has ended itself."""
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
