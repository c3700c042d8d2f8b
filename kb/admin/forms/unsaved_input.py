"""What was typed into a form that nobody may save any more: kept in the answer, and never lost.

# Note [Kept in the page]
Who was logged out between opening and saving gets their fields back as hidden inputs of a page that says so. Nothing
is stored on the server, where anybody could fill it up. After logging in they send the page, and the form is shown
with their words in it, not saved. Logging in makes the page's CSRF token stale: for a form that came from this very
site, as the browser itself says, the words are shown again with a new token. Showing a form writes nothing.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

RESUBMISSION, RERENDER = "_kept", "kb_shown_again"
MAX_CHARACTERS, MAX_FIELDS = 1_500_000, 2_000
NO_LONGER = "You may not change this any more: your role has changed since you opened it."
BACK = "These are your words from before. Nothing is saved yet: look them over, then save."
_HIDDEN_FIELDS = {"csrfmiddlewaretoken", RESUBMISSION, "version", "opened", "take_theirs"}


def has_input(request: HttpRequest) -> bool:
    """Whether a request brings a form of the knowledge base, of a size that a page can carry."""
    match = request.resolver_match
    if request.method != "POST" or match is None or not hasattr(getattr(match.func, "model_admin", None), "written"):
        return False
    if not (match.url_name or "").endswith(("_add", "_change")) or request.FILES:
        return False
    fields = list(_fields(request))
    return len(fields) <= MAX_FIELDS and sum(len(value) for _, value in fields) <= MAX_CHARACTERS


def page(request: HttpRequest, gone: str = "", status: int = 404) -> HttpResponse:
    """Show what was typed, to be put back into the form after logging in; to be copied where its object is `gone`."""
    fields = list(_fields(request))
    context = {
        **admin.site.each_context(request),
        "title": "Nothing is lost: you were logged out" if not gone else "Nothing is lost, but it cannot be saved here",
        "gone": gone,
        "fields": fields,
        "typed": [(_title(name), value) for name, value in fields if _is_text(name, value)],
        "kept": RESUBMISSION,
    }
    return TemplateResponse(request, "admin/kb/kept.html", context, status=status if gone else 403)


def rerender_with_input(request: HttpRequest) -> HttpResponse | None:
    """Answer a form whose CSRF token is stale with the same form; None where it is not sure to come from this site."""
    match = request.resolver_match
    if match is None or not has_input(request) or not _is_same_origin(request):
        return None
    if not admin.site.has_permission(request):
        return page(request)
    # A kept form is held by the admin, so that there is nothing for a forged one to do.
    for mark in (RERENDER, "_dont_enforce_csrf_checks"):
        setattr(request, mark, True)
    answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return answer


def _fields(request: HttpRequest) -> Iterable[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in ("csrfmiddlewaretoken", RESUBMISSION):
            yield from ((name, str(value)) for value in values)


def _is_text(name: str, value: str) -> bool:
    """Whether a person reads it: a row's number, which a choice sends, says nothing to them."""
    return bool(value.strip()) and not value.isdigit() and not name.startswith("_") and name not in _HIDDEN_FIELDS


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _is_same_origin(request: HttpRequest) -> bool:
    """Whether the browser says that the form came from a page of this site; other sites cannot make it say so."""
    origin = request.headers.get("Origin", "")
    if origin and origin != "null":
        return urlsplit(origin)[:2] == (request.scheme, request.get_host())
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def is_resubmission(request: Any) -> bool:
    """Whether a form comes back from being kept: it is to be shown, not saved."""
    return request.method == "POST" and (RESUBMISSION in request.POST or hasattr(request, RERENDER))
