"""Who may read the API at all."""

from typing import Any

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kb.models import Bearer
from kb.models.tokens import READING
from kb.models.visibility import Reader, reader


class Session(SessionAuthentication):
    """The session of the site. Names a scheme, so that whoever is not logged in gets 401 and not 403."""

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate."""
        return "Session"


class MayRead(BasePermission):
    """Let in whoever may read something; `visible_to` decides what. A view may name the scopes that a token needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may read anything."""
        if isinstance(request.user, Bearer) and not request.user.scopes & getattr(view, "scopes", READING):
            return False
        return reader(request.user) != Reader.NOTHING
