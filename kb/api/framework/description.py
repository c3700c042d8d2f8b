"""What all operations share in the OpenAPI description: the server, headers, 304 and the order of parameters."""

from collections.abc import Mapping
from typing import Any

from django.urls import get_script_prefix
from rest_framework.request import Request

Description = dict[str, Any]

_TEXT = {"type": "string"}
HEADERS: dict[str, Description] = {
    "X-Request-ID": {
        "description": "The id of the request in the site's log: the caller's own if it sends one.",
        "schema": _TEXT,
        "example": "5f0c6a3e9b0e4c0b8a2d1f7c3e9a6b54",
    },
    "ETag": {
        "description": "Stands for this answer. Send it as `If-None-Match`: you get 304 until something has changed.",
        "schema": _TEXT,
        "example": 'W/"3f2a9c0d8e7b6a5f4c3d2e1f"',
    },
    "Last-Modified": {
        "description": "Since when the answer has been this one. Only in answers that hold what the public reads."
        " Send it as `If-Modified-Since` if you cannot send an ETag.",
        "schema": _TEXT,
        "example": "Thu, 05 Mar 2026 14:00:00 GMT",
    },
    "Cache-Control": {
        "description": "Who may store the answer, and for how long.",
        "schema": _TEXT,
        "example": "max-age=10, must-revalidate, public",
    },
    "Link": {
        "description": "The pages beside this one, as in the body (RFC 8288): `next` and `prev`.",
        "schema": _TEXT,
        "example": '<https://codebook.example.com/api/v1/codes/?cursor=WyJ>; rel="next"',
    },
    "X-Sequence": {
        "description": "The place in the feed of changes where a copy that starts with this answer continues.",
        "schema": _TEXT,
        "example": "4be1c9a07fp-2184",
    },
    "Content-Disposition": {
        "description": "The name of the file.",
        "schema": _TEXT,
        "example": 'attachment; filename="zim-server.csv"',
    },
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 12,
    },
    "RateLimit": {
        "description": "How many requests are left, and the seconds until there are more. Missing without a limit.",
        "schema": _TEXT,
        "example": '"default";r=599;t=42',
    },
    "RateLimit-Policy": {
        "description": "How many requests the caller may send, and in how many seconds. Missing without a limit.",
        "schema": _TEXT,
        "example": '"default";q=600;w=60',
    },
    "WWW-Authenticate": {"description": "How to log in.", "schema": _TEXT, "example": 'Bearer realm="codebook"'},
}
"""The headers of answers, by name."""

_BY_STATUS = {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}
_OF_ALL = ["X-Request-ID", "RateLimit", "RateLimit-Policy"]
_OF_READS = ["ETag", "Last-Modified", "Cache-Control"]
_OF_FILES = ["Content-Disposition", "Cache-Control"]
_BY_OPERATION = {
    **{f"list_{noun}": [*_OF_READS, "Link"] for noun in ("tables", "codes", "notes", "incidents")},
    "list_changes": [*_OF_READS, "Retry-After"],
    "get_snapshot": [*_OF_READS, "X-Sequence", "Content-Disposition"],
    "export_table": _OF_FILES,
    "export_everything": _OF_FILES,
    "lookup_codes": ["Cache-Control"],
    "detect_codes": ["Cache-Control"],
}
"""The headers of answers, where they are not those of a read."""

_MAY_GROW = (
    *("ProblemCode", "RoleEnum", "OriginEnum", "SourceEnum", "IncidentState"),
    *("CodeTruncatedEnum", "NoteTruncatedEnum", "IncidentTruncatedEnum"),
)
"""Choices of answers that may get more values in this version of the API."""

_UNCHANGED = "Nothing has changed since the answer with the ETag that the request names in `If-None-Match`."


def complete(result: Description, generator: Any, request: Request | None, public: bool) -> Description:
    """Return the description with what all operations share. drf-spectacular calls it last."""
    site = request.build_absolute_uri(get_script_prefix()).removesuffix("/") if request else "/"
    result["servers"] = [{"url": site, "description": "This site."}]
    for path, operations in result["paths"].items():
        for operation in operations.values():
            _complete(operation)
            _in_order(operation, path)
            for parameter in operation.get("parameters", []):
                _keep_out_of_forms(parameter)
    result["components"]["headers"] = HEADERS
    for name in _MAY_GROW:
        _open(result["components"]["schemas"][name])
    return result


def _open(choice: Description) -> None:
    """Make a text of a choice that may grow: generated clients refuse a value that an `enum` lacks."""
    values = choice.pop("enum")
    known = ", ".join(f"`{value}`" for value in values)
    about = choice.get("description", "").partition("* `")[0].strip()
    choice |= {"x-may-grow": True, "examples": values}
    choice["description"] = f"{about}\n\nOne of {known}. More values may come.".strip()


def _complete(operation: Description) -> None:
    responses = operation["responses"]
    answer = responses["200"]
    answer["description"] = answer.get("description") or "The answer."
    names = _BY_OPERATION.get(operation["operationId"], _OF_READS)
    if "ETag" in names:
        responses["304"] = {"description": _UNCHANGED, "headers": _refer([*_OF_ALL, *_OF_READS])}
    for status, response in responses.items():
        of_status = names if status == "200" else _BY_STATUS.get(status, [])
        response["headers"] = _refer([*_OF_ALL, *of_status]) | response.get("headers", {})
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    operation["responses"] = dict(sorted(responses.items()))


def _keep_out_of_forms(parameter: Description) -> None:
    """Move the example of an optional parameter into its schema.

    Swagger UI fills its form with the other examples: a request with all filters at once finds nothing, or is refused.
    """
    if not parameter.get("required"):
        named = parameter.pop("examples", {"": {"value": parameter.pop("example", None)}})
        parameter["schema"] = {**parameter["schema"], "examples": [one["value"] for one in named.values()]}


def _in_order(operation: Description, path: str) -> None:
    """Put the parameters of the path first, as it has them: clients make positional arguments of them."""
    places = {f"{{{one['name']}}}": one for one in operation.get("parameters", []) if one["in"] == "path"}
    first = sorted(places, key=path.index)
    others = [one for one in operation.get("parameters", []) if one["in"] != "path"]
    if first:
        operation["parameters"] = [*(places[name] for name in first), *others]


def _refer(names: list[str]) -> Mapping[str, Description]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
