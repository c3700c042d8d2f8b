"""The kinds of errors: what each means and what to do. `type` of every error is the address of a page about its kind.

A kind has a code that never changes. Programs compare `code`; `title` and `detail` are for people.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.request import Request

from kb.ops.site_address import site


class Retry(StrEnum):
    """Whether it helps to send the same request again."""

    NEVER = "never"
    LATER = "later"
    ELSEWHERE = "elsewhere"


RETRIES = {
    Retry.NEVER: "Do not send the same request again: change it first.",
    Retry.LATER: "Send the same request again after the seconds in `Retry-After`, or later if it has none.",
    Retry.ELSEWHERE: "Do not send the same request again: start anew at the address in the answer.",
}


class Where(StrEnum):
    """The operations that may answer with a kind of error."""

    EVERYWHERE = "everywhere"
    BODIES = "operations with a body"
    ROWS = "operations on a row that the address names"
    PLACES = "operations that continue at a place"
    TABLE_FILES = "exports of a table"
    ELSEWHERE = "addresses and methods that are no operation"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of error."""

    title: str
    statuses: tuple[int, ...]
    meaning: str
    action: str
    retry: Retry = Retry.NEVER
    where: Where = Where.EVERYWHERE


TYPES = {
    "bad_parameter": ProblemType(
        "Bad parameter",
        (400,),
        "A parameter of the address, or a member of the body, is unknown or has a value that is not allowed.",
        "Read `errors`: it names every bad parameter, its value, what is allowed and the nearest spelling.",
    ),
    "malformed_body": ProblemType(
        "The body cannot be read",
        (400,),
        "The body is not what its Content-Type says: for example, it is no valid JSON.",
        "Send what `detail` asks for. Let a library write the JSON.",
        where=Where.BODIES,
    ),
    "missing_slash": ProblemType(
        "The final slash is missing",
        (400,),
        "The address exists with a slash at its end. A redirect would lose the body of your request.",
        "Send the request to the address in `detail`.",
        where=Where.BODIES,
    ),
    "bad_request": ProblemType(
        "Bad request",
        (400,),
        "The request is malformed, or this site does not serve the host that it names.",
        "Check the address, the `Host` header and the number of parameters.",
    ),
    "not_logged_in": ProblemType(
        "Not logged in",
        (401,),
        "This site shows nothing to callers without a token.",
        "Send `Authorization: Bearer <token>`. Somebody with access to the admin creates a token under “API tokens”.",
    ),
    "bad_token": ProblemType(
        "Bad token",
        (401,),
        "The token is unknown, expired or revoked, or its user is no longer active.",
        "Read `detail`, then ask for a new token. No token at all is not the same: the public may be allowed to read.",
    ),
    "wrong_scheme": ProblemType(
        "Wrong scheme of authorization",
        (401,),
        "The `Authorization` header is not `Bearer` followed by a token. Codebook takes no other scheme.",
        "Send `Authorization: Bearer <token>`, or no such header to read what is public.",
    ),
    "missing_scope": ProblemType(
        "The token lacks a scope",
        (403,),
        "The token is good, but it was not made for this: `detail` names the scope that it needs and those it has.",
        "Create a token with this scope. A token cannot be changed.",
    ),
    "forbidden": ProblemType(
        "Not allowed",
        (403,),
        "You are known, and the user may not do this.",
        "Ask an administrator for the permission that `detail` names.",
    ),
    "csrf_failed": ProblemType(
        "The CSRF token is missing or wrong",
        (403,),
        "A request with the session of a browser also needs the CSRF token of that session.",
        "Send the header `X-CSRFToken`, or use a token for programs instead of the session.",
        where=Where.BODIES,
    ),
    "not_found": ProblemType(
        "Not found",
        (404,),
        "There is nothing at this address, or you may not read it. Codebook does not say which.",
        "Check the address. If it was right before, the object was deleted or is internal now.",
        where=Where.ROWS,
    ),
    "method_not_allowed": ProblemType(
        "Method not allowed",
        (405,),
        "The address does not take this method. The API only reads.",
        "Use one of the methods in the `Allow` header.",
        where=Where.ELSEWHERE,
    ),
    "not_acceptable": ProblemType(
        "No such media type",
        (406,),
        "The answer exists in none of the media types that `Accept` asks for.",
        "Ask for a media type that `detail` lists, or send no `Accept` header.",
    ),
    "export_refused": ProblemType(
        "The table does not fit into the format",
        (409,),
        "The format has limits, such as the rows of a spreadsheet, that this table exceeds.",
        "Choose another format: CSV and NDJSON have no such limit.",
        where=Where.TABLE_FILES,
    ),
    "feed_place_gone": ProblemType(
        "The place in the feed is gone",
        (410,),
        "This place is not of the present database: it was restored or replaced since, or the place is of an earlier"
        " release or mistyped. Or you may read more or less than before. Changes that your copy has may be lost here.",
        "Throw your copy away and start a new one with the snapshot, whose address is in `snapshot`.",
        Retry.ELSEWHERE,
        where=Where.PLACES,
    ),
    "body_too_large": ProblemType(
        "The body is too large",
        (413,),
        "The body has more bytes than this address takes.",
        "Send less: shorten a log to the part around the error, or split a list of codes.",
        where=Where.BODIES,
    ),
    "unsupported_media_type": ProblemType(
        "The body has a type that is not supported",
        (415,),
        "The address takes no body of this Content-Type, or not in this character set.",
        "Send one of the types that `detail` lists, best in UTF-8.",
        where=Where.BODIES,
    ),
    "rate_limited": ProblemType(
        "Too many requests",
        (429,),
        "You sent more requests in a minute than the site allows.",
        "Wait as long as `Retry-After` says. A token has a higher rate; look up many codes with one request.",
        Retry.LATER,
    ),
    "failed": ProblemType(
        "Something went wrong on our side",
        (500,),
        "The server failed. The reason is in its log under the request ID.",
        "Try again once. If it fails again, give the administrator the `request_id`.",
        Retry.LATER,
    ),
    "unavailable": ProblemType(
        "Not available right now",
        (503,),
        "The database does not answer, or the server is too busy. Nothing was changed.",
        "Wait as long as `Retry-After` says.",
        Retry.LATER,
    ),
}

