"""The server over standard input and output, for an assistant on the same machine."""

from collections.abc import Callable

import anyio
from mcp.server.stdio import stdio_server

from kb.mcp.server import server
from kb.mcp.tools import Caller


def serve(caller: Callable[[], Caller]) -> None:
    """Answer until standard input ends."""
    anyio.run(_serve, caller)


async def _serve(caller: Callable[[], Caller]) -> None:
    made = server(caller)
    async with stdio_server() as (read, write):
        await made.run(read, write, made.create_initialization_options())
