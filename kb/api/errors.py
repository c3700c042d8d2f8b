"""One shape for every error of the API: problem details, as RFC 9457 has them."""

import difflib
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Self

from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

CONTENT_TYPE = "application/problem+json"
MAX_SHOWN = 100
"""Characters of a bad value that are repeated."""

log = logging.getLogger(__name__)


class BadParameters(exceptions.APIException):
    """Parameters of a query that mean nothing; each says which value and what is allowed."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_parameters"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(error["message"] for error in errors))
        self.errors = errors

    @classmethod
    def one(cls, parameter: str, value: Any, problem: str, allowed: Iterable[str] = ()) -> Self:
        """Return the error of one parameter."""
        return cls([describe(parameter, value, problem, allowed)])


def describe(parameter: str, value: Any, problem: str, allowed: Iterable[str] = ()) -> dict[str, Any]:
    """Return one bad parameter in words and in parts, with the nearest allowed spelling."""
    shown = str(value)[:MAX_SHOWN]
    choices = [str(one) for one in allowed]
    near = difflib.get_close_matches(shown, choices, 1)
    message = f"{parameter}: “{shown}” {problem}."
    if near:
        message += f" Did you mean {near[0]}?"
    if choices:
        message += f" Allowed: {', '.join(choices)}."
    return {"parameter": parameter, "value": shown, "message": message, "allowed": choices}


def problem(code: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return the body of an error."""
    return {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": detail, **more}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Return the response for an error that a view raised."""
    answer = exception_handler(error, context)
    if answer is None:
        log.exception("an answer of the API failed")
        set_rollback()
        answer = Response(status=500)
        error = exceptions.APIException("Something went wrong here. It is logged; please try again.")
    more = {"errors": error.errors} if isinstance(error, BadParameters) else {}
    detail = "Not found." if isinstance(error, Http404) else str(getattr(error, "detail", error))
    answer.data = problem(answer.status_code, detail, **more)
    answer.content_type = CONTENT_TYPE
    return answer


def as_json(code: int, detail: str) -> JsonResponse:
    """Return an error outside of a view of the API."""
    return JsonResponse(problem(code, detail), status=code, content_type=CONTENT_TYPE)


def unknown_address(request: HttpRequest, rest: str) -> JsonResponse:
    """Answer an address under /api/ that does not exist."""
    return as_json(404, f"There is no {request.path[:MAX_SHOWN]} here; /api/docs/ lists what there is.")
