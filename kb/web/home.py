"""The start page: the search box, and answers with more than one code."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb import searching
from kb.queries import detection, tables
from kb.queries.code_parts import anatomy
from kb.queries.lookup import CodeHit, find_code
from kb.queries.text_results import looks_like_a_code, text_results
from kb.services import usage
from kb.text.codes import forms as text_code
from kb.text.detection import spellings
from kb.web import disambiguation
from kb.web.near_codes import surrounding_codes

MAX_RESULTS = 50


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the tables, or answer the query."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    if query:
        return _answer(request, query)
    return render(request, "kb/home.html", {"tables": tables.with_counts(request.user)})


def _answer(request: HttpRequest, query: str) -> HttpResponse:
    answer = find_code(query, request.user)
    if len(answer.hits) == 1:
        return redirect(_address(answer.hits[0], query))
    if answer.hits:
        usage.count_codes([hit.code.pk for hit in answer.hits])
        return render(
            request, "kb/meanings.html", {"query": query, **disambiguation.meanings_context(request, answer.hits)}
        )
    codes = detection.codes_in(query, request.user)
    if len(codes) == 1:
        return redirect(codes[0].get_absolute_url())
    if codes:
        usage.count_codes([code.pk for code in codes])
        hits = [CodeHit(code, "named in the text") for code in codes]
        return render(request, "kb/meanings.html", {"query": query, **disambiguation.meanings_context(request, hits)})
    results = text_results(query, request.user, MAX_RESULTS, exact="exact" in request.GET)
    prefix = text_code.canonical(query) if answer.completions else ""
    notes = searching.notes_about_no_code(query, request.user)
    if not results.hits and not notes:
        usage.count_miss(query, request.user)
    context = {
        "query": query,
        "answer": answer,
        "anatomy": anatomy(spellings.subject(query), request.user, words=query),
        "surroundings": surrounding_codes(answer, request.user),
        "is_code": looks_like_a_code(query),
        "results": results,
        "notes": notes,
        "hits": [hit for hit in results.hits if not prefix or not hit.code.canonical.startswith(prefix)],
    }
    return render(request, "kb/results.html", context)


def _address(hit: CodeHit, query: str) -> str:
    """Return the card's address, with the query's own spelling if the card must show how it was interpreted."""
    if hit.code.identity == text_code.identity(query) or not text_code.could_be(query, hit.code.canonical):
        return hit.code.get_absolute_url()
    return reverse("code", args=[hit.code.table.slug, text_code.clean(query)])
