"""Single sign-on with the organisation's provider (OpenID Connect). Only with KB_SSO; needs the extra `sso`.

The first log-in creates a new account without a role. It reads what the public reads until an administrator gives it
a role. It is never merged with an existing account, because people may choose their names and e-mail addresses at the
provider.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from django.utils.cache import add_never_cache_headers
from requests import RequestException

from config import provider
from kb.ops.accounts import AccountReads

log = logging.getLogger("codebook.login")


class SsoBackend(AccountReads, AuthenticationBackend):
    """The package's backend, with quicker reads."""


class Adapter(DefaultSocialAccountAdapter):
    """Limits the package to logging in."""

    def get_requests_session(self) -> provider.ProviderSession:
        """Return the session for all calls to the provider."""
        return provider.ProviderSession()

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse everything except logging in, and ignore e-mail addresses."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(refused(request))
        sociallogin.email_addresses = []

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *_: Any, exception: Any = None, **__: Any
    ) -> None:
        """Return the page for a failed log-in. It omits the reason, which is in the provider's log."""
        is_away = isinstance(exception, RequestException)
        raise ImmediateHttpResponse(away(request, exception) if is_away else refused(request))


@login_not_required
def refused(request: HttpRequest) -> HttpResponse:
    """Return the page for a failed log-in."""
    return render(request, "kb/sso_refusal.html", status=403)


def away(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the page for a provider that does not answer, or not as OpenID Connect says."""
    log.warning("the single sign-on provider is away: %s", _kinds(error))
    page = render(request, "kb/sso_away.html", {"seconds": provider.REST_SECONDS}, status=503)
    page["Retry-After"] = str(provider.REST_SECONDS)
    add_never_cache_headers(page)
    return page


def _in_time(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view of the package that ends in time, and whose failures are a page."""

    @wraps(view)
    def view_in_time(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        provider.start_clock()
        try:
            return view(request, *args, **kwargs)
        except (RequestException, KeyError, TypeError, AttributeError, ValueError) as error:
            # The package takes it for granted that each answer has the right shape.
            return away(request, error)

    return view_in_time


def _kinds(error: BaseException) -> str:
    # Without the message, which may quote an address with a person's code.
    return " from ".join(type(one).__name__ for one in (error, error.__cause__) if one)


# The package redirects to these names. Every failure shows the same page.
_ENDS = {
    "inactive/": "account_inactive",
    "cancelled/": "socialaccount_login_cancelled",
    "error/": "socialaccount_login_error",
    "signup/": "socialaccount_signup",
    "connections/": "socialaccount_connections",
}
urlpatterns: list[URLPattern | URLResolver] = [
    path("oidc/<str:provider_id>/login/", _in_time(views.login), name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", _in_time(views.callback), name="openid_connect_callback"),
    *(path(route, refused, name=name) for route, name in _ENDS.items()),
]
