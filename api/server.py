"""The application for granian's RSGI interface: threads never wait for a caller.

With WSGI a thread is taken once the head of a request has arrived, and then reads the body and
writes the answer at the caller's speed: six slow callers stopped a service of six threads. Here an
event loop reads the body into memory or a file, and drops callers that send too slowly (408). A
thread gets the complete request, and hands its answer to the server, which sends it at the caller's
pace.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md

HTTP/2 is off: one connection would be a hundred. Rejected: waitress (pure Python), nginx in front
(no minimum rate), uvloop (a fifth of the hand-over for one more binary). The hand-over costs 60 to
80 µs of processor time.
"""

import asyncio
import io
import os
import queue
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import FileWrapper

from api.core.access import admitted_bytes
from api.core.bodies import BODY, REFUSED, SMALL, Body
from api.core.logs import log, trace_of
from registry.core.errors import BodyTimeoutError, RegistryError
from registry.core.messages import Message

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Granian's classes are in Rust, and their type stubs are outdated.
Scope = Any
HTTPProtocol = Any

_HEALTH: Final = ("/healthz", "/readyz")
"""Health checks have a thread of their own, so that a busy server is not taken for a dead one."""
_UNREAD_MS: Final = 30_000
"""How long a caller may leave an answer unread, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Least speed of a body: a phone with one bar sends some kilobytes a second."""

    grace_s: float = 10.0
    bytes_per_s: float = 1_000.0
    silence_s: float = 30.0

    def ends_at(self, started: float, now: float, received: int) -> float:
        """Return the deadline after `received` bytes, on the clock of `started` and `now`."""
        return min(started + self.grace_s + received / self.bytes_per_s, now + self.silence_s)


_SWITCH_S: Final = 0.0005
"""Beside three batches a lookup takes half as long as with Python's 5 ms, and they no longer."""


