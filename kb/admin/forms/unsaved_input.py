"""The input of a form that cannot be saved because somebody was logged out or lost a permission.

# Note [Unsaved input]
People who were logged out while they edited get a page with their input as hidden fields. The server stores nothing,
because anybody could fill its storage. After logging in, they submit the page, and the form shows their input, unsaved.
Logging in invalidates the page's CSRF token. If the browser's headers show that the form came from this site, the form
is rendered again with a new token. This is safe, because rendering a form writes nothing.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

RESUBMISSION, RERENDER = "_kept", "kb_shown_again"
MAX_CHARACTERS, MAX_FIELDS = 1_500_000, 2_000
NO_LONGER = "You no longer have permission to change this: your role changed after you opened it."
BACK = "This is the text that you typed before. Nothing is saved yet: check it, then save."
_HIDDEN_FIELDS = {"csrfmiddlewaretoken", RESUBMISSION, "version", "opened", "take_theirs"}


def has_input(request: HttpRequest) -> bool:
    """Whether a request submits an admin form of ours that is small enough to repeat in a page."""
    match = request.resolver_match
    if (
        request.method != "POST"
        or match is None
        or not hasattr(getattr(match.func, "model_admin", None), "value_fields")
    ):
        return False
    if not (match.url_name or "").endswith(("_add", "_change")) or request.FILES:
        return False
    fields = list(_fields(request))
    return len(fields) <= MAX_FIELDS and sum(len(value) for _, value in fields) <= MAX_CHARACTERS


def page(request: HttpRequest, reason: str = "", status: int = 404) -> HttpResponse:
    """Show the submitted input: to resubmit after logging in or, if a `reason` forbids saving, to copy."""
    fields = list(_fields(request))
    context = {
        **admin.site.each_context(request),
        "title": "You were logged out; your text is kept" if not reason else "Your text cannot be saved here",
        "reason": reason,
        "fields": fields,
        "texts": [(_title(name), value) for name, value in fields if _is_text(name, value)],
        "marker": RESUBMISSION,
    }
    return TemplateResponse(request, "admin/kb/unsaved_input.html", context, status=status if reason else 403)


def rerender_with_input(request: HttpRequest) -> HttpResponse | None:
    """Return the same form with its input and a new CSRF token; None if the form may come from another site."""
    match = request.resolver_match
    if match is None or not has_input(request) or not _is_same_origin(request):
        return None
    if not admin.site.has_permission(request):
        return page(request)
    # The admin never saves a resubmission, so a forged one can do no harm.
    for mark in (RERENDER, "_dont_enforce_csrf_checks"):
        setattr(request, mark, True)
    answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return answer


def _fields(request: HttpRequest) -> Iterable[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in ("csrfmiddlewaretoken", RESUBMISSION):
            yield from ((name, str(value)) for value in values)


def _is_text(name: str, value: str) -> bool:
    """Whether a value is text that a person typed, rather than an id that a select sent."""
    return bool(value.strip()) and not value.isdigit() and not name.startswith("_") and name not in _HIDDEN_FIELDS


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _is_same_origin(request: HttpRequest) -> bool:
    """Whether the browser's headers show that the form came from this site; other sites cannot forge them."""
    origin = request.headers.get("Origin", "")
    if origin and origin != "null":
        return urlsplit(origin)[:2] == (request.scheme, request.get_host())
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def is_resubmission(request: Any) -> bool:
    """Whether a form is resubmitted after a login: the admin shows it and saves nothing."""
    return request.method == "POST" and (RESUBMISSION in request.POST or hasattr(request, RERENDER))
