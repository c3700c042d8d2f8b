"""The address of the server for assistants."""

from functools import cache
from importlib import import_module
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from kb.mcp import MISSING, is_installed


@csrf_exempt
@login_not_required
def mcp(request: HttpRequest) -> HttpResponseBase:
    """Return the answer to one message of an assistant, or 501 with the name of the missing extra."""
    if not is_installed():
        return HttpResponse(f"{MISSING}\n", "text/plain; charset=utf-8", 501)
    response: HttpResponseBase = _view()(request)
    return response


@cache
def _view() -> Any:
    # Loaded by the first message: the library takes a third of the server's start and 40 MB, and most sites have no
    # assistants.
    return import_module("kb.mcp.view").McpView.as_view()


urlpatterns = [
    path("mcp/", mcp, name="mcp"),
    # Without the slash, as people type it: clients do not follow a redirect of a POST.
    path("mcp", mcp),
]
