"""Requests to an identity provider with a common deadline and a size limit."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from authlib.integrations.flask_client import FlaskOAuth2App
from authlib.integrations.requests_client import OAuth2Session
from requests import ConnectionError as NotConnected
from requests import PreparedRequest, Response, Timeout
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from registry.core.deadline import Deadline

MAX_BYTES: Final = 1_000_000
"""Most bytes of one answer; metadata, keys and tokens have some kilobytes."""

_deadline: ContextVar[Deadline] = ContextVar("diachiso_issuer_deadline")


@contextmanager
def ending_within(seconds: float) -> Iterator[Deadline]:
    """A block whose requests together end after `seconds`."""
    with Deadline(seconds) as deadline:
        token = _deadline.set(deadline)
        try:
            yield deadline
        finally:
            _deadline.reset(token)


def _connect_in_time(connect: Callable[[], socket.socket]) -> socket.socket:
    """Return the socket of `connect`; raises TimeoutError.

    Connects in a thread, abandoned if it takes too long: a DNS lookup cannot be interrupted
    otherwise.
    """
    made = Future[socket.socket]()

    def run() -> None:
        try:
            made.set_result(connect())
        except Exception as error:  # noqa: BLE001 - passed to the waiter
            made.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    deadline = _deadline.get()
    try:
        connected = made.result(deadline.left_s)
    except TimeoutError:
        made.add_done_callback(_close)
        raise
    deadline.watch(connected)
    return connected


def _close(late: Future[socket.socket]) -> None:
    if not late.exception():
        late.result().close()


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect_in_time(super()._new_conn)


class _SafeConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect_in_time(super()._new_conn)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


_POOLS: Final = {"http": _Pool, "https": _SafePool}


class _Adapter(HTTPAdapter):
    """Reads whole answers without decompressing: a compressed one may be far larger."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        try:
            response = super().send(request, *arguments, **named | {"stream": True})
            with response:
                body = response.raw.read(MAX_BYTES + 1, decode_content=False)
        except (HTTPError, NotConnected, OSError) as error:
            if _deadline.get().is_late:
                raise Timeout("the answer took too long") from error
            raise NotConnected(error) from error
        if len(body) > MAX_BYTES:
            raise NotConnected("the answer is too large")
        response._content = body
        response._content_consumed = True
        return response


class _Session(OAuth2Session):  # type: ignore[misc] # Authlib has no types
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.headers["Accept-Encoding"] = "identity"
        for scheme in _POOLS:
            self.mount(f"{scheme}://", _Adapter())


class IssuerApp(FlaskOAuth2App):  # type: ignore[misc] # Authlib has no types
    """Authlib's client of an issuer; use it inside of `ending_within`."""

    client_cls = _Session
