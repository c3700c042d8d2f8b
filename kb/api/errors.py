"""One shape for every error of the API: problem details, as RFC 9457 has them."""

import difflib
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

CONTENT_TYPE = "application/problem+json"
MAX_SHOWN = 100
"""Characters of a bad value that are repeated."""

MAX_LISTED = 40
"""Allowed values that are listed; the nearest first where there are more."""

log = logging.getLogger(__name__)


class BadParameterSerializer(serializers.Serializer):
    """A parameter that was refused."""

    parameter = serializers.CharField()
    value = serializers.CharField(allow_blank=True, help_text="As given, cut where it is long.")
    message = serializers.CharField(help_text="For a person.")
    allowed = serializers.ListField(child=serializers.CharField(), help_text="Allowed values, the nearest 40 at most.")


class ProblemSerializer(serializers.Serializer):
    """What went wrong, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    # Here `errors` is a field like any other; the serializer's own property of that name is for input.
    errors = BadParameterSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="Every bad parameter of a query."
    )


class BadParameters(exceptions.APIException):
    """Parameters of a query that mean nothing; each says which value and what is allowed."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_parameters"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(" ".join(error["message"] for error in errors))
        self.errors = errors


def describe(parameter: str, value: str, problem: str, allowed: Iterable[str] = (), sought: str = "") -> dict[str, Any]:
    """Return one bad parameter in words and in parts, with the nearest allowed spelling of `sought` or the value."""
    choices = list(allowed)
    near = difflib.get_close_matches((sought or value)[:MAX_SHOWN], choices, MAX_LISTED, 0.6)
    more = len(choices) - MAX_LISTED
    if more > 0:
        choices = [*near, *(one for one in choices if one not in near)][:MAX_LISTED]
    message = f"{parameter[:MAX_SHOWN]}: “{value[:MAX_SHOWN]}” {problem}."
    if near:
        message += f" Did you mean {near[0]}?"
    if choices:
        message += f" Allowed: {', '.join(choices)}{f' and {more} more' if more > 0 else ''}."
    return {
        "parameter": parameter[:MAX_SHOWN],
        "value": value[:MAX_SHOWN],
        "message": message,
        "allowed": choices,
    }


def problem(code: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return the body of an error."""
    return {"type": "about:blank", "title": HTTPStatus(code).phrase, "status": code, "detail": detail, **more}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Return the response for an error that a view raised."""
    if isinstance(error, SuspiciousOperation | BadRequest):
        error = exceptions.ParseError("The request is not one that this site reads.")
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
    # The page of the documentation and YAML have renderers that know nothing of problems.
    context["request"].accepted_renderer = JSONRenderer()
    context["request"].accepted_media_type = JSONRenderer.media_type
    return answer


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer an address under /api/ that does not exist, or that lacks the slash at its end."""
    with_slash = f"{request.path_info}/"
    if request.method in ("GET", "HEAD") and not request.path_info.endswith("/") and _exists(with_slash):
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    detail = f"There is no {request.path[:MAX_SHOWN]} here; /api/docs/ lists what there is."
    return JsonResponse(problem(404, detail), status=404, content_type=CONTENT_TYPE)


unknown_address.login_required = False  # type: ignore[attr-defined]


def _exists(path: str) -> bool:
    try:
        return resolve(path).func is not unknown_address
    except Resolver404:
        return False
