"""`/llms.txt` describes the site to assistants. It lists only what is public, for every reader."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.queries import tables
from kb.text.safety.escape import markdown

MAX_TABLES = 100


@require_safe
@login_not_required
def llms(request: HttpRequest) -> HttpResponse:
    """List the public tables and the addresses for programs."""
    public = tables.with_counts(AnonymousUser())
    context = {
        "site": request.build_absolute_uri("/").rstrip("/"),
        "tables": [
            {"name": markdown(str(table), in_link=True), "slug": table.slug, "count": table.code_count}  # type: ignore[attr-defined]
            for table in public[:MAX_TABLES]
        ],
        "has_more": len(public) > MAX_TABLES,
        "is_open": settings.KB_PUBLIC_READ,
        "has_mcp": find_spec("mcp") is not None,
    }
    return render(request, "kb/llms.txt", context, content_type="text/plain; charset=utf-8")
