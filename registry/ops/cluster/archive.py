"""Where a cluster's log goes, so that a backup can bring back any moment: pgBackRest's settings.

`DIACHISO_BACKUPS` names a folder, for which they are written here, or a file of them that the
operator keeps: for another store than a folder, or for a PostgreSQL of the operator's own.
"""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = "pgbackrest"
STANZA: Final = "diachiso"
"""What pgBackRest calls the cluster of a register: a section of its settings, and of its store."""
SUFFIX: Final = ".conf"
"""With which the name of a file of settings ends; anything else is a folder."""
TIMEOUT_S: Final = 60
"""After which a part of the log is sent away that is not full: what a lost machine may cost."""

_GIB: Final = 1 << 30
_QUEUE_GIB: Final = 8
_TEXT: Final = """\
{head}
[global]
{store}
repo1-bundle=y
repo1-block=y
repo1-retention-full=4
compress-type=zst
start-fast=y
process-max=2
# While the store is full or away the log waits here, up to so much. Then it is let go, so that the
# disk does not fill: moments from then on come back with the next backup only.
archive-push-queue-max={queue_gib}GiB
lock-path={lock}
log-level-file=off

[{stanza}]
pg1-path={data_dir}
pg1-socket-path={socket_dir}
pg1-port={port}
pg1-user=postgres
"""


@dataclass(frozen=True, slots=True)
class Archive:
    """A cluster's way into its store."""

    config: Path
    """The settings that pgBackRest reads."""
    folder: Path | None
    """The store, where it is a folder and the settings are ours."""

    @property
    def server_settings(self) -> dict[str, str]:
        """What makes PostgreSQL send its log there."""
        command = shlex.join([PROGRAM, f"--config={self.config}", f"--stanza={STANZA}"])
        escaped = command.replace("%", "%%").replace("'", "''")
        return {
            "archive_mode": "on",
            "archive_command": f"'{escaped} archive-push \"%p\"'",
            "archive_timeout": f"{TIMEOUT_S}s",
        }


def archive_of(backups: Path, data_dir: Path) -> Archive:
    """The way of a cluster into the store that `DIACHISO_BACKUPS` names."""
    if backups.suffix == SUFFIX:
        return Archive(backups, None)
    return Archive(beside(data_dir) / f"{PROGRAM}{SUFFIX}", backups)


def _queue_gib(data_dir: Path) -> int:
    """How much of the log may wait: a tenth of a small disk."""
    disk = data_dir
    while not disk.exists():
        disk = disk.parent
    return max(1, min(_QUEUE_GIB, shutil.disk_usage(disk).total // _GIB // 10))


def beside(data_dir: Path) -> Path:
    """The folder of what pgBackRest needs on this machine: not in the data, which is what it saves,
    nor in the store, which may be away.
    """
    return data_dir.with_name(f"{data_dir.name}-{PROGRAM}")


def settings_text(*, head: str, store: str, data_dir: Path, socket_dir: Path, port: int) -> str:
    """The settings of pgBackRest for a cluster; `store` is its lines of the repository."""
    return _TEXT.format(
        head=head,
        store=store,
        queue_gib=_queue_gib(data_dir),
        lock=beside(data_dir) / "lock",
        stanza=STANZA,
        data_dir=data_dir,
        socket_dir=socket_dir,
        port=port,
    )
