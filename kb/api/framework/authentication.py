"""Who comes with a token."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kb.models import Bearer
from kb.services import tokens

SCHEME = "Bearer"
REALM = 'Bearer realm="codebook"'


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. A token that is no good is refused, though the public might read."""

    def authenticate(self, request: Request) -> tuple[Bearer, None] | None:
        """Return the token's user; None where no token is given."""
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        try:
            return tokens.bearer(secret.strip()), None
        except tokens.BadToken as bad:
            request.META["kb.bad_token"] = True
            raise AuthenticationFailed(str(bad)) from None

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate, with the kind of error where there was a token."""
        return f'{REALM}, error="invalid_token"' if request.META.get("kb.bad_token") else REALM
