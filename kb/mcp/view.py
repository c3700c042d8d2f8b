"""The server over HTTP: each POST is one message and one answer, without a session."""

from collections.abc import MutableMapping
from typing import Any

import anyio
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from mcp.server import Server
from mcp.server.streamable_http_manager import DEFAULT_MAX_REQUEST_BODY_SIZE, StreamableHTTPSessionManager
from rest_framework.request import Request
from rest_framework.views import APIView

from kb.mcp.server import server
from kb.mcp.tools import Caller
from kb.models.tokens import READING, Scope

Message = MutableMapping[str, Any]


class McpView(APIView):
    """Answer assistants as the API answers programs: the same log-ins, tokens and limits, from the settings."""

    schema = None
    scopes = READING | {Scope.DETECT.value}

    def post(self, request: Request) -> HttpResponse:
        """Answer one message."""
        caller = Caller(request.user, request.build_absolute_uri)
        # From the stream: a log of 1 MB may take more as JSON than Django's limit for forms. The library has its own.
        body = request._request.read(DEFAULT_MAX_REQUEST_BODY_SIZE + 1)
        return async_to_sync(_exchange)(request._request, body, server(lambda: caller))


async def _exchange(request: HttpRequest, body: bytes, made: Server) -> HttpResponse:
    """Let the library answer a request as it would for ASGI; it knows every revision of the protocol."""
    unread, sent = [body], list[Message]()

    async def receive() -> Message:
        if not unread:
            # The caller hangs up when the answer is there, not before.
            await anyio.sleep_forever()
        return {"type": "http.request", "body": unread.pop(), "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    manager = StreamableHTTPSessionManager(made, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(_scope(request), receive, send)
    start, *parts = sent
    answer = HttpResponse(b"".join(part.get("body", b"") for part in parts), status=start["status"])
    del answer["Content-Type"]
    for name, value in start["headers"]:
        answer[name.decode()] = value.decode()
    answer["Cache-Control"] = "private, no-store"
    return answer


def _scope(request: HttpRequest) -> Message:
    headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in request.headers.items()]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "headers": headers,
    }
