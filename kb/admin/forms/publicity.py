"""The page that asks for a yes before an edit makes rows public. See Note [A yes to what becomes public]."""

from collections.abc import Iterator

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from kb.queries.publicity import in_words
from kb.services.journal import Unconfirmed

FIELD = "make_public"
MAX_LISTED = 50
"""Most rows that the page names; it counts them all."""


def page(request: HttpRequest, question: Unconfirmed) -> HttpResponse:
    """Show what becomes visible, with the submitted form as hidden fields: the yes submits it again."""
    named = sorted((row.noun, row.label) for row in question.rows if row.label)
    context = {
        **admin.site.each_context(request),
        "title": "Make this public?",
        "counts": in_words(question.rows),
        "rows": named[:MAX_LISTED],
        "more": max(len(named) - MAX_LISTED, 0),
        "fields": list(_fields(request)),
        "field": FIELD,
        "mark": question.mark,
        "is_again": FIELD in request.POST,
    }
    return TemplateResponse(request, "admin/kb/make_public.html", context, status=409)


def _fields(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in ("csrfmiddlewaretoken", FIELD):
            yield from ((name, str(value)) for value in values)
