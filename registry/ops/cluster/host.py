"""The host of a private cluster: programs, an unprivileged account, memory."""

import errno
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.core.errors import ClusterError
from registry.core.messages import Message

LIBRARY: Final = Path("/usr/lib/postgresql")
SHARE: Final = Path("/usr/share/postgresql")
MINIMUM_MAJOR: Final = 15
SERVICE_ACCOUNT: Final = "postgres"
"""Account that runs the cluster if root starts it; created by the distribution's package."""
WEB_ACCOUNT: Final = "diachiso"
"""Account that runs the service if root starts it; created by bin/bootstrap."""

_ENVIRONMENT: Final[Mapping[str, str]] = {
    # Nothing of the caller's: PGDATA, PGPORT, PGOPTIONS or a locale would affect the cluster.
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged user that owns a cluster's files and processes."""

    name: str
    uid: int
    gid: int

    @classmethod
    def by_uid(cls, uid: int) -> "Account":
        """Return the account of a user id; raises ClusterError for an unknown one."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise ClusterError(Message("user_has_no_passwd_entry", uid=uid)) from None
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def command(
        self,
        *command: str | Path,
        dies_by: signal.Signals | None = None,
        capabilities: Sequence[str] = (),
    ) -> list[str]:
        """Return the command line that runs `command` as this account, without root's privileges.

        The signal `dies_by` is sent when the starting thread ends, however it ends: `setpriv`
        requests it after changing the user id, which would clear it, and needs no code between fork
        and exec. `capabilities` are kept if the caller is root.
        """
        options: list[str] = []
        if os.geteuid() != self.uid:
            options += [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
            options.append("--no-new-privs")  # not even through sudo
            if kept := ",".join(f"+{name}" for name in capabilities):
                options += [f"--inh-caps={kept}", f"--ambient-caps={kept}"]
        if dies_by is not None:
            options.append(f"--pdeathsig={dies_by.name.removeprefix('SIG')}")
        return [*(["setpriv", *options, "--"] if options else []), *map(str, command)]

    def run(
        self, *command: str | Path, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as this account to its end, capturing its output; does not raise."""
        return subprocess.run(
            self.command(*command),
            input=text if text is not None else "",
            encoding="utf-8",
            errors="replace",
            capture_output=True,
            check=False,
            cwd="/",
            env=_ENVIRONMENT,
        )

    def spawn(self, output: Path, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a command as this account; it ends with the calling thread, and prints to `output`.

        It has its own session: Ctrl-C reaches only the caller, which controls the shutdown order.
        """
        shell = ("/bin/sh", "-c", 'exec "$@" >"$0" 2>&1', output)
        return subprocess.Popen(
            # SIGINT is PostgreSQL's fast shutdown.
            self.command(*shell, *command, dies_by=signal.SIGINT),
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
        )

    def write(self, path: Path, content: str) -> None:
        """Write a file atomically as this account.

        Never as root, which would follow symbolic links of the folder's owner.
        """
        script = 'cat >"$1.new" && mv -f "$1.new" "$1"'
        done = self.run("/bin/sh", "-c", script, "sh", path, text=content)
        if done.returncode != 0:
            raise ClusterError(explain(done.stderr, path.parent))

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can reach `folder`, or its nearest existing parent."""
        while not folder.exists():
            folder = folder.parent
        return self.run("/usr/bin/test", "-x", folder).returncode == 0


def installed_majors(library: Path = LIBRARY, share: Path = SHARE) -> list[int]:
    """Return the installed PostgreSQL versions with PostGIS, the newest first."""
    majors = (
        int(control.parent.parent.name)
        for control in share.glob("*/extension/postgis.control")
        if control.parent.parent.name.isdecimal()
    )
    return sorted(
        (m for m in majors if m >= MINIMUM_MAJOR and (library / f"{m}/bin/postgres").exists()),
        reverse=True,
    )


def account_for(data_dir: Path) -> Account:
    """Return the owner of the cluster in `data_dir`: the caller; for root, the service account.

    Raises ClusterError if it belongs to an account that the caller may not act for.
    """
    caller = os.geteuid()
    try:
        owner = data_dir.stat().st_uid
    except FileNotFoundError:
        owner = None
    except OSError as error:
        raise ClusterError(refusal(error, data_dir)) from error
    if caller != 0:
        if owner not in (None, caller):
            raise ClusterError(
                Message("cluster_of_other_owner", folder=data_dir, owner=_user_name(owner))
            )
        return Account.by_uid(caller)
    if owner == 0:
        raise ClusterError(
            Message(
                "cluster_belongs_to_root",
                folder=data_dir,
                account=SERVICE_ACCOUNT,
            )
        )
    if owner is not None:
        return Account.by_uid(owner)
    try:
        return Account.by_uid(pwd.getpwnam(SERVICE_ACCOUNT).pw_uid)
    except KeyError:
        raise ClusterError(Message("postgresql_refuses_root", account=SERVICE_ACCOUNT)) from None


def web_account(var: Path) -> Account:
    """Return the account that serves and owns its files: the caller; for root, the owner of `var`,
    or the program's own account if that is root.
    """
    caller = os.geteuid()
    if caller != 0:
        return Account(_user_name(caller), caller, os.getegid())
    owner = var.stat().st_uid if var.exists() else 0
    try:
        return Account.by_uid(owner or pwd.getpwnam(WEB_ACCOUNT).pw_uid)
    except KeyError:
        raise ClusterError(Message("service_refuses_root", account=WEB_ACCOUNT)) from None


def guests_of(account: Account, var: Path) -> int:
    """Return the group that may connect to the cluster of `account`, besides it and root."""
    try:
        return web_account(var).gid if os.geteuid() == 0 else account.gid
    except ClusterError:
        return account.gid  # no service account yet


def make_private_folder(folder: Path, account: Account, guests: int | None = None) -> None:
    """Create or check `folder`: owned by `account`, accessible only to it and the group `guests`.

    Raises ClusterError if it belongs to another account, which could impersonate the server there.
    """
    with refusals(folder):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, account.uid, account.gid)
        check_private_folder(folder, account)
        if guests not in (None, account.gid):
            os.chown(folder, -1, guests)
            folder.chmod(0o750)


def check_private_folder(folder: Path, account: Account) -> None:
    """Raise ClusterError unless `folder` is a real folder of `account`; close it to others."""
    with refusals(folder):
        status = folder.lstat()
        if status.st_uid != account.uid or not folder.is_dir() or folder.is_symlink():
            raise ClusterError(
                Message(
                    "folder_of_other_account",
                    folder=folder,
                    owner=_user_name(status.st_uid),
                    account=account.name,
                )
            )
        if status.st_mode & 0o027:
            folder.chmod(status.st_mode & 0o750)


def hand_over(paths: Iterable[Path], account: Account) -> None:
    """Give `account` the files and folders that root owns, recursively; skip missing ones."""
    for path in paths:
        # Only once: files that the account has added since are its own.
        if path.exists() and path.lstat().st_uid == 0:
            done = subprocess.run(
                ["chown", "-Rh", f"{account.uid}:{account.gid}", path],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise ClusterError(
                    Message(
                        "file_ownership_failed",
                        path=path,
                        account=account.name,
                        reason=last_complaint(done.stderr),
                    )
                )


def make_open_folder(folder: Path) -> None:
    """Create `folder` and its parents, traversable for everybody whatever the umask."""
    if folder.is_dir():
        return
    make_open_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)


def memory_bytes() -> int:
    """Return the memory available to this machine or container."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdecimal() else total


def shared_memory_bytes() -> int:
    """Return the size of /dev/shm; containers often have 64 MB."""
    try:
        return shutil.disk_usage("/dev/shm").total  # noqa: S108 - nothing is written there
    except OSError:
        return 0


def processes(marker: str) -> dict[int, str]:
    """Return ids and command lines of processes whose command line contains `marker`.

    Command lines are readable for everybody; working folders, in a container, are not.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            line = command_line(int(entry.name))
            if marker in line:
                found[int(entry.name)] = line
    return found


def command_line(pid: int) -> str:
    """Return the command line of a process; empty if it has ended."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""


def refusal(error: OSError, path: Path) -> Message:
    """Return one line for a system error at `path`, with the remedy."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Message("no_space_for", path=path)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return Message(
            "var_folder_not_writable", path=path, reason=os.strerror(error.errno).lower()
        )
    return Message("of_file", file=path, reason=error.strerror or error)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Raise an OSError of the block as a ClusterError of one line."""
    try:
        yield
    except OSError as error:
        raise ClusterError(refusal(error, Path(error.filename or path))) from error


def explain(output: str, data_dir: Path) -> Message:
    """Return one line for an error of a PostgreSQL program, with the remedy if one is known."""
    complaint = last_complaint(output)
    if "shared memory" in complaint:
        return Message("no_shared_memory", complaint=complaint)
    if "Check free disk space" in output:  # PostgreSQL's hint after a short write
        return refusal(OSError(errno.ENOSPC, ""), data_dir)
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
        if os.strerror(number) in output:
            return refusal(OSError(number, os.strerror(number)), data_dir)
    return Message(
        "postgresql_complains", folder=data_dir, complaint=complaint or Message("ended_silently")
    )


def last_complaint(output: str) -> str:
    """Return the last line of `output` with an error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in reversed(lines):
        for word in ("PANIC:", "FATAL:", "error:"):
            if word in line:
                return line[line.index(word) :].removeprefix(word).strip()
    return lines[-1] if lines else ""


def _user_name(uid: int | None) -> str:
    if uid is None:
        return "nobody"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
