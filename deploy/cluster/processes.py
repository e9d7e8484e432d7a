"""Processes of a trial: started to outlive the command, found again, ended, frozen.

Nothing is touched that was not started here: a process counts as ours while the number that was
written down has the same start time, and so do those below it.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.ops.cluster.host import Account

_END_S: Final = 30.0
_DEAD: Final = "ZX"


@dataclass(frozen=True, slots=True)
class _Stat:
    """What the system says of a process."""

    state: str
    parent: int
    started: int
    """In ticks since the machine started."""


def _stat(pid: int) -> _Stat | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return _Stat(fields[0], int(fields[1]), int(fields[19]))


@dataclass(frozen=True, slots=True)
class Part:
    """One program of one machine, as it was started."""

    node: str
    name: str
    pid: int
    started: int

    def is_alive(self) -> bool:
        """Whether it runs, or is frozen."""
        stat = _stat(self.pid)
        return stat is not None and stat.started == self.started and stat.state not in _DEAD

    def is_frozen(self) -> bool:
        """Whether it was stopped by `freeze`."""
        stat = _stat(self.pid)
        return self.is_alive() and stat is not None and stat.state == "T"


class Processes:
    """The parts that were started from one folder, written down in `processes.json`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "processes.json"

    def parts(self) -> dict[tuple[str, str], Part]:
        """All that were started, by node and name, whether they live or not."""
        try:
            written = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        parts = [Part(**each) for each in written]
        return {(part.node, part.name): part for part in parts}

    def forget_ended(self) -> None:
        """Let those that live be all that were started: what a former run left says nothing now."""
        self._write(part for part in self.parts().values() if part.is_alive())

    def _note(self, part: Part) -> None:
        self._write({**self.parts(), (part.node, part.name): part}.values())

    def _write(self, parts: Iterable[Part]) -> None:
        fields = [{name: getattr(each, name) for name in Part.__slots__} for each in parts]
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(fields, indent=1), encoding="utf-8")
        fresh.rename(self._file)

    def start(
        self,
        node: str,
        name: str,
        command: Sequence[str],
        *,
        account: Account,
        environment: Mapping[str, str],
        log: Path,
    ) -> Part:
        """Start a part as `account`, unless it runs; it prints to `log` and outlives us."""
        known = self.parts().get((node, name))
        if known is not None and known.is_alive():
            return known
        with log.open("ab") as output:
            process = subprocess.Popen(
                command_as(account, command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=dict(environment),
                start_new_session=True,
            )
        stat = _stat(process.pid)
        part = Part(node, name, process.pid, stat.started if stat else 0)
        self._note(part)
        return part


def found(node: str, name: str, pid: int) -> Part | None:
    """A process that one of ours started and let go, as Patroni does PostgreSQL."""
    stat = _stat(pid)
    return Part(node, name, pid, stat.started) if stat else None


def command_as(account: Account, command: Sequence[str]) -> list[str]:
    """The command as an account; where it is first put into a network, as root."""
    if list(command[:3]) == ["ip", "netns", "exec"]:
        return [*command[:4], *account.command(*command[4:])]
    return account.command(*command)


def family(parts: Iterable[Part]) -> list[int]:
    """The living of these parts and everything below them, parents first."""
    found = [part.pid for part in parts if part.is_alive()]
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (stat := _stat(int(entry.name))) and stat.state not in _DEAD:
            children.setdefault(stat.parent, []).append(int(entry.name))
    for pid in found:  # it grows meanwhile
        found.extend(child for child in children.get(pid, []) if child not in found)
    return found


def signal_all(pids: Iterable[int], how: signal.Signals) -> None:
    """Send a signal to each that is still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def end(parts: Iterable[Part], within_s: float = _END_S) -> None:
    """End parts in order, and by force what has not ended in time."""
    listed = list(parts)
    everybody = family(listed)
    signal_all(everybody, signal.SIGCONT)
    signal_all(everybody, signal.SIGTERM)
    deadline = time.monotonic() + within_s
    while any(part.is_alive() for part in listed) and time.monotonic() < deadline:
        time.sleep(0.05)
    # What outlived its parent has its number only by chance by now, unless it is there since.
    left = [pid for pid in everybody if (stat := _stat(pid)) and stat.state not in _DEAD]
    if any(part.is_alive() for part in listed):
        signal_all(left, signal.SIGKILL)
