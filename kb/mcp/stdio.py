"""The server over standard input and output, for an assistant on the same machine."""

from collections.abc import Callable

import anyio
from mcp.server.stdio import stdio_server

from kb.mcp.server import server
from kb.mcp.tools import Caller


def serve(caller: Callable[[], Caller]) -> None:
    """Answer calls until standard input ends."""
    anyio.run(_serve, caller)


async def _serve(caller: Callable[[], Caller]) -> None:
    mcp_server = server(caller)
    async with stdio_server() as (reader, writer):
        await mcp_server.run(reader, writer, mcp_server.create_initialization_options())
