"""The server's address: reserved before anything is started, announced once it answers."""

import errno
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from registry.core.errors import ConflictError, InvalidInputError, NotPreparedError
from registry.core.messages import Message
from registry.ops.cluster.host import Account

_READY_TIMEOUT_S: Final = 60.0
_PATIENCE_S: Final = 20.0
_CONNECTIONS: Final = 4_096
"""Of one process."""
_OPEN_FILES: Final = 16_384


def server_url(host: str, port: int) -> str:
    """Return the address to open: for a wildcard this machine's own address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address that is listened on.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "0.0.0.0", "10.0.0.5")]
    [True, True, False, False]
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return all(ip_address(address[4][0]).is_loopback for address in found)


def web_server(target: str, host: str, port: int, *, workers: int) -> list[str]:
    """The command that serves `target`, a `Server` of `api.server`.

    Each process has thousands of connections, none of which costs a thread; a silent one is closed
    after ten seconds. HTTP/2 is left to the proxy: it multiplies requests on one connection.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, _OPEN_FILES), most))
    return [
        *(sys.executable, "-m", "granian", target, "--interface=rsgi", "--no-ws", "--http=1"),
        *(f"--host={host}", f"--port={port}", f"--workers={workers}"),
        *("--http1-header-read-timeout=10000", f"--backlog={_CONNECTIONS}"),
        f"--backpressure={_CONNECTIONS}",
    ]


def reserve_port(
    host: str, port: int, account: Account, *, patient: bool, check: Callable[[], None]
) -> socket.socket:
    """Return a bound socket that reserves `port` (0: a free one) for the server of `account`.

    `patient` waits for a former server that is ending, until `check` raises. Raises ConflictError
    for a port that stays in use, InvalidInputError for an address that is not this machine's.
    """
    deadline = time.monotonic() + (_PATIENCE_S if patient else 0)
    while True:
        try:
            return _bind(host, port, account)
        except socket.gaierror:
            raise InvalidInputError(Message("host_address_missing", host=host)) from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise InvalidInputError(
                    Message("cannot_listen", host=host, port=port, reason=error.strerror)
                ) from error
            if time.monotonic() > deadline:
                raise ConflictError(Message("port_taken", port=port)) from error
        check()
        time.sleep(0.1)


def _bind(host: str, port: int, account: Account) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # The server's own processes share their port (SO_REUSEPORT), and would silently share it with
    # another server of this user as well: without that option, a port in use is detected.
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        address = probe.getsockname()
    reserved = socket.socket(family, kind, protocol)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if account.uid != os.geteuid():
            # The system permits sharing a port only among sockets of one user.
            os.fchown(reserved.fileno(), account.uid, -1)
        reserved.bind(address)
    except OSError:
        reserved.close()
        raise
    return reserved


def wait_until_ready(url: str, server: subprocess.Popen[bytes], check: Callable[[], None]) -> None:
    """Return when `/readyz` answers 200, or the server has ended, which its watcher handles.

    Ends early where `check` raises.
    Raises NotPreparedError, with the server's reasons, if it stays unready.
    """
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while server.poll() is None:
        problem = _unreadiness(url)
        if problem is None:
            return
        if time.monotonic() > deadline:
            raise NotPreparedError(Message("web_server_not_ready", problem=problem))
        check()
        time.sleep(0.1)


def _unreadiness(url: str) -> str | None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    if response.status == 200:
        return None
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {response.status}"
