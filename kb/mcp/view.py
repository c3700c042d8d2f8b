"""The server over HTTP: each POST is one message with one answer, without a session."""

import json
from collections.abc import MutableMapping
from typing import Any

import anyio
from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from mcp.server import Server
from mcp.server.streamable_http_manager import DEFAULT_MAX_REQUEST_BODY_SIZE, StreamableHTTPSessionManager
from mcp_types import INVALID_REQUEST
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from kb.mcp.server import server
from kb.mcp.tools import Caller
from kb.models.tokens import READING, Scope

Message = MutableMapping[str, Any]
_CACHE_CONTROL = "private, no-store"


class McpView(APIView):
    """The address of the server, with the API's authentication, permissions and rate limits from the settings."""

    schema = None
    scopes = READING | {Scope.DETECT.value}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse pages of other sites before anything else. See Note [Origin]."""
        origin = request.headers.get("Origin")
        if origin is not None and origin not in _own_origins(request):
            raise PermissionDenied(
                f"A page of {origin[:200]} asks, and only pages of this site may. An assistant sends no Origin."
            )
        super().initial(request, *args, **kwargs)

    def post(self, request: Request) -> HttpResponse:
        """Return the answer to one message."""
        caller = Caller(request.user, request.build_absolute_uri)
        # From the stream: as JSON, a log of 1 MB may exceed Django's limit for forms. The library has its own limit.
        body = request._request.read(DEFAULT_MAX_REQUEST_BODY_SIZE + 1)
        response = async_to_sync(_exchange)(request._request, body, server(lambda: caller))
        return _bad_id() if response.status_code == 202 and _has_bad_id(body) else response


def _own_origins(request: Request) -> list[str]:
    """Return the origins of the site's own pages.

    # Note [Origin]
    A page of another site may lead its own name to this server's address (DNS rebinding), and then asks in the name of
    whoever opens it, past a firewall. The browser says which page asks, and Django checks the name in `Host`.
    """
    return [f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS]


def _has_bad_id(body: bytes) -> bool:
    """Whether a message that the library took for a notification is a request. See Note [Bad id].

    # Note [Bad id]
    The library's older transport reads a request whose id is neither text nor a whole number as a notification, and
    answers 202 without a body, so that the sender learns nothing. No handler has seen the request.
    """
    message = json.loads(body)
    return "method" in message and "id" in message


def _bad_id() -> HttpResponse:
    error = {"code": INVALID_REQUEST, "message": "Invalid request: the id must be a text or a whole number."}
    response = JsonResponse({"jsonrpc": "2.0", "id": None, "error": error}, status=400)
    response["Cache-Control"] = _CACHE_CONTROL
    return response


async def _exchange(request: HttpRequest, body: bytes, mcp_server: Server) -> HttpResponse:
    """Return the answer of the library, which is called as ASGI and knows every revision of the protocol."""
    bodies, messages = [body], list[Message]()

    async def receive() -> Message:
        if not bodies:
            # The caller disconnects after the answer, not before.
            await anyio.sleep_forever()
        return {"type": "http.request", "body": bodies.pop(), "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    manager = StreamableHTTPSessionManager(mcp_server, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(_scope(request), receive, send)
    start, *parts = messages
    response = HttpResponse(b"".join(part.get("body", b"") for part in parts), status=start["status"])
    del response["Content-Type"]
    for name, value in start["headers"]:
        response[name.decode()] = value.decode()
    response["Cache-Control"] = _CACHE_CONTROL
    return response


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
