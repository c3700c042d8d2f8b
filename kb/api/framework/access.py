"""Who may read the API."""

from collections.abc import Iterable
from typing import Any

from django.contrib import auth
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kb.models import Bearer
from kb.models.tokens import EXPORT_TABLE, READING, Scope
from kb.models.visibility import Reader, reader
from kb.services.tokens import challenge


class MissingScope(PermissionDenied):
    """The token has none of the scopes that a view needs."""

    problem_type = "missing_scope"

    def __init__(self, needed: Iterable[str], user: Bearer) -> None:
        """Say which scopes would do, and which the token has."""
        scopes = sorted(needed)
        super().__init__(f"The token needs the scope {' or '.join(scopes)}. It has: {', '.join(sorted(user.scopes))}.")
        # REST framework sends this as WWW-Authenticate.
        self.auth_header = challenge("insufficient_scope", " ".join(scopes))


class MayRead(BasePermission):
    """Admits callers who may read something; `visible_to` decides what. A view's `scopes` are those a token needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may read anything. Raises MissingScope."""
        require_scope(request.user, getattr(view, "scopes", READING))
        return reader(request.user) != Reader.NOTHING


class MayExport(BasePermission):
    """Admits callers who may export tables. A token needs a scope for that, beside the one for what it reads."""

    message = "You may not export tables: this needs the permission “Can export tables”."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may export. Raises MissingScope."""
        require_scope(request.user, {Scope.EXPORT.value})
        return bool(request.user and request.user.has_perm(EXPORT_TABLE))


def require_scope(user: Any, scopes: Iterable[str]) -> None:
    """Raise MissingScope for a token without any of these scopes."""
    if isinstance(user, Bearer) and user.scopes.isdisjoint(scopes):
        raise MissingScope(scopes, user)


def authenticate_again(view: Any, request: Request) -> Request:
    """Return a request with its caller as the database knows them now, for a view that has waited.

    Raises what a new request would: an error for a bad token, or for somebody who may not use the view.
    """
    http = request._request
    # Another store of the same key, because the first one keeps what it has read. So does the user of the middleware.
    http.session = type(http.session)(http.session.session_key)
    http.user = auth.get_user(http)
    again: Request = view.initialize_request(http)
    view.perform_authentication(again)
    view.check_permissions(again)
    return again
