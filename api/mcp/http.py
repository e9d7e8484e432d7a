"""Tools over HTTP: `POST /mcp`, one message a request, one answer in JSON (streamable HTTP).

The SDK's own transport answers, by its ASGI interface, within the request: so the gate, the limits,
the bounds of bodies and the log are those of every endpoint, and no stream holds a thread
(docs/decisions/0033-mcp-in-the-request.md).
"""

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from api.core.endpoint import public

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

blueprint = Blueprint("mcp", __name__, url_prefix="/mcp")

_JSON: Final = "application/json"
_UNREAD: Final = ("content-length", "accept")


@blueprint.post("")
@public("mcp", retried=True, discloses=True)
def post_message() -> Response:
    """A message of a client, and the answer to it."""
    if request.mimetype != _JSON:
        raise UnsupportedMediaType(f"{_JSON} is needed")
    answer = asyncio.run(_exchange(request.get_data()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@cache
def _server() -> "Server[Any]":
    from api.mcp.server import answered, make_server

    return make_server(answered)


async def _exchange(body: bytes) -> Response:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    # Without sessions: any process of the server may get the next message of a client.
    manager = StreamableHTTPSessionManager(_server(), json_response=True, stateless=True)
    exchange = _Exchange(body)
    async with manager.run():
        await manager.handle_request(_scope(), exchange.receive, exchange.send)
    return exchange.response


class _Exchange:
    """One request, as ASGI sees it."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.response = Response()

    async def receive(self) -> dict[str, Any]:
        """The body, and then nothing: who asked waits for the answer."""
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self.response.status_code = message["status"]
            self.response.headers.clear()
            for name, value in message["headers"]:
                if name.lower() not in (b"content-length", b"connection"):
                    self.response.headers.add(name.decode(), value.decode())
        else:
            self.response.data += message.get("body", b"")


def _scope() -> dict[str, Any]:
    # It is answered in JSON whatever the caller takes besides.
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers
        if name.lower() not in _UNREAD
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [*headers, (b"accept", _JSON.encode())],
        "client": None,
        "server": None,
    }
