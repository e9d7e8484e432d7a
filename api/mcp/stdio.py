"""`python -m api.mcp.stdio`: MCP for a program on this machine that starts this one as a child.

`bin/diachiso mcp` executes it. The client is anonymous, and limited as such.
"""

import asyncio
from typing import Any

from flask import Flask
from mcp import types
from mcp.server.stdio import stdio_server

from api.app import create_app
from api.core.logs import configure_logs
from api.mcp.server import answered, make_server, refused
from registry.core.errors import RegistryError
from registry.core.settings import from_environment
from registry.ops.cluster import database_url
from registry.register import Register


async def serve(app: Flask) -> None:
    """Answer messages on standard input until it ends."""

    def answering(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Answer as if it were a request from this machine."""
        with app.test_request_context("/mcp", method="POST"):
            try:
                app.preprocess_request()
            except RegistryError as error:
                return refused(error)
            return answered(name, arguments)

    server = make_server(answering)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def main() -> None:
    """Serve the register of the environment."""
    configure_logs()
    settings = from_environment()
    register = Register.open(settings, database_url(settings))
    try:
        asyncio.run(serve(create_app(register)))
    finally:
        register.close()


if __name__ == "__main__":
    main()
