"""One shape for every error of the API."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response for an error that a view raised."""
    return exception_handler(error, context)
