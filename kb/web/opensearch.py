"""OpenSearch: the description that browsers install, and the address that they search."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.queries.lookup import find_code
from kb.text.codes import forms as text_code
from kb.web.program_access import for_programs
from kb.web.suggestions import suggested_codes

MAX_QUERY = 4000
"""The same limit as the search box on the pages."""
MAX_DESCRIPTION = 200
"""Most characters of a description beside a suggestion."""


@require_safe
@login_not_required
def description(request: HttpRequest) -> HttpResponse:
    """Describe the search. The description has nothing from the knowledge base."""
    context = {
        "go": request.build_absolute_uri(reverse("go")),
        "suggest": request.build_absolute_uri(reverse("suggest-json")),
        "icon": request.build_absolute_uri(reverse("favicon")),
    }
    return render(request, "kb/opensearch.xml", context, content_type="application/opensearchdescription+xml")


@for_programs
def suggest(request: HttpRequest) -> HttpResponse:
    """Return what an unfinished query may mean: the query, codes, their descriptions and addresses."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_QUERY]
    codes = [code for code, _ in suggested_codes(query, request.user)] if query else []
    lists = [[code.code for code in codes], [code.description[:MAX_DESCRIPTION] for code in codes]]
    addresses = [request.build_absolute_uri(code.get_absolute_url()) for code in codes]
    return JsonResponse([query, *lists, addresses], safe=False, content_type="application/x-suggestions+json")


@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Redirect to the card of an exact code with one meaning; any other query goes to the start page.

    Every target is an address of this site: the query only becomes a part of one.
    """
    query = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_QUERY]
    if not query:
        return redirect("start")
    hits = find_code(query, request.user).hits
    if len(hits) == 1 and hits[0].code.identity == text_code.identity(query):
        return redirect(hits[0].code)
    return redirect(f"{reverse('start')}?{urlencode({'q': query})}")