class Server:
    """Serves a Flask application with a few threads."""

    def __init__(self, app: Flask, *, threads: int, folder: Callable[[], Path], pace: Pace) -> None:
        """Take the function that returns the folder for large bodies; called when one arrives."""
        self._app = app
        self._folder = folder
        self._pace = pace
        self._work: _Tasks = queue.SimpleQueue()
        self._health: _Tasks = queue.SimpleQueue()
        self._served = (*[self._work] * threads, self._health)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads; called once in each process."""
        self._loop = loop
        sys.setswitchinterval(_SWITCH_S)
        for tasks in self._served:
            threading.Thread(target=self._run, args=(tasks,), daemon=True).start()
        loop.call_soon(_limit_unread_answers)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        """End the threads."""
        for tasks in self._served:
            tasks.put(None)

    async def __rsgi__(self, scope: Scope, proto: HTTPProtocol) -> None:
        """Answer one request."""
        environ = _environ(scope)
        length = environ.get("CONTENT_LENGTH")
        if length is None and "HTTP_TRANSFER_ENCODING" not in environ:
            tasks = self._health if scope.path in _HEALTH else self._work
            await self._in_thread(tasks, self._answer, environ, proto)
            return
        with Body(self._folder, int(length) if length is not None else None) as body:
            try:
                await self._read_body(body, environ, proto)
                environ["wsgi.input"], environ[BODY] = body.rewound(), body.path
            except (RegistryError, HTTPException) as error:
                environ[REFUSED] = error
            await self._in_thread(self._work, self._answer, environ, proto)

    async def _in_thread(
        self, tasks: "_Tasks", function: Callable[..., Any], *arguments: Any
    ) -> Any:
        done = self._loop.create_future()
        tasks.put((function, arguments, done))
        return await done

    def _run(self, tasks: "_Tasks") -> None:
        while (task := tasks.get()) is not None:
            function, arguments, done = task
            try:
                found = function(*arguments)
            except BaseException as error:  # noqa: BLE001 - passed to the waiter; the thread continues
                self._loop.call_soon_threadsafe(_resolve, done, None, error)
            else:
                self._loop.call_soon_threadsafe(_resolve, done, found, None)

    async def _read_body(self, body: Body, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        """Read the whole body, unless the application will refuse the caller or the size.

        Raises the error with which reading ends.
        """
        most = SMALL
        if body.length is None or body.length > SMALL:
            most = await self._in_thread(self._work, self._admitted, environ)
        if body.length is not None and body.length > most:
            return
        body.check_space()
        started = self._loop.time()
        try:
            async with asyncio.timeout_at(self._pace.ends_at(started, started, 0)) as limit:
                async for chunk in proto:
                    await body.add(chunk, most)
                    now = self._loop.time()
                    limit.reschedule(self._pace.ends_at(started, now, body.size))
        except TimeoutError:
            raise BodyTimeoutError(Message("body_too_slow")) from None
        body.check_complete()

    def _admitted(self, environ: "WSGIEnvironment") -> int:
        with self._app.request_context(environ):
            return admitted_bytes()

    def _answer(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        """Call the application in this thread."""
        head: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None, /) -> Any:
            head[:] = [(int(status[:3]), headers)]

        parts = self._app.wsgi_app(environ, start_response)
        try:
            self._send(proto, *head[0], parts)
        finally:
            if close := getattr(parts, "close", None):
                close()

    def _send(
        self, proto: HTTPProtocol, status: int, headers: list[tuple[str, str]], parts: Any
    ) -> None:
        if isinstance(parts, FileWrapper) and isinstance(
            path := getattr(parts.file, "name", None), str
        ):
            proto.response_file(status, headers, path)
        elif not parts or any(name.lower() == "content-length" for name, _ in headers):
            proto.response_bytes(status, headers, b"".join(parts))
        else:
            self._stream(proto, status, headers, parts)

    def _stream(
        self,
        proto: HTTPProtocol,
        status: int,
        headers: list[tuple[str, str]],
        parts: Iterable[bytes],
    ) -> None:
        """Send parts as they are generated.

        For a slow reader they wait in memory, not in a thread: a streamed answer is about as long
        as its request.
        """
        transport = proto.response_stream(status, headers)
        disconnected = asyncio.run_coroutine_threadsafe(_until_disconnected(proto), self._loop)
        try:
            for part in parts:
                if disconnected.done():
                    break
                transport.send_bytes(part)
        except Exception as error:  # noqa: BLE001 - the status is sent: it can only be logged
            log.error("failed", trace=trace_of(error))
        finally:
            disconnected.cancel()
            del transport  # the answer ends when its last reference is dropped


_Task = tuple[Callable[..., Any], tuple[Any, ...], "asyncio.Future[Any]"]
_Tasks = queue.SimpleQueue[_Task | None]


def _resolve(done: "asyncio.Future[Any]", found: Any, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(found)
    else:
        done.set_exception(error)


async def _until_disconnected(proto: HTTPProtocol) -> None:
    await proto.client_disconnect()


def _environ(scope: Scope) -> "WSGIEnvironment":
    """Return the WSGI environ (PEP 3333) of a request without a body."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        **_CONSTANT,
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
    }
    environ["SERVER_NAME"], _, environ["SERVER_PORT"] = scope.server.rpartition(":")
    headers = scope.headers
    for name in headers.keys():  # noqa: SIM118 - not a mapping
        if "_" in name:
            continue  # `X_Forwarded_For` would pass for the header that a proxy sets
        # Granian drops values that are not ASCII: keep the header, as invalid.
        values = headers.get_all(name) or [""]
        key = _CGI.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = values[0] if len(values) == 1 else ",".join(values)
    if scope.authority is not None:
        environ.setdefault("HTTP_HOST", scope.authority)  # `GET http://host/path`
    return environ


_CGI: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_CONSTANT: Final = {
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.input_terminated": True,
    "wsgi.file_wrapper": FileWrapper,
}


def _limit_unread_answers() -> None:
    """Let the kernel close connections whose caller leaves an answer unread (TCP_USER_TIMEOUT).

    Connections inherit the option from the listening socket; granian does not set it.
    """
    for name in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError), socket.socket(fileno=os.dup(int(name.name))) as own:
            if own.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
