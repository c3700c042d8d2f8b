"""The one shape of every API error: problem details (RFC 9457)."""

import difflib
import logging
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions, serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from kb.api.framework import throttle
from kb.api.framework.problem_types import TYPES, address_of_type, code_of, code_of_status
from kb.ops import outages, request_ids

CONTENT_TYPE = "application/problem+json"
MAX_REPEATED = 100
"""Characters of a bad value that the error repeats."""

MAX_LISTED = 100
"""Allowed values that an error lists; if there are more, the nearest come first."""

MAX_ERRORS = 20
"""Bad values whose nearest allowed ones a request may have the server look for. More are named once these are right."""

FAILED = "Something went wrong on our side. It is logged under the request ID. Please try again."

log = logging.getLogger(__name__)


class BadParameterSerializer(serializers.Serializer[Any]):
    """A refused parameter."""

    parameter = serializers.CharField(help_text="Its name, or its position in the body, such as `codes[3]`.")
    value = serializers.CharField(allow_blank=True, help_text="The value as sent; long values are cut.")
    message = serializers.CharField(help_text="A message for people.")
    allowed = serializers.ListField(child=serializers.CharField(), help_text="Allowed values: at most the 100 nearest.")
    nearest = serializers.CharField(allow_null=True, help_text="The allowed value with the nearest spelling.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.URLField(help_text="The address of a page that explains this kind of error.")
    code = serializers.ChoiceField(list(TYPES), help_text="The kind of error, for programs: it never changes.")
    title = serializers.CharField(help_text="The kind of error, for people.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A message for people.")
    # A declared field, although the serializer has a property `errors` for the errors of its input.
    errors = BadParameterSerializer(  # type: ignore[assignment]
        many=True, help_text="Every bad parameter; empty if no parameter caused the error."
    )
    instance = serializers.CharField(help_text="The path of the request.")
    request_id = serializers.CharField(help_text="The same as in `X-Request-ID`: it identifies the request in the log.")
    snapshot = serializers.URLField(
        required=False,
        help_text="Only of the kind `feed_place_gone`: where a copy starts again."
        " It is missing while the caller may read none of the tables that the copy follows.",
    )


class BadParameters(exceptions.APIException):
    """Unknown parameters or bad values; each error contains the value and what is allowed."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_parameters"
    problem_type = "bad_parameter"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(" ".join(f"{error['parameter']}: {error['message']}" for error in errors))
        self.errors = errors


class RefusedByDjango(exceptions.APIException):
    """Django refuses the request before its parameters can be read."""

    status_code = status.HTTP_400_BAD_REQUEST
    problem_type = "bad_request"


def describe(
    parameter: str,
    value: str,
    problem: str,
    allowed: Iterable[str] = (),
    sought: str = "",
    correction: str | None = None,
) -> dict[str, Any]:
    """Return the description of one bad parameter, with the nearest allowed value.

    `problem` is a sentence in which `{}` stands for `sought`; without `sought`, for the value. If `allowed` describes
    values instead of listing them, pass a `correction`, or "" if there is none: an example is never the nearest value.
    """
    choices, sought = list(allowed), repeatable(sought or value)
    near = difflib.get_close_matches(sought, choices, MAX_LISTED, 0.6)
    near = near if correction is None else [correction] if correction else []
    if len(choices) > MAX_LISTED:
        choices = [*near, *(choice for choice in choices if choice not in near)][:MAX_LISTED]
    message = problem.replace("{}", f"“{sought}”", 1)
    return {
        "parameter": repeatable(parameter),
        "value": repeatable(value),
        "message": f"{message} Did you mean {near[0]}?" if near else message,
        "allowed": choices,
        "nearest": near[0] if near else None,
    }


def repeatable(text: str) -> str:
    r"""Return a caller's text as an error repeats it: shortened, and with surrogates as escapes such as `\ud800`.

    JSON can name a half of a surrogate pair, and no answer can contain it.
    """
    return text[:MAX_REPEATED].encode(errors="backslashreplace").decode()[:MAX_REPEATED]


def absence(model: Any, key: object) -> str:
    """Return the sentence that there is no such row, as far as the reader can tell."""
    name = repeatable(str(key))
    name = name if name.isdecimal() else f"“{name}”"
    return f"There is no {model._meta.verbose_name} {name}, or you may not read it."


def problem(
    request: HttpRequest | Request, status: int, detail: str, errors: Iterable[Any] = (), code: str = ""
) -> dict[str, Any]:
    """Return the body of an error. Without a code, its kind follows from the status."""
    code = code or code_of_status(status)
    return {
        "type": address_of_type(request, code),
        "code": code,
        "title": TYPES[code].title,
        "status": status,
        "detail": detail,
        "errors": list(errors),
        "instance": escape_uri_path(request.path)[: 10 * MAX_REPEATED],
        "request_id": request_ids.current(),
    }


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Return the response for an error that a view raised.

    An exception may name its kind as `problem_type`, and return further members of the answer from `members(request)`.
    """
    request = context["request"]
    if isinstance(error, SuspiciousOperation | BadRequest):
        error = RefusedByDjango("This site cannot read the request.")
    answer = exception_handler(error, context)
    if answer is None:
        log.exception("an API request failed")
        set_rollback()
        answer, error = _failed(error, request)
    errors = error.errors if isinstance(error, BadParameters) else []
    code = code_of(error, answer.status_code)
    answer.data = problem(request, answer.status_code, _detail(error, context), errors, code)
    # What a kind of error says beside the usual members.
    answer.data |= error.members(request) if hasattr(error, "members") else {}
    answer.content_type = CONTENT_TYPE
    # The renderers of the documentation page and of YAML cannot render a problem.
    request.accepted_renderer = JSONRenderer()
    request.accepted_media_type = JSONRenderer.media_type
    return answer


def _failed(error: Exception, request: Request) -> tuple[Response, exceptions.APIException]:
    if not outages.is_away(error):
        return Response(status=500), exceptions.APIException(FAILED)
    # Otherwise a later step looks the caller up in the same database, and waits again.
    request._not_authenticated()  # type: ignore[attr-defined]
    return Response(status=503, headers={"Retry-After": str(outages.RETRY_SECONDS)}), exceptions.APIException(
        outages.DETAIL
    )


def _detail(error: Exception, context: dict[str, Any]) -> str:
    request, view = context["request"], context["view"]
    if isinstance(error, Http404):
        return "Not found, or you may not read it."
    if isinstance(error, exceptions.NotAuthenticated):
        return "This needs a login. Programs send “Authorization: Bearer <token>”."
    if isinstance(error, exceptions.Throttled):
        return throttle.refusal(error, request)
    if isinstance(error, exceptions.MethodNotAllowed):
        return f"{str(request.method)[:MAX_REPEATED]} is not allowed here. Allowed: {', '.join(view.allowed_methods)}."
    if isinstance(error, exceptions.NotAcceptable):
        media_types = ", ".join(renderer.media_type for renderer in view.get_renderers())
        return f"No answer has a media type that `Accept` asks for. Allowed: {media_types}."
    if isinstance(error, exceptions.UnsupportedMediaType):
        media_types = ", ".join(parser.media_type for parser in view.parser_classes)
        return f"A body of the type “{request.content_type[:MAX_REPEATED]}” is not supported. Allowed: {media_types}."
    return str(getattr(error, "detail", error))
