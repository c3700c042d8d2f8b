"""oEmbed: other sites turn the link of a card into the card itself, in a frame.

Programs ask without logging in: the answer has only what the public may read, whoever asks.
"""

from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, get_script_prefix, resolve, reverse
from django.views.decorators.http import require_safe

from kb.models import ReturnCode
from kb.models.visibility import Reader, reader
from kb.queries.lookup import find_code
from kb.queries.tables import section_by_slug, table_by_slug
from kb.services.tokens import challenge
from kb.text.codes import forms as text_code
from kb.web import open_graph

WIDTH, HEIGHT = 480, 400
"""Size of the frame in pixels, unless the site that asks has less room."""

PARAMETERS = ("url", "maxwidth", "maxheight", "format")
_NOBODY = AnonymousUser()


@require_safe
@login_not_required
def oembed(request: HttpRequest) -> HttpResponse:
    """Return how to embed the card with the address `url`."""
    if refusal := _refusal(request):
        return refusal
    path = _path(request)
    codes = _codes(path) if path is not None else []
    graph = open_graph.of_codes(codes, codes[0].get_absolute_url()) if codes else None
    if graph is None:
        return _said("url: there is no such card here, or it is not public.", 404)
    answer = {"version": "1.0", "type": "link", "title": graph.title, "provider_name": "Codebook"}
    answer |= {"provider_url": request.build_absolute_uri(reverse("start")), "cache_age": "3600"}
    return JsonResponse(answer | (_frame(request, codes[0], graph.title) if settings.KB_EMBED_ORIGINS else {}))


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return why a request is not answered, with the status that the specification of oEmbed wants."""
    if reader(_NOBODY) == Reader.NOTHING:
        # A token would not help: these answers are public.
        return _said("oEmbed is off: the public may not read this site.", 401)
    unknown = sorted(set(request.GET) - set(PARAMETERS))
    if unknown:
        return _said(f"“{unknown[0][:80]}” is no parameter here. Allowed: {', '.join(PARAMETERS)}.", 400)
    if request.GET.get("format", "json") != "json":
        return _said("format: only json is available.", 501)
    if not request.GET.get("url"):
        return _said("url: which address of a card?", 400)
    for name in ("maxwidth", "maxheight"):
        if _pixels(request, name, 1) is None:
            return _said(f"{name}: a number of pixels is allowed, 1 to 99999.", 400)
    return None


def _said(sentence: str, status: int) -> HttpResponse:
    response = HttpResponse(f"{sentence}\n", "text/plain; charset=utf-8", status)
    if status == 401:
        # HTTP requires a scheme, also where it does not help.
        response["WWW-Authenticate"] = challenge()
    return response


def _pixels(request: HttpRequest, name: str, default: int) -> int | None:
    """Return the smaller of the room that the other site has and a default; None if it is no number."""
    text = request.GET.get(name, "")
    if not text:
        return default
    is_number = text.isascii() and text.isdigit() and len(text) <= 5 and int(text) > 0
    return min(default, int(text)) if is_number else None


def _path(request: HttpRequest) -> str | None:
    """Return the path of the address that is asked about; None if it is not an address of this site."""
    try:
        parts = urlsplit(request.GET["url"])
    except ValueError:
        return None
    is_here = parts.scheme in ("http", "https") and parts.netloc == request.get_host()
    path, prefix = unquote(parts.path), get_script_prefix()
    return f"/{path.removeprefix(prefix)}" if is_here and path.startswith(prefix) else None


def _codes(path: str) -> list[ReturnCode]:
    """Return the codes on the card with a path, as the public sees it."""
    try:
        match = resolve(path)
    except Resolver404:
        return []
    if match.url_name not in ("code", "section-code") or "\x00" in path:
        return []
    place: dict[str, Any] = match.kwargs
    table, written = table_by_slug(place["table"], _NOBODY), place["written"]
    if table is None or not text_code.readings(written):
        return []
    section = section_by_slug(table, place["section"]) if "section" in place else None
    if "section" in place and section is None:
        return []
    return [hit.code for hit in find_code(written, _NOBODY, table, section, is_typed=False).hits]


def _frame(request: HttpRequest, code: ReturnCode, title: str) -> dict[str, Any]:
    """Return the frame that shows a code. Only the sites in KB_EMBED_ORIGINS may show it."""
    width, height = _pixels(request, "maxwidth", WIDTH), _pixels(request, "maxheight", HEIGHT)
    address = request.build_absolute_uri(reverse("embed-code", args=[code.table.slug, code.code]))
    html = f'<iframe src="{escape(address)}" title="{escape(title)}" width="{width}" height="{height}"></iframe>'
    return {"type": "rich", "width": width, "height": height, "html": html}
