"""Logging in at the organisation's own door (OpenID Connect). Only there with KB_SSO; needs the extra `sso`.

Who comes for the first time gets an account without a role: it reads what a stranger reads until an administrator
gives it one. It is never joined with an account that is there, whatever name or e-mail address the other side tells:
those can be chosen there.
"""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path


class Adapter(DefaultSocialAccountAdapter):
    """What of the package's many ways this product takes."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let people log in, and nothing else; e-mail addresses decide nothing."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(refused(request))
        sociallogin.email_addresses = []

    def on_authentication_error(self, request: HttpRequest, provider: Any, *_: Any, **__: Any) -> None:
        """Say no more than that it did not work: why is for the other side's log."""
        raise ImmediateHttpResponse(refused(request))


@login_not_required
def refused(request: HttpRequest) -> HttpResponse:
    """Say that somebody could not be logged in."""
    return render(request, "kb/sso_refusal.html", status=403)


# The package sends people to these by name; every way that fails ends on one page.
_ENDS = {
    "inactive/": "account_inactive",
    "cancelled/": "socialaccount_login_cancelled",
    "error/": "socialaccount_login_error",
    "signup/": "socialaccount_signup",
    "connections/": "socialaccount_connections",
}
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    *(path(route, refused, name=name) for route, name in _ENDS.items()),
]
