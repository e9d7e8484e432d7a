"""Runs pgBackRest for a register: its settings, account and error messages."""

import configparser
import datetime
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.core.errors import ClusterError, NotFoundError, NotPreparedError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.ops import cluster
from registry.ops.backup.tools import connected
from registry.ops.cluster import host
from registry.ops.cluster.archive import (
    PROGRAM,
    STANZA,
    SUFFIX,
    TIMEOUT_S,
    archive_of,
    settings_text,
)
from registry.ops.cluster.host import Account
from registry.units.gazetteer import VIET_NAM

SQL: Final = Statements(__file__, "queries.sql")

ORDINAL: Final = "ordinal"
"""Annotation of a backup with the number of code ordinals drawn by then."""
_COMPLAINT: Final = re.compile(r"ERROR: \[(\d+)\]: (.*)")
_FULL: Final = ("No space left on device", "Disk quota exceeded", "File too large")
_AWAY: Final = ("unable to load info file", "unable to connect to")
_OTHER_PASS: Final = ("found outside of section", "cipher header invalid", "unable to flush")
_NO_BUCKET: Final = "HTTP request failed with 404"
_NOT_LET_IN: Final = "HTTP request failed with 403"
_SOON: Final = "--io-timeout=10"
"""Seconds per attempt: the caller waits for the list of backups."""
_CLOSED: Final = ("Permission denied", "Read-only file system")
_LEAST_BYTES: Final = 64_000_000
"""Four log segments."""
_REMEDIES: Final = {
    28: Message("store_of_other_register"),
    44: Message("store_holds_other_register"),
    50: Message("backup_already_running"),
    51: Message("store_holds_other_register"),
    56: Message("primary_not_here"),
    82: Message("log_did_not_reach_store"),
    87: Message("server_keeps_no_log"),
}

_HEAD: Final = f"""\
# Settings of pgBackRest for this register. Keep them in a file whose name ends in {SUFFIX}, which
# the account of PostgreSQL may read and others may not, and name it in DIACHISO_BACKUPS. For a
# server of your own, once, as its superuser, before it is started again:
#   ALTER SYSTEM SET archive_mode = on;
#   ALTER SYSTEM SET archive_timeout = '{TIMEOUT_S}s';
#   ALTER SYSTEM SET archive_command =
#     '{PROGRAM} --config=FILE --stanza={STANZA} archive-push "%p"';
# All that may be set: https://pgbackrest.org/configuration.html"""
_STORE: Final = """\
# A folder, best on another machine's disk:
repo1-path=/srv/backups
# Or an S3-like store; it holds the key of the codes, so it is encrypted:
#repo1-type=s3
#repo1-path=/diachiso
#repo1-s3-endpoint=s3.example.vn
#repo1-s3-region=vn
#repo1-s3-bucket=…
#repo1-s3-key=…
#repo1-s3-key-secret=…
#repo1-s3-uri-style=path
#repo1-storage-ca-file=…
#repo1-cipher-type=aes-256-cbc
#repo1-cipher-pass=…"""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup in the store; with the log after it any later moment can be recovered."""

    label: str
    kind: str
    """full | diff | incr"""
    started: datetime.datetime
    ended: datetime.datetime
    bytes: int
    """Size of the cluster."""
    stored_bytes: int
    """Size that it added to the store."""
    ordinal: int
    """Ordinals of codes drawn by then."""
    major: int
    """Major version of PostgreSQL that it needs."""

    def can_recover(self, moment: datetime.datetime) -> bool:
        """Whether it was complete by that moment; the store has only whole seconds."""
        return self.ended + datetime.timedelta(seconds=1) <= moment


@dataclass(frozen=True, slots=True)
class Store:
    """The store of a register's backups."""

    config: Path
    account: Account
    folder: Path | None = None
    """Its location, if it is a folder."""

    def check_room(self) -> None:
        """Raise ClusterError if its disk is full, which pgBackRest reports only after a minute."""
        if self.folder and (free := shutil.disk_usage(self.folder).free) < _LEAST_BYTES:
            raise ClusterError(
                Message("store_folder_full", folder=self.folder, free=free / 1000000.0)
            )

    def run(self, command: str, *options: str) -> str:
        """Run `pgbackrest` and return its output. Raises ClusterError of one line, with remedy."""
        done = self.account.run(
            PROGRAM,
            f"--config={self.config}",
            f"--stanza={STANZA}",
            "--log-level-console=off",
            "--log-level-stderr=error",
            *options,
            command,
        )
        if done.returncode != 0:
            # Errors in its settings go to the other stream.
            raise ClusterError(explain(done.stderr or done.stdout, command, done.returncode))
        return done.stdout

    def backups(self) -> list[Backup]:
        """Return the backups in the store, the oldest first. Raises ClusterError."""
        output = self.run("info", "--output=json", _SOON)
        try:
            # It quotes unreadable content of the store without escaping.
            (found,) = json.loads(output, strict=False) or [{}]
        except ValueError:
            raise ClusterError(explain(output, "info", 1)) from None
        if found.get("status", {}).get("code") == 99:  # "other": the store itself
            reasons = "; ".join(each["status"]["message"] for each in found.get("repo", ()))
            raise ClusterError(explain(f"ERROR: [000]: {reasons}", "info", 1))
        majors = {each["id"]: int(each["version"].split(".")[0]) for each in found.get("db", ())}
        return [_backup(each, majors) for each in found.get("backup", ()) if not each["error"]]

    def newest(self, moment: datetime.datetime | None) -> Backup:
        """Return the newest backup, or the newest complete by `moment`. Raises NotFoundError."""
        known = self.backups()
        if not known:
            raise NotFoundError(Message("store_needs_backup"))
        for each in reversed(known):
            if moment is None or each.can_recover(moment):
                return each
        first = f"{known[0].ended.astimezone(VIET_NAM):%Y-%m-%d %H:%M:%S}"
        raise NotFoundError(Message("moment_before_first_backup", first=first))


