"""Log archiving for point-in-time recovery: pgBackRest's settings.

`DIACHISO_BACKUPS` names a folder, for which the settings are written here, or a file of settings
that the operator maintains, for another kind of store or the operator's own PostgreSQL.
"""

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = "pgbackrest"
STANZA: Final = "diachiso"
"""Name of the cluster in pgBackRest: a section of its settings, and of its store."""
SUFFIX: Final = ".conf"
"""Suffix of a file of settings; any other path is a folder."""
TIMEOUT_S: Final = 60
"""Longest time before a partial log segment is archived, and is lost with a machine."""

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
    """The archive of a cluster's log."""

    config: Path
    """File of pgBackRest's settings."""
    folder: Path | None
    """The store, if it is a folder and the program writes the settings."""

    @property
    def server_settings(self) -> dict[str, str]:
        """Settings that make PostgreSQL archive its log."""
        command = shlex.join([PROGRAM, f"--config={self.config}", f"--stanza={STANZA}"])
        escaped = command.replace("%", "%%").replace("'", "''")
        return {
            "archive_mode": "on",
            "archive_command": f"'{escaped} archive-push \"%p\"'",
            "archive_timeout": f"{TIMEOUT_S}s",
        }


def archive_of(backups: Path, data_dir: Path) -> Archive:
    """Return the archive of a cluster in the store that `DIACHISO_BACKUPS` names."""
    if backups.suffix == SUFFIX:
        return Archive(backups, None)
    return Archive(beside(data_dir) / f"{PROGRAM}{SUFFIX}", backups)


def _queue_gib(data_dir: Path) -> int:
    """Return the limit of log waiting to be archived, a tenth of a small disk."""
    disk = data_dir
    while not disk.exists():
        disk = disk.parent
    return max(1, min(_QUEUE_GIB, shutil.disk_usage(disk).total // _GIB // 10))


def beside(data_dir: Path) -> Path:
    """Return pgBackRest's local folder, outside of the data, which it saves, and of the store,
    which may be unavailable.
    """
    return data_dir.with_name(f"{data_dir.name}-{PROGRAM}")


def settings_text(*, head: str, store: str, data_dir: Path, socket_dir: Path, port: int) -> str:
    """Format pgBackRest's settings for a cluster; `store` has the lines of the repository."""
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
