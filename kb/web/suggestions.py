"""Answers while somebody types: a fragment below the box."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.models import ReturnCode
from kb.queries.lookup import beginning_with
from kb.queries.text_results import search

MAX_SUGGESTIONS = 8
_MIN_LENGTH = 2
"""Characters from which words are searched; one character may still be a code."""


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Show the codes that the beginning of a question may mean. Not counted: nobody has asked yet."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    context = {"query": query, "codes": _codes(request, query) if query else []}
    return render(request, "kb/_suggestions.html", context)


def _codes(request: HttpRequest, query: str) -> list[ReturnCode]:
    found = {code.pk: code for code in beginning_with(query, request.user, MAX_SUGGESTIONS)}
    if len(query) >= _MIN_LENGTH and len(found) < MAX_SUGGESTIONS:
        for code in search(query, request.user, MAX_SUGGESTIONS):
            found.setdefault(code.pk, code)
    return list(found.values())[:MAX_SUGGESTIONS]
