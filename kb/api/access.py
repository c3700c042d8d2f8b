"""Who may read the API at all."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kb.models.audience import Reader, reader


class Session(SessionAuthentication):
    """The session of the site. Names a scheme, so that whoever is not logged in gets 401 and not 403."""

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme for WWW-Authenticate."""
        return "Session"


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes the session to OpenAPI."""

    target_class = "kb.api.access.Session"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the cookie that carries the session."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class MayRead(BasePermission):
    """Let in whoever may read something; `visible_to` decides what."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may read anything."""
        return reader(request.user) != Reader.NOTHING
