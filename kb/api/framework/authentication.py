"""Authentication of the API's callers: a token or the session of the site."""

from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kb.models import Bearer
from kb.services import tokens

SCHEME = "Bearer"
REALM = 'Bearer realm="codebook"'


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. A bad token is refused, even where the public may read."""

    def authenticate(self, request: Request) -> tuple[Bearer, None] | None:
        """Return the token's user, or None without a token. Raises AuthenticationFailed for a bad one."""
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        try:
            return tokens.bearer(secret.strip()), None
        except tokens.BadToken as error:
            request.META["kb.bad_token"] = True
            raise AuthenticationFailed(str(error)) from None

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate, with the kind of error after a bad token."""
        return f'{REALM}, error="invalid_token"' if request.META.get("kb.bad_token") else REALM


class Session(SessionAuthentication):
    """The session of the site. It names a scheme, so that anonymous callers get 401 instead of 403."""

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate."""
        return "Session"
