"""One shape for every error of the API: problem details, as RFC 9457 has them."""

import difflib
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions, serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from kb.ops import outages, request_ids

CONTENT_TYPE = "application/problem+json"
MAX_SHOWN = 100
"""Characters of a bad value that are repeated."""

MAX_LISTED = 100
"""Allowed values that are listed; the nearest first where there are more."""

FAILED = "Something went wrong here. It is logged under the request id; please try again."

log = logging.getLogger(__name__)


class BadParameterSerializer(serializers.Serializer):
    """A parameter that was refused."""

    parameter = serializers.CharField(help_text="Its name, or its place in the body, such as `codes[3]`.")
    value = serializers.CharField(allow_blank=True, help_text="As given, cut where it is long.")
    message = serializers.CharField(help_text="For a person.")
    allowed = serializers.ListField(child=serializers.CharField(), help_text="Allowed values, the nearest 100 at most.")
    nearest = serializers.CharField(allow_null=True, help_text="The allowed value that is spelled most alike.")


class ProblemSerializer(serializers.Serializer):
    """What went wrong, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="For a person.")
    # Here `errors` is a field like any other; the serializer's own property of that name is for input.
    errors = BadParameterSerializer(  # type: ignore[assignment]
        many=True, help_text="Every bad parameter; empty where none is to blame."
    )
    instance = serializers.CharField(help_text="The address that was asked for.")
    request_id = serializers.CharField(help_text="The same as in `X-Request-ID`: names the request in the site's log.")


class BadParameters(exceptions.APIException):
    """Parameters that mean nothing; each says which value and what is allowed."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_parameters"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(" ".join(f"{error['parameter']}: {error['message']}" for error in errors))
        self.errors = errors


def describe(parameter: str, value: str, problem: str, allowed: Iterable[str] = (), sought: str = "") -> dict[str, Any]:
    """Return one bad parameter in words and in parts, with the allowed value that is nearest.

    `problem` is a sentence; `{}` in it stands for what was `sought`: the value, if nothing else is named.
    """
    choices, sought = list(allowed), (sought or value)[:MAX_SHOWN]
    near = difflib.get_close_matches(sought, choices, MAX_LISTED, 0.6)
    if len(choices) > MAX_LISTED:
        choices = [*near, *(one for one in choices if one not in near)][:MAX_LISTED]
    message = problem.replace("{}", f"“{sought}”", 1)
    return {
        "parameter": parameter[:MAX_SHOWN],
        "value": value[:MAX_SHOWN],
        "message": f"{message} Did you mean {near[0]}?" if near else message,
        "allowed": choices,
        "nearest": near[0] if near else None,
    }


def problem(request: HttpRequest | Request, code: int, detail: str, errors: Iterable[Any] = ()) -> dict[str, Any]:
    """Return the body of an error."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(code).phrase,
        "status": code,
        "detail": detail,
        "errors": list(errors),
        "instance": escape_uri_path(request.path)[: 10 * MAX_SHOWN],
        "request_id": request_ids.current(),
    }


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Return the response for an error that a view raised."""
    request = context["request"]
    if isinstance(error, SuspiciousOperation | BadRequest):
        error = exceptions.ParseError("The request is not one that this site reads.")
    answer = exception_handler(error, context)
    if answer is None:
        log.exception("an answer of the API failed")
        set_rollback()
        answer, error = _failed(error, request)
    errors = error.errors if isinstance(error, BadParameters) else []
    answer.data = problem(request, answer.status_code, _detail(error, context), errors)
    answer.content_type = CONTENT_TYPE
    # The page of the documentation and YAML have renderers that know nothing of problems.
    request.accepted_renderer = JSONRenderer()
    request.accepted_media_type = JSONRenderer.media_type
    return answer


def _failed(error: Exception, request: Request) -> tuple[Response, exceptions.APIException]:
    if not outages.is_away(error):
        return Response(status=500), exceptions.APIException(FAILED)
    # Nobody asks the same database again who the caller is, and waits again.
    request._not_authenticated()  # type: ignore[attr-defined]
    return Response(status=503, headers={"Retry-After": str(outages.RETRY_SECONDS)}), exceptions.APIException(
        outages.DETAIL
    )


def _detail(error: Exception, context: dict[str, Any]) -> str:
    request, view = context["request"], context["view"]
    if isinstance(error, Http404):
        return "There is no such thing here, or none that you may read."
    if isinstance(error, exceptions.MethodNotAllowed):
        return f"{str(request.method)[:MAX_SHOWN]} is not answered here. Allowed: {', '.join(view.allowed_methods)}."
    if isinstance(error, exceptions.NotAcceptable):
        spoken = ", ".join(one.media_type for one in view.renderer_classes)
        return f"There is no answer in the form that `Accept` asks for. Allowed: {spoken}."
    if isinstance(error, exceptions.UnsupportedMediaType):
        read = ", ".join(one.media_type for one in view.parser_classes)
        return f"A body of the type “{request.content_type[:MAX_SHOWN]}” is not read here. Allowed: {read}."
    return str(getattr(error, "detail", error))
