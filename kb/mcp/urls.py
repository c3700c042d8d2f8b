"""The address of the server for assistants."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from kb.mcp import MISSING, is_installed

if is_installed():
    from kb.mcp.view import McpView


@csrf_exempt
@login_not_required
def not_installed(request: HttpRequest) -> HttpResponse:
    """Return 501 with the name of the missing extra."""
    return HttpResponse(f"{MISSING}\n", "text/plain; charset=utf-8", 501)


view: Any = McpView.as_view() if is_installed() else not_installed

urlpatterns = [
    path("mcp/", view, name="mcp"),
    # Without the slash, as people type it: clients do not follow a redirect of a POST.
    path("mcp", view),
]