_BY_STATUS = {
    400: "bad_request",
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "export_refused",
    410: "feed_place_gone",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    500: "failed",
    503: "unavailable",
}


def by_status(places: Collection[Where]) -> dict[int, str]:
    """Return the kinds of errors that operations of these sorts may answer with, as a text for each status."""
    texts: dict[int, list[str]] = {}
    for code, kind in TYPES.items():
        for status in kind.statuses if kind.where in places else ():
            texts.setdefault(status, []).append(f"`{code}`: {kind.title}.")
    return {status: " ".join(sentences) for status, sentences in sorted(texts.items())}


def code_of(error: BaseException, status: int) -> str:
    """Return the code of an exception's kind: its attribute `problem_type`, or what its class or status says."""
    if isinstance(error, exceptions.ParseError):
        return getattr(error, "problem_type", "malformed_body")
    return getattr(error, "problem_type", "") or code_of_status(status)


def code_of_status(status: int) -> str:
    """Return the code of an error of which only the status is known."""
    return _BY_STATUS.get(status, "bad_request" if status < 500 else "failed")


def address_of_type(request: HttpRequest | Request, code: str) -> str:
    """Return the absolute address of the page about a kind of error."""
    path = reverse("api-problem", args=[code])
    try:
        return str(request.build_absolute_uri(path))
    except DisallowedHost:
        # A forged host must not appear in an answer: the settings name the site's own. RFC 9457 allows a path, too.
        return f"{site()}{path}"
