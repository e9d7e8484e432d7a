"""Server of the official SDK with `tools`, independent of the transport.

Importing the SDK takes a second and 35 MB, so it is imported lazily.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from mcp import types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic_core import to_json

from api.core.errors import http_code, problem_body, status_title
from api.core.logs import log, trace_of
from api.mcp.tools import INSTRUCTIONS, TOOLS
from registry.core.errors import RegistryError
from registry.core.messages import Message

NAME: Final = "dia-chi-so"
VERSION: Final = "1"
_SERVER_ERROR: Final = 500

Answering = Callable[[str, dict[str, Any]], types.CallToolResult]

# The SDK's logs may quote requests.
logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)


def make_server(answering: Answering) -> Server[Any]:
    """Return a server whose tools are answered by `answering`, in the thread that runs it."""

    described = _described()
    schemas = {tool.name: tool.input_schema for tool in described}

    async def list_tools(_context: object, _page: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=described)

    async def call_tool(
        _context: object, asked: types.CallToolRequestParams
    ) -> types.CallToolResult:
        if asked.name not in TOOLS:
            raise MCPError(
                types.INVALID_PARAMS, str(Message("tool_unknown", tools=", ".join(TOOLS)))
            )
        return answering(asked.name, asked.arguments or {})

    return Server(
        NAME,
        version=VERSION,
        title="Địa chỉ số",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema=schemas.get,
    )


def answered(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Call a tool; errors become problem documents, so that the client can correct them."""
    try:
        return _result(TOOLS[name].answer(arguments))
    except RegistryError as error:
        return _result(problem_body(error), is_error=True)
    except Exception as error:  # noqa: BLE001 - as Flask does; the SDK would report less
        log.error("failed", rule=f"mcp:{name}", trace=trace_of(error))
        title = status_title(_SERVER_ERROR)
        body = {
            "status": _SERVER_ERROR,
            "code": http_code(_SERVER_ERROR),
            "title": title,
            "detail": title,
        }
        return _result(body, is_error=True)


def refused(error: RegistryError) -> types.CallToolResult:
    """Return the error of a caller without access."""
    return _result(problem_body(error), is_error=True)


def _result(body: Mapping[str, Any], *, is_error: bool = False) -> types.CallToolResult:
    text = to_json(body).decode()
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=body,
        is_error=is_error,
    )


def _described() -> list[types.Tool]:
    return [
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.about,
            input_schema=tool.schema,
            annotations=types.ToolAnnotations(
                read_only_hint=True, idempotent_hint=True, open_world_hint=False
            ),
        )
        for tool in TOOLS.values()
    ]