def _backup(each: dict[str, Any], majors: dict[int, int]) -> Backup:
    ends = each["timestamp"]
    return Backup(
        label=each["label"],
        kind=each["type"],
        started=datetime.datetime.fromtimestamp(ends["start"], VIET_NAM),
        ended=datetime.datetime.fromtimestamp(ends["stop"], VIET_NAM),
        bytes=each["info"]["size"],
        stored_bytes=each["info"]["repository"]["delta"],
        ordinal=int(each.get("annotation", {}).get(ORDINAL, 0)),
        major=majors[each["database"]["id"]],
    )


def open_store(settings: Settings) -> Store:
    """Return the store that `DIACHISO_BACKUPS` names, writable for the cluster's account.

    Raises NotPreparedError if none is named or pgBackRest is missing, ClusterError if the folder or
    the file of settings is unusable.
    """
    if settings.backups is None:
        raise NotPreparedError(Message("backups_setting_required"))
    if shutil.which(PROGRAM) is None:
        raise NotPreparedError(Message("program_not_installed", program=PROGRAM))
    if settings.backups.suffix == SUFFIX:
        data_dir = _data_dir_of(settings.backups)
        if not settings.database_url and data_dir != cluster.locate(settings).data_dir:
            raise ClusterError(
                Message(
                    "store_of_another_cluster",
                    backups=settings.backups,
                    folder=data_dir,
                )
            )
        return Store(settings.backups, host.account_for(data_dir))
    if settings.database_url:
        raise NotPreparedError(Message("backups_must_be_pgbackrest_file"))
    private = cluster.locate(settings)
    _make_folder(settings.backups, private.account)
    private.write_archive_settings()
    config = archive_of(settings.backups, private.data_dir).config
    return Store(config, private.account, settings.backups)


def _data_dir_of(file: Path) -> Path:
    """Return the data folder that a file of pgBackRest's settings names."""
    read = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        read.read_string(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClusterError(
            Message(
                "settings_file_unreadable", file=file, reason=(error.strerror or str(error)).lower()
            )
        ) from None
    except (configparser.Error, UnicodeDecodeError):
        raise ClusterError(Message("not_pgbackrest_settings", file=file)) from None
    found = read.get(STANZA, "pg1-path", fallback="")
    if not found:
        raise ClusterError(Message("pgbackrest_section_missing", file=file, stanza=STANZA))
    return Path(found)


def _make_folder(folder: Path, account: Account) -> None:
    if not folder.exists():
        try:
            host.make_open_folder(folder.parent)
            folder.mkdir(mode=0o750)
            if os.geteuid() != account.uid:
                os.chown(folder, account.uid, account.gid)
        except OSError as error:
            raise ClusterError(_not_written(folder, account, str(error.strerror))) from None
    if account.run("/usr/bin/test", "-d", folder, "-a", "-w", folder).returncode != 0:
        raise ClusterError(_not_written(folder, account, "not writable"))


def _not_written(folder: Path, account: Account, reason: str) -> Message:
    return Message(
        "backup_folder_not_writable", name=account.name, folder=folder, reason=reason.lower()
    )


def explain(output: str, command: str, status: int) -> Message:
    """Return one line for an error of pgBackRest, with the remedy if one is known."""
    match = _COMPLAINT.search(output)
    number, words = (int(match[1]), match[2].strip()) if match else (0, output.strip()[:200])
    if any(each in output for each in _FULL):
        return Message("store_full", reason=words)
    if any(each in output for each in _CLOSED):
        return Message("store_not_writable", reason=words)
    if any(each in output for each in _OTHER_PASS):
        return Message("store_passphrase_wrong")
    if _NO_BUCKET in output or _NOT_LET_IN in output:
        return Message("bucket_refused", reason=words)
    if any(each in output for each in _AWAY):
        return Message("store_missing", reason=words)
    if remedy := _REMEDIES.get(number):
        return remedy
    return Message(
        "pgbackrest_failed",
        command=command,
        reason=words or Message("ended_with_status", status=status),
    )


def settings_to_print(settings: Settings) -> str:
    """Return pgBackRest's settings for this register's cluster, as a file to keep and edit.

    Paths of an operator's own server are queried from it. Raises DatabaseUnavailableError.
    """
    if settings.database_url is None:
        private = cluster.locate(settings)
        data_dir, socket_dir, port = private.data_dir, private.socket_dir, private.port
    else:
        with connected(settings.database_url) as connection:
            ((folder, sockets, number),) = connection.execute(
                SQL.driver("server_settings")
            ).fetchall()
        data_dir, socket_dir = Path(str(folder)), Path(str(sockets).partition(",")[0])
        port = int(str(number))
    store = _STORE
    if settings.backups is not None and settings.backups.suffix != SUFFIX:
        store = store.replace("/srv/backups", str(settings.backups))
    return settings_text(
        head=_HEAD, store=store, data_dir=data_dir, socket_dir=socket_dir, port=port
    )
