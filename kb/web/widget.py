"""A compact card for the sidebar of a help desk, in a frame on another site's page.

The other site can cover a frame and trick people into clicking in it, so these pages ignore the session: they show
what an anonymous reader may see, even to people who are logged in.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from kb.models import CodeTable
from kb.models.visibility import Reader, reader
from kb.ops import security_headers
from kb.queries.lookup import find_code
from kb.queries.text_results import search
from kb.text.codes import forms as text_code
from kb.web.codes import meanings

MAX_CODES = 5
MAX_RESULTS = 10
MAX_QUERY = 4000

_NOBODY = AnonymousUser()


@require_safe
@login_not_required
def box(request: HttpRequest) -> HttpResponse:
    """Show a search box, and the answer to a query."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_QUERY]
    if not query or _is_closed():
        return _frame({"query": query})
    context = _answer(query, None)
    if not context["meanings"]:
        results = search(query, _NOBODY, MAX_RESULTS + 1)
        context |= {"results": results[:MAX_RESULTS], "more_results": len(results) > MAX_RESULTS}
    return _frame(context)


@require_safe
@login_not_required
def code(request: HttpRequest, table: str, written: str) -> HttpResponse:
    """Show all meanings of a code in a table."""
    if _is_closed():
        return _frame({"query": written})
    code_table = CodeTable.objects.visible_to(_NOBODY).filter(slug=table).first()
    if code_table is None or not text_code.readings(written):
        return _frame({"query": written, "is_missing": True}, 404)
    context = _answer(written, code_table)
    return _frame(context, 200 if context["meanings"] else 404)


def _is_closed() -> bool:
    return reader(_NOBODY) == Reader.NOTHING


def _answer(query: str, table: CodeTable | None) -> dict[str, Any]:
    answer = find_code(query, _NOBODY, table)
    codes = [hit.code for hit in answer.hits[:MAX_CODES]]
    return {
        "query": query,
        "answer": answer,
        "meanings": meanings(codes, _NOBODY),
        "more": len(answer.hits) - len(codes),
    }


def _frame(context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render without the request, so that no context processor adds a user or a message."""
    origins = settings.KB_EMBED_ORIGINS
    body = render_to_string("kb/widget.html", {"is_closed": _is_closed(), "origins": origins, **context})
    response = HttpResponse(body, status=status)
    if origins:
        security_headers.may_be_framed_by(response, origins)
    return response
