"""The pages that explain the kinds of errors, as HTML for people and as JSON for programs. Everybody may read them."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from kb.api.framework.errors import CONTENT_TYPE, problem
from kb.api.framework.negotiation import preferred
from kb.api.framework.problem_types import RETRIES, TYPES, address_of_type

_JSON, _HTML = "application/json", "text/html"


@csrf_exempt
@require_safe
@login_not_required
def problem_list(request: HttpRequest) -> HttpResponse:
    """Return every kind of error."""
    return _answer(request, "kb/problems.html", {"results": [_describe(request, code) for code in TYPES]})


@csrf_exempt
@require_safe
@login_not_required
def problem_detail(request: HttpRequest, code: str) -> HttpResponse:
    """Return one kind of error. Raises Http404 for an unknown code."""
    if code not in TYPES:
        raise Http404
    return _answer(request, "kb/problem.html", _describe(request, code))


def _describe(request: HttpRequest, code: str) -> dict[str, Any]:
    kind = TYPES[code]
    return {
        "code": code,
        "type": address_of_type(request, code),
        "title": kind.title,
        "statuses": list(kind.statuses),
        "meaning": kind.meaning,
        "action": kind.action,
        "retry": kind.retry.value,
        "retry_detail": RETRIES[kind.retry],
    }


def _answer(request: HttpRequest, template: str, values: dict[str, Any]) -> HttpResponse:
    header = request.headers.get("Accept", "")
    # A program that just got a problem may name the type of the problem. Who excludes JSON does not get it by `*/*`.
    of_programs = [CONTENT_TYPE] if CONTENT_TYPE in header.lower() else []
    media_type = preferred(header, [_JSON, *of_programs, _HTML])
    if media_type is None:
        detail = f"No answer has a media type that `Accept` asks for. Allowed: {_JSON}, {_HTML}."
        response: HttpResponse = JsonResponse(problem(request, 406, detail), status=406, content_type=CONTENT_TYPE)
    else:
        response = render(request, template, values) if media_type == _HTML else JsonResponse(values)
    patch_vary_headers(response, ["Accept"])
    return response
