"""What changed after a place in the feed, for copies elsewhere."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb.api.framework.access import MayRead
from kb.api.framework.cache import conditional, kept_apart
from kb.api.framework.errors import CONTENT_TYPE, BadParameters, ProblemSerializer, describe
from kb.api.framework.parameter_values import ValueKind, ValueRefused, whole
from kb.api.framework.parameters import ParameterField, read
from kb.api.framework.schema import PROBLEMS, ProblemSchema
from kb.models.changes import last_sequence
from kb.queries import replication
from kb.queries.replication import FeedPlace

MAX_LIMIT = 1000
DEFAULT_LIMIT = 200
_PLACE = re.compile(rf"([0-9]{{1,18}})(?:\.({'|'.join(replication.STEPS)})\.([0-9]{{1,18}}))?")


def _place(text: str) -> FeedPlace:
    found = _PLACE.fullmatch(text)
    if not found:
        raise ValueRefused(
            "{} is no place in the feed.", ["0", "the `next` of an earlier answer", "a snapshot's `sequence`"]
        )
    return FeedPlace(int(found[1]), found[2] or "", int(found[3] or 0))


SINCE = ValueKind(_place, {"type": "string", "pattern": f"^{_PLACE.pattern}$"})
LIMIT = whole(1, MAX_LIMIT)
_PARAMETERS = {"since": ParameterField(kind=SINCE), "limit": ParameterField(kind=LIMIT)}


class EntrySerializer(serializers.Serializer):
    """What the caller may read of an object now."""

    sequence = serializers.IntegerField(help_text="Of its last change that is told here.")
    noun = serializers.ChoiceField(list(replication.NOUNS))
    id = serializers.IntegerField()
    gone = serializers.BooleanField(help_text="Deleted, or not for this caller any longer. With a table go its codes.")
    object = serializers.DictField(allow_null=True, help_text="As in a snapshot; null where it is gone.")


class ChangesSerializer(serializers.Serializer):
    """Some of the feed. An object that changed several times comes once."""

    results = EntrySerializer(many=True)
    next = serializers.CharField(help_text="What `since` is next time.")
    more = serializers.BooleanField(help_text="Whether to ask again at once.")


class ChangesView(APIView):
    """The feed, in the order of commits."""

    schema = ProblemSchema()
    permission_classes = [MayRead]

    @extend_schema(
        tags=["synchronisation"],
        summary="What changed since",
        operation_id="changes",
        parameters=[
            OpenApiParameter("since", dict(SINCE.schema), description="Where reading goes on; from the start without."),
            OpenApiParameter("limit", {**LIMIT.schema, "default": DEFAULT_LIMIT}, description="Entries at most."),
        ],
        responses={
            200: ChangesSerializer,
            **{
                (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, said)
                for status, said in PROBLEMS.items()
                if status != 404
            },
        },
    )
    @conditional
    def get(self, request: Request) -> Response:
        """Answer with objects as the caller may read them now, and with tombstones."""
        asked = read(request.query_params, _PARAMETERS)
        since = asked.get("since", FeedPlace(0))
        latest = last_sequence()
        if since.sequence > latest:
            said = "The feed has not come to {}: a copy of another or an older database needs a new snapshot."
            raise BadParameters([describe("since", str(since), said, [f"0 to {latest}"])])
        page = replication.changes(request.user, since, asked.get("limit", DEFAULT_LIMIT))
        return Response({"results": [_told(one) for one in page.entries], "next": str(page.next), "more": page.more})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of shared caches."""
        return kept_apart(request, super().finalize_response(request, response, *args, **kwargs))


def _told(entry: replication.FeedEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "noun": entry.noun,
        "id": entry.id,
        "gone": entry.object is None,
        "object": entry.object,
    }
