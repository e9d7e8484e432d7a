"""Finds pg_dump and pg_restore by version, and runs them without passwords in the command line."""

import errno
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from registry.core.database import OWNER_ROLE, TIME_ZONE, check_role
from registry.core.errors import ClusterError, DatabaseUnavailableError, NotPreparedError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops.cluster import host

SQL: Final = Statements(__file__, "queries.sql")

Report = Callable[[Message | str], None]

_SERVICE: Final = "diachiso"
_NOT_FOR_A_FILE: Final = frozenset({"service", "fallback_application_name"})
_FULL: Final = tuple(os.strerror(n) for n in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_VERSION: Final = re.compile(r"\) (\d+)")
# The server names the file that it could not extend; client tools never mention extending.
_SERVER_FULL: Final = ("could not extend file", "could not write to file")


@dataclass(frozen=True, slots=True)
class Tool:
    """A client program of PostgreSQL, and its major version."""

    path: Path
    major: int


@dataclass(frozen=True, slots=True)
class Server:
    """The server of a backup or restore."""

    version: int
    """`server_version_num`: 170006."""
    is_superuser: bool
    """Whether the login is a superuser, so that it need not take a role."""

    @property
    def major(self) -> int:
        """17 of 17.6."""
        return self.version // 10_000


def find_tool(name: str, at_least: int, library: Path = host.LIBRARY) -> Tool:
    """Return the installed `name` of major version `at_least`, or of the next newer one.

    Raises ClusterError, with the package to install, if there is none.
    """
    found = {
        int(path.parts[-3]): path
        for path in library.glob(f"*/bin/{name}")
        if path.parts[-3].isdecimal() and int(path.parts[-3]) >= at_least
    }
    if found:
        return Tool(found[min(found)], min(found))
    elsewhere = shutil.which(name)
    if elsewhere is not None and (major := _major_of(elsewhere)) >= at_least:
        return Tool(Path(elsewhere), major)
    raise ClusterError(Message("tool_too_old", name=name, at_least=at_least))


def _major_of(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = _VERSION.search(done.stdout)
    return int(found[1]) if found else 0


def ask_server(connection: psycopg.Connection[tuple[object, ...]]) -> Server:
    """Return the server's version and the login's rights."""
    row = connection.execute(SQL.driver("server")).fetchone()
    if row is None:
        raise DatabaseUnavailableError(Message("database_silent"))
    return Server(int(str(row[0])), bool(row[1]))


@contextmanager
def connected(
    url: str, *, role: str | None = None, may_be_pooled: bool = False
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Connect as the user of the URL, or as `role`.

    Raises DatabaseUnavailableError, NotPreparedError if the role is missing, WrongRoleError.
    """
    # A pooled connection keeps its time zone for later users.
    zone = TIME_ZONE if may_be_pooled else "UTC"
    options = f"-c timezone={zone} -c jit=off -c statement_timeout=0"
    try:
        connection = psycopg.connect(
            plain_url(url),
            autocommit=True,
            connect_timeout=10,
            application_name="diachiso backup",
            options=f"{options} -c role={role}" if role else options,
        )
    except psycopg.ProgrammingError:  # may quote the URL with its password
        raise NotPreparedError(Message("database_url_invalid")) from None
    except psycopg.OperationalError as error:
        if role and f'role "{role}"' in str(error):
            raise NotPreparedError(Message("role_missing", role=role)) from None
        raise DatabaseUnavailableError(
            Message("database_connection_failed", reason=str(error).strip().splitlines()[0])
        ) from None
    if role:
        check_role(connection, role, may_be_pooled=may_be_pooled)
    with connection:
        yield connection


def plain_url(url: str) -> str:
    """Return the URL for libpq, without a driver name."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


@contextmanager
def _service_file(url: str) -> Iterator[dict[str, str]]:
    """Yield an environment in which `service=diachiso` is the database of `url`.

    It uses a file that only the caller can read, as command lines are visible to all users.
    """
    with connected(url) as connection:
        given = connection.info.get_parameters()
        given["password"] = connection.info.password
    # Settings of this program that its tools do not share.
    for name in ("options", "application_name", "connect_timeout"):
        given.pop(name, None)
    if "sslcertmode" not in conninfo_to_dict(plain_url(url)):
        # A default of the driver's library that PostgreSQL 15's tools do not know.
        given.pop("sslcertmode", None)
    lines = [f"{k}={v}" for k, v in given.items() if v and k not in _NOT_FOR_A_FILE]
    if any("\n" in line for line in lines):
        raise NotPreparedError(Message("database_url_has_line_break"))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="diachiso-") as file:  # 0600
        file.write("\n".join([f"[{_SERVICE}]", *lines, ""]))
        file.flush()
        own = {k: v for k, v in os.environ.items() if k not in ("PGOPTIONS", "PGSERVICE")}
        yield {**own, "LC_ALL": "C.UTF-8", "LANGUAGE": "", "PGSERVICEFILE": file.name}


def run_on_database(
    tool: Tool, url: str, *arguments: str | Path, on_line: Callable[[str], None]
) -> None:
    """Run the tool on the database of `url` to its end; `on_line` receives its log lines.

    Raises ClusterError of one line: the tool's first error, with a remedy.
    """
    with _service_file(url) as environment:
        _run([tool.path, f"--dbname=service={_SERVICE}", *arguments], environment, on_line)


def output_of(tool: Tool, *arguments: str | Path) -> str:
    """Return the tool's output about a file. Raises ClusterError."""
    lines: list[str] = []
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
    _run([tool.path, *arguments], environment, lambda _line: None, lines)
    return "\n".join(lines)


def _run(
    command: list[str | Path],
    environment: dict[str, str],
    on_line: Callable[[str], None],
    printed: list[str] | None = None,
) -> None:
    """Run a command; it is terminated if this function is interrupted."""
    complaints: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        process = subprocess.Popen(
            # The tool ends even if this process is killed.
            ["setpriv", "--pdeathsig=TERM", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            errors="replace",
            # SIGXFSZ stays ignored, as in Python: the tool then reports a file too large.
            restore_signals=False,
            start_new_session=True,  # Ctrl-C reaches only this process, which terminates the tool
        )
        try:
            for line in process.stderr or ():
                on_line(line.rstrip())
                if "error:" in line or "FATAL:" in line:
                    complaints.append(line.strip())
            process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            if process.stderr:
                process.stderr.close()
        if printed is not None:
            out.seek(0)
            printed += out.read().splitlines()
    if process.returncode != 0:
        raise ClusterError(_explain(Path(command[0]).name, complaints, process.returncode))


def _explain(name: str, complaints: list[str], status: int) -> Message:
    first = complaints[0] if complaints else ""
    reason = first.partition("error:")[2].strip() or first
    if any(words in reason for words in _FULL) or status == -signal.SIGXFSZ:
        where = "database" if any(words in reason for words in _SERVER_FULL) else "backup"
        return Message("backup_disk_full", place=where, reason=reason or name)
    if reason:
        return Message("of_file", file=name, reason=reason)
    if status > 0:
        return Message("of_file", file=name, reason=Message("ended_with_status", status=status))
    return Message("killed_by_signal", name=name, signal=-status)


def role_arguments(server: Server) -> tuple[str, ...]:
    """Return options to act as the owner role, unless the login is a superuser.

    The owner is subject to row-level security, too, but may read everything.
    """
    if server.is_superuser:
        return ()
    return f"--role={OWNER_ROLE}", "--enable-row-security"


def note_run(connection: psycopg.Connection[tuple[object, ...]], kind: str, label: str) -> None:
    """Record a backup or rehearsal in the register, for the doctor and monitoring."""
    connection.execute("INSERT INTO backup_run (kind, label) VALUES (%s, %s)", [kind, label])
