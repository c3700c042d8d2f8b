"""Rates of pages and log-ins: who sends too many gets a page that says so, before anything costs much.

The API counts for itself. Static files and probes are answered by earlier layers, and do not count.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from kb.ops import metrics, passwords, rates
from kb.web.refusals import REFUSED, SITE, is_login, is_page

_DETECT = "/detect/"
_FREE = 10
"""A process admits this fraction of a rate without asking the others: a tenth."""


class AddressRates:
    """Refuses log-ins and strangers by their address, before the session and the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the next layer's response, or a refusal."""
        address = rates.address_key(request.META)
        passwords.caller.set(address)
        refusal = None
        if is_login(request.path_info, request.method):
            refusal = _login_refusal(request, address)
        elif is_page(request.path_info) and settings.SESSION_COOKIE_NAME not in request.COOKIES:
            refusal = _page_refusal(request, address, settings.KB_PAGE_RATE_ANONYMOUS)
        return refusal or self.get_response(request)


class PersonRates:
    """Refuses people by their account; a session of nobody counts by its address. It comes after the user is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the next layer's response, or a refusal."""
        path, has_session = request.path_info, settings.SESSION_COOKIE_NAME in request.COOKIES
        if not has_session or is_login(path, request.method) or not is_page(path):
            return self.get_response(request)
        if request.user.is_authenticated:
            refusal = _page_refusal(request, f"user:{request.user.pk}", settings.KB_PAGE_RATE_KNOWN)
        else:
            refusal = _page_refusal(request, rates.address_key(request.META), settings.KB_PAGE_RATE_ANONYMOUS)
        return refusal or self.get_response(request)


def too_many_hashes() -> HttpResponse:
    """Answer 429 to a log-in or a new password that found all seats taken."""
    return _refusal("hashes", passwords.RETRY_SECONDS)


def _login_refusal(request: HttpRequest, address: str) -> HttpResponse | None:
    # The address first, so that a flood from one address does not use up the rate of everybody.
    limits = {f"login {address}": settings.KB_LOGIN_RATE_ADDRESS, SITE: settings.KB_LOGIN_RATE_SITE}
    for key, rate in limits.items():
        if seconds := _wait(key, rate):
            request.META[REFUSED] = key
            return _refusal("login_site" if key == SITE else "login_address", seconds)
    return None


def _page_refusal(request: HttpRequest, caller: str, rate: int) -> HttpResponse | None:
    if seconds := _wait(key := f"page {caller}", rate):
        request.META[REFUSED] = key
        return _refusal("page", seconds)
    if request.path_info == _DETECT and request.method == "POST":
        seconds = _wait(f"detect {caller}", settings.KB_DETECT_RATE)
    return _refusal("detect", seconds) if seconds else None


def _wait(key: str, rate: int) -> int:
    return rates.wait_for(key, rate, rate // _FREE)


def _refusal(limit: str, seconds: int) -> HttpResponse:
    """Return a page that needs no session, database or context processor."""
    metrics.count_refusal(limit)
    page = render_to_string("kb/too_many_requests.html", {"limit": limit, "seconds": seconds})
    response = HttpResponse(page, status=429)
    response["Retry-After"] = str(seconds)
    add_never_cache_headers(response)
    return response
