"""The change feed, for copies of the knowledge base elsewhere."""

import time
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS as PRIMARY
from django.db import close_old_connections
from django.urls import get_script_prefix
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb import answers
from kb.api.framework.access import MayRead, authenticate_again
from kb.api.framework.feed_places import PATTERN, FeedPlaceGone, place_of
from kb.api.framework.feed_watch import RETRY_SECONDS, WATCH
from kb.api.framework.http_cache import conditional, with_cache_headers
from kb.api.framework.parameter_values import ValueKind, form_refusal, whole
from kb.api.framework.parameters import naming_all, parse_query, query_of
from kb.api.framework.schema import ProblemSchema, example
from kb.api.framework.throttle import person_of
from kb.api.resources.copies import (
    FOLLOWED,
    ChangesSerializer,
    followed_from,
    followed_parameters,
    nouns_of,
    place_from,
    table_checks,
)
from kb.ops.replicas.router import read_database
from kb.queries import replication
from kb.queries.replication import FeedPage, FeedPlace

MAX_LIMIT = 1000
DEFAULT_LIMIT = 200
MAX_WAIT = 30


def _place(text: str) -> FeedPlace:
    place = place_of(text)
    if place is None:
        allowed = ("0", "the `next` of an earlier answer", "a snapshot's `sequence`")
        raise form_refusal("{} is not a place in the feed.", *allowed)
    return place


SINCE = ValueKind(_place, {"type": "string", "pattern": PATTERN})
LIMIT, WAIT = whole(1, MAX_LIMIT), whole(0, MAX_WAIT)
_KINDS = {"since": SINCE, "limit": LIMIT, "wait": WAIT, **FOLLOWED}
_WAIT_HELP = (
    "Seconds to wait for a change if there is none. If too many wait already, the answer comes at once, with"
    " `Retry-After`. Each user has one place to wait, for all tokens, and so has each address without a user: a newer"
    " request takes the place of the older one. When a change comes, the token or session is checked again."
)


class ChangesView(APIView):
    """The change feed, in commit order."""

    schema = ProblemSchema()
    permission_classes = [MayRead]

    @extend_schema(
        tags=["synchronisation"],
        summary="List changes",
        operation_id="list_changes",
        parameters=[
            OpenApiParameter(
                "since",
                dict(SINCE.schema),
                description="Where to continue; without it, from the start.",
                examples=[example("0")],
            ),
            OpenApiParameter(
                "limit",
                {**LIMIT.schema, "default": DEFAULT_LIMIT},
                description="Maximum entries.",
                examples=[example(MAX_LIMIT)],
            ),
            OpenApiParameter(
                "wait", {**WAIT.schema, "default": 0}, description=_WAIT_HELP, examples=[example(MAX_WAIT)]
            ),
            *followed_parameters(),
        ],
        responses={200: ChangesSerializer},
    )
    def get(self, request: Request) -> Response:
        """Return objects as the caller may read them now, and tombstones for those that are gone."""
        query = query_of(request)
        since = place_of(request.query_params.get("since", ""))
        with naming_all(query, _KINDS, table_checks(request.user, since)):
            values = parse_query(query, _KINDS)
            return self._wait(request, values) if values.get("wait") else self._answer(request, values)

    @conditional
    def _answer(self, request: Request, values: Mapping[str, Any]) -> Response:
        return Response(_body(request, _page(request, values, place_from(values, request.user))))

    def _wait(self, request: Request, values: Mapping[str, Any]) -> Response:
        """Return the next page with entries, or the last one. Without an ETag, because it is for now alone."""
        until = time.monotonic() + values["wait"]
        page = _page(request, values, place_from(values, request.user))
        with WATCH.place_for(person_of(request.META, request.user)) as place:
            while place and not (page.entries or page.more):
                # As after a request: otherwise this thread would keep a pooled connection for itself.
                close_old_connections()
                if not WATCH.wait(place, page.next.end, until):
                    break
                request = authenticate_again(self, request)
                page = _page(request, values, page.next)
        is_early = not (page.entries or page.more) and time.monotonic() < until
        return Response(_body(request, page), headers={"Retry-After": str(RETRY_SECONDS)} if is_early else None)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers for caches."""
        response = with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))
        if request.query_params.get("wait"):
            response["Cache-Control"] = "private, no-store"
        return response


def _page(request: Request, values: Mapping[str, Any], since: FeedPlace) -> FeedPage:
    """Return a page. Raises FeedPlaceGone, but not only because a replica does not have the place yet."""
    limit = values.get("limit", DEFAULT_LIMIT)
    try:
        return replication.changes(request.user, since, limit, nouns_of(values))
    except replication.PlaceGone:
        if read_database.get() == PRIMARY:
            raise FeedPlaceGone(followed_from(since, values, request.user)) from None
    read_database.set(PRIMARY)
    return _page(request, values, since)


def _body(request: Request, page: FeedPage) -> dict[str, Any]:
    site = request.build_absolute_uri(get_script_prefix())
    return {"results": [_as_json(entry, site) for entry in page.entries], "next": str(page.next), "more": page.more}


def _as_json(entry: replication.FeedEntry, site: str) -> dict[str, Any]:
    copied = entry.copied
    return {
        "sequence": entry.sequence,
        "noun": entry.noun,
        "id": entry.id,
        "table_id": copied and copied.table_id,
        "gone": copied is None,
        "object": copied and object_of(copied.object, site),
    }


def object_of(stored: dict[str, Any] | bytes, site: str) -> Any:
    """Return an object as JSON takes it."""
    return orjson.Fragment(answers.complete(stored, site)) if isinstance(stored, bytes) else stored
