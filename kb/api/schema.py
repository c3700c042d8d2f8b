"""How the API describes itself to OpenAPI."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class ReadSchema(AutoSchema):
    """Says that logging in is optional where the site may be read without."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the ways to authenticate, none among them where that is allowed."""
        return [*super().get_auth(), *([{}] if settings.KB_PUBLIC_READ else [])]


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes the session of the site."""

    target_class = "kb.api.access.Session"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the cookie that carries the session."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
