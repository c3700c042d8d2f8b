"""The start page: one box for codes and words, and the answers that are more than one card."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.queries import detection, tables
from kb.queries.lookup import CodeHit, find_code
from kb.queries.text_results import text_results
from kb.services import usage
from kb.text.codes import forms as text_code
from kb.web import disambiguation
from kb.web.near_codes import around

MAX_RESULTS = 50


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the tables, or answer what was asked."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    if query:
        return _answer(request, query)
    return render(request, "kb/start.html", {"tables": tables.with_counts(request.user)})


def _answer(request: HttpRequest, query: str) -> HttpResponse:
    answer = find_code(query, request.user)
    if len(answer.hits) == 1:
        return redirect(_address(answer.hits[0], query))
    if answer.hits:
        usage.count_codes([hit.code.pk for hit in answer.hits])
        return render(request, "kb/meanings.html", {"query": query, **disambiguation.asked(request, answer.hits)})
    quoted = detection.codes_in(query, request.user)
    if len(quoted) == 1:
        return redirect(quoted[0].get_absolute_url())
    if quoted:
        usage.count_codes([code.pk for code in quoted])
        hits = [CodeHit(code, "named in the text") for code in quoted]
        return render(request, "kb/meanings.html", {"query": query, **disambiguation.asked(request, hits)})
    results = text_results(query, request.user, MAX_RESULTS)
    begun = text_code.canonical(query) if answer.completions else ""
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


def _address(hit: CodeHit, query: str) -> str:
    """Return the card's address; the code as it was written stays in it where the card has to say how it was read."""
    if hit.code.identity == text_code.identity(query):
        return hit.code.get_absolute_url()
    return reverse("code", args=[hit.code.table.slug, text_code.clean(query)])


def _looks_like_a_code(query: str) -> bool:
    """Whether a query without a hit is answered as a code first: one word with a digit in it."""
    return bool(text_code.readings(query) and re.fullmatch(r"\S*\d\S*", query))
