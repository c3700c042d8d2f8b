"""A compact card for the sidebar of a help desk, in a frame on another site's page.

The other site can cover a frame and trick people into clicking in it, so these pages ignore the session: they show
what an anonymous reader may see, even to people who are logged in. A program that sends a token, which no frame can,
gets what the token may read.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from kb.models import CodeTable
from kb.models.visibility import Person, Reader, reader
from kb.ops import security_headers
from kb.queries.lookup import find_code
from kb.queries.text_results import search
from kb.services.tokens import challenge
from kb.text.codes import forms as text_code
from kb.web.codes import meanings
from kb.web.program_access import ProgramRefused, token_user

MAX_CODES = 5
MAX_RESULTS = 10
MAX_QUERY = 4000


def _for_token_or_nobody(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view for the user of a token, which no frame can send, or for an anonymous reader."""

    @require_safe
    @login_not_required
    @wraps(view)
    def view_without_session(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, token_user(request) or AnonymousUser(), *args, **kwargs)
        except ProgramRefused as refusal:
            return refusal.response

    return view_without_session


@_for_token_or_nobody
def box(request: HttpRequest, user: Person) -> HttpResponse:
    """Show a search box, and the answer to a query."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_QUERY]
    if not query or _is_closed(user):
        return _frame(user, {"query": query})
    context = _answer(query, None, user)
    if not context["meanings"]:
        results = search(query, user, MAX_RESULTS + 1)
        context |= {"results": results[:MAX_RESULTS], "more_results": len(results) > MAX_RESULTS}
    return _frame(user, context)


@_for_token_or_nobody
def code(request: HttpRequest, user: Person, table: str, written: str) -> HttpResponse:
    """Show all meanings of a code in a table."""
    if _is_closed(user):
        return _frame(user, {"query": written})
    code_table = CodeTable.objects.visible_to(user).filter(slug=table).first()
    if code_table is None or not text_code.readings(written):
        return _frame(user, {"query": written, "is_missing": True}, 404)
    context = _answer(written, code_table, user)
    return _frame(user, context, 200 if context["meanings"] else 404)


def _is_closed(user: Person) -> bool:
    return reader(user) == Reader.NOTHING


def _answer(query: str, table: CodeTable | None, user: Person) -> dict[str, Any]:
    answer = find_code(query, user, table)
    codes = [hit.code for hit in answer.hits[:MAX_CODES]]
    return {
        "query": query,
        "answer": answer,
        "meanings": meanings(codes, user),
        "more": len(answer.hits) - len(codes),
    }


def _frame(user: Person, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render without the request, so that no context processor adds a user or a message."""
    is_closed, origins = _is_closed(user), settings.KB_EMBED_ORIGINS
    body = render_to_string("kb/widget.html", {"is_closed": is_closed, "origins": origins, **context})
    response = HttpResponse(body, status=401 if is_closed else status)
    if is_closed:
        response["WWW-Authenticate"] = challenge()
    if user.is_authenticated:
        response["Cache-Control"] = "private, no-store"
    response["Vary"] = "Authorization"
    if origins:
        security_headers.may_be_framed_by(response, origins)
    return response
