"""Requests to an identity provider: together they end in time, and no answer is read for ever."""

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

MOST_BYTES: Final = 1_000_000
"""Of one answer; descriptions, keys and tokens have some kilobytes."""

_deadline: ContextVar[Deadline] = ContextVar("diachiso_issuer_deadline")


@contextmanager
def ending_within(whole_s: float) -> Iterator[Deadline]:
    """A block whose requests end after so many seconds, all of them together."""
    with Deadline(whole_s) as deadline:
        token = _deadline.set(deadline)
        try:
            yield deadline
        finally:
            _deadline.reset(token)


def _in_time(connect: Callable[[], socket.socket]) -> socket.socket:
    """What `connect` makes; raises TimeoutError. In a thread, which is left behind where it takes
    too long: nothing else ends the system's looking up of a name.
    """
    made = Future[socket.socket]()

    def run() -> None:
        try:
            made.set_result(connect())
        except Exception as error:  # noqa: BLE001 - told to who waits
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
        return _in_time(super()._new_conn)


class _SafeConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _in_time(super()._new_conn)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


_POOLS: Final = {"http": _Pool, "https": _SafePool}


class _Adapter(HTTPAdapter):
    """Reads the whole of an answer, as it came: packed ones may be larger than they look."""

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
                body = response.raw.read(MOST_BYTES + 1, decode_content=False)
        except (HTTPError, NotConnected, OSError) as error:
            if _deadline.get().is_late:
                raise Timeout("the answer took too long") from error
            raise NotConnected(error) from error
        if len(body) > MOST_BYTES:
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
    """Authlib's client of an issuer; everything it asks is asked within `ending_within`."""

    client_cls = _Session
