"""The start page: one box for codes and words, and the answers that are more than one card."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb import detecting, lookup, tables, usage
from kb.lookup import Hit
from kb.text import code as text_code
from kb.web import choice
from kb.web.near import around

MAX_RESULTS = 50


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the tables, or answer what was asked."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    if query:
        return _answer(request, query)
    return render(request, "kb/start.html", {"tables": tables.with_counts(request.user)})


def _answer(request: HttpRequest, query: str) -> HttpResponse:
    answer = lookup.find(query, request.user)
    if len(answer.hits) == 1:
        return redirect(_address(answer.hits[0], query))
    if answer.hits:
        usage.count_codes([hit.code.pk for hit in answer.hits])
        return render(request, "kb/meanings.html", {"query": query, **choice.asked(request, answer.hits)})
    quoted = detecting.codes_in(query, request.user)
    if len(quoted) == 1:
        return redirect(quoted[0].get_absolute_url())
    if quoted:
        usage.count_codes([code.pk for code in quoted])
        hits = [Hit(code, "named in the text") for code in quoted]
        return render(request, "kb/meanings.html", {"query": query, **choice.asked(request, hits)})
    results = lookup.results(query, request.user, MAX_RESULTS)
    begun = text_code.canonical(query) if answer.begun else ""
    if not results.hits:
        usage.count_miss(query, request.user)
    context = {
        "query": query,
        "answer": answer,
        "around": around(answer, request.user),
        "is_code": _looks_like_a_code(query),
        "results": results,
        "hits": [hit for hit in results.hits if not begun or not hit.code.canonical.startswith(begun)],
    }
    return render(request, "kb/results.html", context)


def _address(hit: Hit, query: str) -> str:
    """Return the card's address; the code as it was written stays in it where the card has to say how it was read."""
    if hit.code.identity == text_code.identity(query):
        return hit.code.get_absolute_url()
    return reverse("code", args=[hit.code.table.slug, text_code.clean(query)])


def _looks_like_a_code(query: str) -> bool:
    """Whether a query without a hit is answered as a code first: one word with a digit in it."""
    return bool(text_code.readings(query) and re.fullmatch(r"\S*\d\S*", query))
