"""The page for a new password of one's own. It cannot be used to guess the old one.

Otherwise a stolen session could try passwords without limit. Failures count for the account, whatever the session and
the address; at the limit of the log-in, the session ends.
"""

import logging
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.utils import reset
from django.conf import settings
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import logout
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = logging.getLogger("codebook.login")

# The log-in form strips names, so nobody can fail to log in with a name that begins with a space.
_PREFIX = " old password of "


def lock_by(request_or_attempt: Any, credentials: dict[str, Any] | None) -> list[Any]:
    """Return by what django-axes locks: log-ins by name and address, old passwords by account.

    By address alone, a whole office would be locked out; by name alone, anybody could lock out anybody. An old password
    can be tried only with a session of its account.
    """
    name = (credentials or {}).get("username") or ""
    return ["username"] if name.startswith(_PREFIX) else [["username", "ip_address"]]


class OldPasswordForm(AdminPasswordChangeForm):
    """Django's form, with a limit for wrong old passwords. `is_locked` says that it is reached."""

    is_locked = False

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Store the request, for its address and time."""
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_old_password(self) -> str:
        """Return the old password. Raises ValidationError if it is wrong, or if too many were wrong."""
        counted = {"username": f"{_PREFIX}{self.user.pk}"}
        self.is_locked = not AxesProxyHandler.is_allowed(self.request, counted)
        if self.is_locked:
            raise ValidationError("Too many wrong passwords.")
        try:
            password = super().clean_old_password()
        except ValidationError:
            AxesProxyHandler.user_login_failed(type(self), counted, self.request)
            self.is_locked = not AxesProxyHandler.is_allowed(self.request, counted)
            raise
        reset(username=counted["username"])
        return password


class OwnPasswordView(PasswordChangeView):
    """The page. It ends the session when too many old passwords were wrong."""

    form_class = OldPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the request."""
        return {**super().get_form_kwargs(), "request": self.request}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form with its errors, or end the session and answer 429."""
        if not form.is_locked:
            return super().form_invalid(form)
        log.warning("session ended: too many wrong old passwords")
        logout(self.request)
        # Otherwise django-axes would answer with the page for log-ins, which are not locked.
        self.request.axes_locked_out = False  # type: ignore[attr-defined]
        minutes = settings.LOGIN_LOCK_MINUTES
        page = render(self.request, "admin/kb/old_password_locked.html", {"minutes": minutes}, status=429)
        page["Retry-After"] = str(minutes * 60)
        return page
