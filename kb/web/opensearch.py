"""Browsers' own search box: the description that they install, and the address that it leads to."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kb.queries.lookup import find_code
from kb.text.codes import forms as text_code

MAX_QUERY = 4000
"""As long as the box on the pages takes."""


@require_safe
@login_not_required
def description(request: HttpRequest) -> HttpResponse:
    """Describe the search. It says nothing about what is in the knowledge base."""
    context = {
        "go": request.build_absolute_uri(reverse("go")),
        "icon": request.build_absolute_uri(reverse("favicon")),
    }
    return render(request, "kb/opensearch.xml", context, content_type="application/opensearchdescription+xml")


@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Jump to the card of an exact code with one meaning; leave everything else to the start page.

    Every target is built from this site's own addresses: the query is never more than a part of one.
    """
    query = request.GET.get("q", "").replace("\x00", "").strip()[:MAX_QUERY]
    if not query:
        return redirect("start")
    hits = find_code(query, request.user).hits
    if len(hits) == 1 and hits[0].code.identity == text_code.identity(query):
        return redirect(hits[0].code)
    return redirect(f"{reverse('start')}?{urlencode({'q': query})}")
