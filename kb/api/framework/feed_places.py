"""Places in the feed as texts, and the refusal of those that are gone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.reverse import reverse

from kb.api.framework.parameter_values import MAX_VALUES
from kb.models import incarnations
from kb.queries import dependents
from kb.queries.replication import START, FeedPlace

_STEPS = "|".join(dependents.STEPS)
_REST = rf"[0-9]{{1,18}}(?:\.(?:{_STEPS})\.[0-9]{{1,18}})?(?:~[0-9]{{1,18}}(?:\.[0-9]{{1,18}}){{0,{MAX_VALUES - 1}}})?"
# Without an incarnation while a database is being restored, whose counter is missing.
_OF = rf"(?:{incarnations.PATTERN})?[a-z]"
_PLACE = re.compile(rf"(?:(?P<incarnation>{_OF})-)?(?P<rest>{_REST})")
PATTERN = rf"^(?:{_OF}-)?{_REST}$"
"""What a client may send: 0 for the start, and what was a place in an earlier release."""


class FeedPlaceGone(APIException):
    """A place in the feed or in a list is of another incarnation of the database, or after the feed's end.

    In the feed also one that was made for somebody with other rights.
    """

    status_code = 410
    default_code = problem_type = "feed_place_gone"
    default_detail = (
        "This place is not of the present database (it was restored or replaced, or the place is of an earlier release"
        " or mistyped), or your rights to read have changed. Start again with the snapshot whose address is in"
        " `snapshot`; a list, from its first page."
    )

    def __init__(self, followed: Mapping[str, Sequence[str]] | None = None, detail: str | None = None) -> None:
        """Store the parameters of the snapshot with which a copy starts again.

        They are those of the request for None. If they have a `table` without a name, no snapshot is right now.
        """
        super().__init__(detail)
        self.followed = followed

    def members(self, request: Request) -> dict[str, Any]:
        """Return what the problem says beside its usual members: the snapshot of what the request follows."""
        asked = {name: request.query_params.getlist(name) for name in ("table", "noun") if name in request.query_params}
        followed = QueryDict(mutable=True)
        for name, values in (asked if self.followed is None else self.followed).items():
            if not values:
                return {}
            followed.setlist(name, values)
        return {"snapshot": reverse("api-snapshot", query=followed or None, request=request)}


def place_of(text: str) -> FeedPlace | None:
    """Return the place that a text names; None if it is none.

    A number alone is a place of an earlier release, and of no incarnation; 0 is the start of the feed.
    """
    match = _PLACE.fullmatch(text)
    if not match:
        return None
    if text == "0":
        return START
    rest, _, tables = match["rest"].partition("~")
    sequence, step, after = (*rest.split("."), "", "")[:3]
    ids = tuple(int(pk) for pk in tables.split(".")) if tables else None
    return FeedPlace(match["incarnation"] or "old", int(sequence), step, int(after or 0), ids)
