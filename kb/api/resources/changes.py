"""The change feed, for copies of the knowledge base elsewhere."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb.api.framework.access import MayRead
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.http_cache import conditional, with_cache_headers
from kb.api.framework.parameter_values import ValueKind, form_refusal, whole
from kb.api.framework.parameters import parse_query
from kb.api.framework.schema import PROBLEMS, ProblemSchema, example, problem_responses
from kb.models.changes import last_sequence
from kb.queries import replication
from kb.queries.replication import FeedPlace

MAX_LIMIT = 1000
DEFAULT_LIMIT = 200
_PLACE = re.compile(rf"([0-9]{{1,18}})(?:\.({'|'.join(replication.STEPS)})\.([0-9]{{1,18}}))?")


def _place(text: str) -> FeedPlace:
    match = _PLACE.fullmatch(text)
    if not match:
        allowed = ("0", "the `next` of an earlier answer", "a snapshot's `sequence`")
        raise form_refusal("{} is not a place in the feed.", *allowed)
    return FeedPlace(int(match[1]), match[2] or "", int(match[3] or 0))


SINCE = ValueKind(_place, {"type": "string", "pattern": f"^{_PLACE.pattern}$"})
LIMIT = whole(1, MAX_LIMIT)
_KINDS = {"since": SINCE, "limit": LIMIT}


class EntrySerializer(serializers.Serializer[Any]):
    """An object as the caller may read it now."""

    sequence = serializers.IntegerField(help_text="The sequence of its last change in this answer.")
    noun = serializers.ChoiceField(list(replication.NOUNS))
    id = serializers.IntegerField()
    gone = serializers.BooleanField(
        help_text="Deleted or no longer visible to you. If a table is gone, so are its codes."
    )
    object = serializers.DictField(allow_null=True, help_text="As in a snapshot; null if it is gone.")


class ChangesSerializer(serializers.Serializer[Any]):
    """A page of the feed. An object that changed several times appears once."""

    results = EntrySerializer(many=True)
    next = serializers.CharField(help_text="The value of `since` for the next request.")
    more = serializers.BooleanField(help_text="Whether there is more: request the next page at once.")


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
        ],
        responses={
            200: ChangesSerializer,
            **problem_responses(PROBLEMS),
        },
    )
    @conditional
    def get(self, request: Request) -> Response:
        """Return objects as the caller may read them now, and tombstones for those that are gone."""
        values = parse_query(request.query_params, _KINDS)
        since = values.get("since", FeedPlace(0))
        latest = last_sequence()
        if since.sequence > latest:
            problem = "The feed has not reached {}. A copy of another or older database needs a new snapshot."
            raise BadParameters([describe("since", str(since), problem, [f"0 to {latest}"], correction="")])
        page = replication.changes(request.user, since, values.get("limit", DEFAULT_LIMIT))
        entries = [_as_json(entry) for entry in page.entries]
        return Response({"results": entries, "next": str(page.next), "more": page.more})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers for caches."""
        return with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))


def _as_json(entry: replication.FeedEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "noun": entry.noun,
        "id": entry.id,
        "gone": entry.object is None,
        "object": entry.object,
    }
