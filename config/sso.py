"""Single sign-on with the organisation's provider (OpenID Connect). Only with KB_SSO; needs the extra `sso`.

The first log-in creates a new account without a role. It reads what the public reads until an administrator gives it
a role. It is never merged with an existing account, because people may choose their names and e-mail addresses at the
provider.
"""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path


class Adapter(DefaultSocialAccountAdapter):
    """Limits the package to logging in."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Refuse everything except logging in, and ignore e-mail addresses."""
        if sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(refused(request))
        sociallogin.email_addresses = []

    def on_authentication_error(self, request: HttpRequest, provider: Any, *_: Any, **__: Any) -> None:
        """Return the page for a failed log-in. It omits the reason, which is in the provider's log."""
        raise ImmediateHttpResponse(refused(request))


@login_not_required
def refused(request: HttpRequest) -> HttpResponse:
    """Return the page for a failed log-in."""
    return render(request, "kb/sso_refusal.html", status=403)


# The package redirects to these names. Every failure shows the same page.
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
