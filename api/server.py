"""The application for granian's RSGI interface: no thread waits for a caller.

By WSGI a thread is spent when the head of a request is there, and then reads the body and writes
the answer at its caller's speed: six slow callers stopped a service of six threads. Here an event
loop takes the body in, in memory or in a file, and lets go of who sends too slowly (408); a thread
is spent on the whole request, and gives its answer to the server, which sends it as it is read.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
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

# Granian's classes are in Rust, and what it says of their types is behind.
Scope = Any
HTTPProtocol = Any

_HEALTH: Final = ("/healthz", "/readyz")
"""Asked by who takes a server out that does not answer soon: a thread of their own answers."""
_UNREAD_MS: Final = 30_000
"""How long a caller may leave an answer unread."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How slowly a body may come: a phone with one bar sends some kilobytes a second."""

    grace_s: float = 10.0
    bytes_per_s: float = 1_000.0
    silence_s: float = 30.0

    def ends_at(self, started: float, now: float, received: int) -> float:
        """When who has sent so much is let go, in the clock of `started` and `now`."""
        return min(started + self.grace_s + received / self.bytes_per_s, now + self.silence_s)


class Server:
    """Serves a Flask application with a few threads."""

    def __init__(self, app: Flask, *, threads: int, folder: Callable[[], Path], pace: Pace) -> None:
        """`folder` is where large bodies are kept; asked when there is one."""
        self._app = app
        self._folder = folder
        self._pace = pace
        self._work: _Tasks = queue.SimpleQueue()
        self._health: _Tasks = queue.SimpleQueue()
        self._served = (*[self._work] * threads, self._health)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the threads; called once in each process."""
        self._loop = loop
        for tasks in self._served:
            threading.Thread(target=self._run, args=(tasks,), daemon=True).start()
        loop.call_soon(_let_go_of_silent_readers)

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
                await self._take_in(body, environ, proto)
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
            except BaseException as error:  # noqa: BLE001 - told to who waits; the thread goes on
                self._loop.call_soon_threadsafe(_end, done, None, error)
            else:
                self._loop.call_soon_threadsafe(_end, done, found, None)

    async def _take_in(self, body: Body, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        """Take in the whole body, unless the application will say whose it is not, or how large
        it may be. Raises what it is refused with.
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
        body.check_whole()

    def _admitted(self, environ: "WSGIEnvironment") -> int:
        with self._app.request_context(environ):
            return admitted_bytes()

    def _answer(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        """Let the application answer, in this thread."""
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
        """Send parts as they are made. They wait in memory for a slow reader, and no thread does:
        what is streamed is as long as what was asked.
        """
        transport = proto.response_stream(status, headers)
        gone = asyncio.run_coroutine_threadsafe(_until_gone(proto), self._loop)
        try:
            for part in parts:
                if gone.done():
                    break
                transport.send_bytes(part)
        except Exception as error:  # noqa: BLE001 - the status is sent: all that is left is the log
            log.error("failed", trace=trace_of(error))
        finally:
            gone.cancel()
            del transport  # the answer ends when nobody holds it any more


_Task = tuple[Callable[..., Any], tuple[Any, ...], "asyncio.Future[Any]"]
_Tasks = queue.SimpleQueue[_Task | None]


def _end(done: "asyncio.Future[Any]", found: Any, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(found)
    else:
        done.set_exception(error)


async def _until_gone(proto: HTTPProtocol) -> None:
    await proto.client_disconnect()


def _environ(scope: Scope) -> "WSGIEnvironment":
    """What PEP 3333 says of a request without a body."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        **_CONSTANT,
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
    }
    environ["SERVER_NAME"], _, environ["SERVER_PORT"] = scope.server.rpartition(":")
    headers = scope.headers
    for name in headers.keys():  # noqa: SIM118 - no mapping
        # A value that is not ASCII is none to the server: it is here, and wrong.
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


def _let_go_of_silent_readers() -> None:
    """Have the kernel end connections whose caller leaves an answer unread (TCP_USER_TIMEOUT).

    What a listening socket is told, its connections inherit; the server tells its own nothing.
    """
    for name in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError), socket.socket(fileno=os.dup(int(name.name))) as own:
            if own.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
