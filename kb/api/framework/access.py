"""Who may read the API."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kb.models import Bearer
from kb.models.tokens import READING
from kb.models.visibility import Reader, reader


class MayRead(BasePermission):
    """Admits callers who may read something; `visible_to` decides what. A view's `scopes` are those a token needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may read anything."""
        if isinstance(request.user, Bearer) and not request.user.scopes & getattr(view, "scopes", READING):
            return False
        return reader(request.user) != Reader.NOTHING
