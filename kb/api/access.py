"""Who may read the API at all."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from kb.models.audience import Reader, reader


class MayRead(BasePermission):
    """Let in whoever may read something; `visible_to` decides what."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the caller may read anything."""
        return reader(request.user) != Reader.NOTHING
