"""The server of the official SDK, over `tools`; which transport brings a message it does not know.

The SDK takes a second and 35 MB: it is imported by whoever is asked by it first.
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
_BROKEN: Final = 500

Answering = Callable[[str, dict[str, Any]], types.CallToolResult]

# What it logs may quote what was asked.
logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)


def make_server(answering: Answering) -> Server[Any]:
    """A server whose tools are answered by `answering`, in the thread that runs it."""

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
    """What a tool answers; what is wrong is a problem document, for whoever asks to mend."""
    try:
        return _result(TOOLS[name].answer(arguments))
    except RegistryError as error:
        return _result(problem_body(error), is_error=True)
    except Exception as error:  # noqa: BLE001 - as Flask does; the SDK would tell less
        log.error("failed", rule=f"mcp:{name}", trace=trace_of(error))
        title = status_title(_BROKEN)
        told = {"status": _BROKEN, "code": http_code(_BROKEN), "title": title, "detail": title}
        return _result(told, is_error=True)


def refused(error: RegistryError) -> types.CallToolResult:
    """The answer to who may not ask."""
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
