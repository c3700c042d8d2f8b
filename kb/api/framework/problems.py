"""Errors under /api/ that no view of the API raised, in the same shape as the others."""

import json
from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect, JsonResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from kb.api.framework.errors import CONTENT_TYPE, FAILED, MAX_REPEATED, problem
from kb.api.framework.json_rows import json_of
from kb.api.framework.throttle import ALLOWANCE, headers_of
from kb.ops import outages, request_ids
from kb.ops.bodies import BUSY

MAX_ADDRESS = 1_000
"""Characters of an address that an error repeats."""

_DETAILS = {
    400: "The request is malformed, or this site does not serve its host.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    413: "The request is too large.",
    500: FAILED,
    503: outages.DETAIL,
}


class ProblemsMiddleware:
    """Turns error responses of Django and its middleware under /api/ into problem details."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Store the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the next layer's response, with what is left of the caller's rate; an error gets the API's shape."""
        response = self.get_response(request)
        if allowance := request.META.get(ALLOWANCE):
            for name, value in headers_of(*allowance):
                response[name] = value
        is_error = response.status_code >= 400 and request.path_info.startswith("/api/")
        if is_error and isinstance(response, HttpResponse) and response["Content-Type"] != CONTENT_TYPE:
            code = response.status_code
            body = problem(request, code, _DETAILS.get(code, "The request was refused."))
            # Change the response in place, because its headers may include Retry-After.
            response.content = json.dumps(body).encode()
            response["Content-Type"] = CONTENT_TYPE
            response["Content-Length"] = str(len(response.content))
        return response


def too_busy(environ: dict[str, Any]) -> tuple[str, bytes]:
    """Return the media type and the body of a 503 for a request whose body may not be sent now."""
    if not environ.get("PATH_INFO", "").startswith("/api/"):
        return "text/plain; charset=utf-8", f"{BUSY}\n".encode()
    request_id = request_ids.clean_id(environ.get("HTTP_X_REQUEST_ID", ""))
    return CONTENT_TYPE, json_of(problem(WSGIRequest(environ), 503, BUSY) | {"request_id": request_id})


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Return a 404 for an unknown address under /api/. If only the final slash is missing, redirect or say so."""
    with_slash = f"{request.path_info}/"
    if not request.path_info.endswith("/") and _exists(with_slash):
        address = request.get_full_path(force_append_slash=True)
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return HttpResponsePermanentRedirect(address)
        detail = f"The final slash is missing. Send the request to {request.build_absolute_uri(address)[:MAX_ADDRESS]}"
        body = problem(request, 400, detail, code="missing_slash")
        return JsonResponse(body, status=400, content_type=CONTENT_TYPE)
    detail = f"There is no {request.path[:MAX_REPEATED]} here. /api/docs/ lists the addresses."
    return JsonResponse(problem(request, 404, detail), status=404, content_type=CONTENT_TYPE)


unknown_address.login_required = False  # type: ignore[attr-defined]


def _exists(path: str) -> bool:
    try:
        return resolve(path).func is not unknown_address
    except Resolver404:
        return False
