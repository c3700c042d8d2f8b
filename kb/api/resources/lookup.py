"""Many codes in, as many verdicts out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.body_views import AskView
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.request_bodies import is_text, members, shown
from kb.api.resources.tables import visible_tables
from kb.api.resources.verdicts import Site, VerdictSerializer
from kb.models.visibility import Person
from kb.queries import lookup_many
from kb.queries.lookup import Verdict
from kb.services import usage
from kb.text.codes.forms import MAX_LENGTH

MAX_CODES = 1_000
MAX_NAMED = 100
"""Bad codes that an error names."""

_CODE: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": r"^[^\u0000]*[^\u0000\s][^\u0000]*$"},
        {"type": "integer", "minimum": -(2**63) + 1, "maximum": 2**63 - 1},
    ]
}
BODY: dict[str, Any] = {
    "type": "object",
    "required": ["codes"],
    "additionalProperties": False,
    "properties": {
        "codes": {"type": "array", "items": _CODE, "minItems": 1, "maxItems": MAX_CODES},
        "table": {"type": "string", "description": "Slug of the table to look in; without it, in all of them."},
    },
}


class LookupSerializer(serializers.Serializer):
    """Verdicts, in the order of the codes."""

    verdicts = VerdictSerializer(many=True)


class LookupView(AskView):
    """Says of each code whether it is known, and what there is on it."""

    max_body = 2**20
    body = BODY
    answer = LookupSerializer
    examples = [
        OpenApiExample("codes of one table", {"codes": ["660300001", 3], "table": "zim-server"}, request_only=True)
    ]

    @extend_schema(operation_id="lookup", summary="Look many codes up")
    def post(self, request: Request) -> Response:
        """Answer with one verdict a code, in the same order; codes are read in any spelling."""
        codes, within = self._asked(request)
        found = lookup_many.look_up(codes, request.user, within)
        _count(found, request.user)
        site = Site(request)
        return Response({"verdicts": [site.verdict(one) for one in found]})

    def _asked(self, request: Request) -> tuple[list[str], int | None]:
        given = members(request.data, BODY["properties"])
        codes, errors = _codes(given.get("codes"))
        within, wrong = _table(given["table"], request.user) if "table" in given else (None, [])
        if errors or wrong:
            raise BadParameters([*errors, *wrong])
        return codes, within


def _codes(given: Any) -> tuple[list[str], list[dict[str, Any]]]:
    allowed = [f"a list of 1 to {MAX_CODES} codes"]
    if not isinstance(given, list) or not given:
        return [], [describe("codes", "" if given is None else shown(given), "It is no list of codes.", allowed)]
    if len(given) > MAX_CODES:
        return [], [describe("codes", "", f"It holds {len(given)} codes, too many for one request.", allowed)]
    errors = [_wrong(n, one) for n, one in enumerate(given) if not _is_code(one)]
    return [str(one) for one in given], errors[:MAX_NAMED]


def _is_code(given: Any) -> bool:
    if isinstance(given, int) and not isinstance(given, bool):
        return abs(given) < 2**63
    return is_text(given) and len(given) <= MAX_LENGTH and bool(given.strip())


def _wrong(n: int, given: Any) -> dict[str, Any]:
    allowed = [f"text of 1 to {MAX_LENGTH} characters", "a whole number of 64 bits"]
    return describe(f"codes[{n}]", shown(given), "{} is no code.", allowed)


def _table(slug: Any, user: Person | None) -> tuple[int | None, list[dict[str, Any]]]:
    if not is_text(slug):
        return None, [describe("table", shown(slug), "{} is no slug of a table.")]
    try:
        return visible_tables([slug], user)[0], []
    except BadParameters as wrong:
        return None, wrong.errors


def _count(found: list[lookup_many.CodeVerdict], user: Person | None) -> None:
    usage.count_codes({one.code.pk for judged in found for one in judged.meanings})
    for judged in found:
        if judged.verdict in (Verdict.UNKNOWN, Verdict.IN_KNOWN_RANGE):
            usage.count_miss(judged.query, user)
