"""Suggestions below the search box, as somebody types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb import searching
from kb.models import ReturnCode
from kb.models.visibility import Person
from kb.queries.lookup import beginning_with
from kb.queries.text_results import Knowledge, knowledge, search

MAX_SUGGESTIONS = 8
_MIN_LENGTH = 2
"""The shortest query that is also searched as words; a single character may still be a code."""


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Show the codes that an unfinished query may mean. They do not count as lookups: nobody has searched yet."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    codes = suggested_codes(query, request.user) if query else []
    has_room = len(query) >= _MIN_LENGTH and len(codes) < MAX_SUGGESTIONS
    notes = searching.notes_about_no_code(query, request.user, MAX_SUGGESTIONS - len(codes)) if has_room else []
    context = {"query": query, "codes": codes, "notes": notes}
    return render(request, "kb/_suggestions.html", context)


def suggested_codes(query: str, user: Person | None) -> list[tuple[ReturnCode, Knowledge]]:
    """Return the codes that begin with a query, then those that its words find, with what is known of each."""
    codes = {code.pk: code for code in beginning_with(query, user, MAX_SUGGESTIONS)}
    if len(query) >= _MIN_LENGTH and len(codes) < MAX_SUGGESTIONS:
        for code in search(query, user, MAX_SUGGESTIONS):
            codes.setdefault(code.pk, code)
    first = list(codes.values())[:MAX_SUGGESTIONS]
    facts = knowledge([code.pk for code in first], user)
    return [(code, facts.get(code.pk, Knowledge())) for code in first]
