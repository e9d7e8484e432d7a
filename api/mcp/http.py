"""MCP over HTTP: `POST /mcp`, one message a request, one answer in JSON (streamable HTTP).

The SDK's own transport answers, by its ASGI interface, within the request: so access control, rate
limits, body limits and the log are those of every endpoint, and no stream occupies a thread.

Rejected: a second process, which takes a proxy, the gate again, and 150 MB. The SDK takes a second
and 35 MB at a process's start, and about a millisecond a request.
"""

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from api.core.endpoint import public
from api.core.requests import check_members

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

blueprint = Blueprint("mcp", __name__, url_prefix="/mcp")

_JSON: Final = "application/json"
_UNREAD: Final = ("content-length", "accept")


@blueprint.post("")
@public("mcp", retried=True, discloses=True)
def post_message() -> Response:
    """Answer a message of a client."""
    if request.mimetype != _JSON:
        raise UnsupportedMediaType(f"{_JSON} is needed")
    body = request.get_data()
    check_members(body)
    answer = asyncio.run(_exchange(body))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@cache
def _server() -> "Server[Any]":
    from api.mcp.server import answered, make_server

    return make_server(answered)


async def _exchange(body: bytes) -> Response:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    # Stateless: any process of the server may get the next message of a client.
    manager = StreamableHTTPSessionManager(_server(), json_response=True, stateless=True)
    exchange = _Exchange(body)
    async with manager.run():
        await manager.handle_request(_scope(), exchange.receive, exchange.send)
    return exchange.response


class _Exchange:
    """One request as an ASGI receive and send pair."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.response = Response()

    async def receive(self) -> dict[str, Any]:
        """Return the body once; then wait forever, as for a connected client."""
        if self._body is None:
            await asyncio.Event().wait()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Collect a part of the answer."""
        if message["type"] == "http.response.start":
            self.response.status_code = message["status"]
            self.response.headers.clear()
            for name, value in message["headers"]:
                if name.lower() not in (b"content-length", b"connection"):
                    self.response.headers.add(name.decode(), value.decode())
        else:
            self.response.data += message.get("body", b"")


def _scope() -> dict[str, Any]:
    # The answer is JSON whatever else the caller accepts.
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
