"""Authentication of the API's callers: a token or the session of the site."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from kb.models import Bearer
from kb.services import tokens


class TokenRefused(AuthenticationFailed):
    """The token is unknown, expired or revoked."""

    problem_type = "bad_token"


class SchemeRefused(AuthenticationFailed):
    """The `Authorization` header is not `Bearer` and a token."""

    problem_type = "wrong_scheme"


class CsrfFailed(PermissionDenied):
    """A session came without its CSRF token."""

    problem_type = "csrf_failed"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. A bad token or another scheme is refused, even where the public may read."""

    def authenticate(self, request: Request) -> tuple[Bearer, None] | None:
        """Return the token's user, or None without the header. Raises TokenRefused or SchemeRefused."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        try:
            return tokens.bearer(tokens.secret_in(header)), None
        except tokens.WrongScheme as error:
            raise SchemeRefused(str(error)) from None
        except tokens.BadToken as error:
            request.META["kb.bad_token"] = True
            raise TokenRefused(str(error)) from None

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate, with the kind of error after a bad token."""
        return tokens.challenge("invalid_token" if request.META.get("kb.bad_token") else "")


class Session(SessionAuthentication):
    """The session of the site. It names a scheme, so that anonymous callers get 401 instead of 403."""

    def enforce_csrf(self, request: Request) -> None:
        """Raise CsrfFailed for a request without its CSRF token."""
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            # The page about this kind of error says the same of all sites; the cookie's name is this site's own.
            advice = (
                f"A request with a session needs the header X-CSRFToken with the value of the cookie"
                f" {settings.CSRF_COOKIE_NAME}. Programs send “Authorization: Bearer <token>” instead."
            )
            raise CsrfFailed(f"{str(error.detail).removesuffix('.')}. {advice}") from None

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate."""
        return "Session"
