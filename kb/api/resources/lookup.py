"""Lookup of many codes at once: one verdict for each."""

from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.body_views import BodyView, site_of
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.parameter_values import CODE
from kb.api.framework.request_bodies import MISSING, as_text, is_text, members
from kb.api.resources.tables import visible_tables
from kb.api.resources.verdicts import INCLUDE, VerdictSerializer
from kb.models.visibility import Person
from kb.queries import lookup_many
from kb.queries.lookup import Verdict
from kb.queries.verdict_json import INCLUDED, VerdictRenderer
from kb.services import usage
from kb.text.codes.forms import MAX_LENGTH

MAX_CODES = 1_000
MAX_ERRORS = 100
"""Bad codes that an error lists."""

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
        "table": {"type": "string", "description": "Slug of the table to look in; without it, all tables."},
        "include": INCLUDE,
    },
}


class LookupSerializer(serializers.Serializer[Any]):
    """Verdicts in the order of the codes."""

    verdicts = VerdictSerializer(many=True)


class LookupView(BodyView):
    """Returns a verdict on each of up to 1,000 codes."""

    max_body = 2**20
    body = BODY
    answer = LookupSerializer
    included = INCLUDED
    examples = [
        OpenApiExample("codes of one table", {"codes": ["660300001", 3], "table": "zim-server"}, request_only=True),
        OpenApiExample(
            "what a ticket needs", {"codes": ["660300001"], "include": ["actions", "reply"]}, request_only=True
        ),
    ]

    @extend_schema(operation_id="lookup_codes", summary="Look up many codes")
    def post(self, request: Request) -> Response:
        """Return one verdict per code, in the same order. Codes may have any spelling."""
        errors: list[dict[str, Any]] = []
        include = self.include(request, errors)
        codes, table_id = _parse_body(request, errors)
        verdicts = lookup_many.look_up(codes, request.user, table_id)
        _count(verdicts, request.user)
        renderer = VerdictRenderer.of(verdicts, request.user, site_of(request), include)
        return Response({"verdicts": [renderer.verdict(verdict) for verdict in verdicts]})


def _parse_body(request: Request, errors: list[dict[str, Any]]) -> tuple[list[str], int | None]:
    """Return the codes, and the id of the table to look in. Raises BadParameters, for the errors before it, too."""
    values = members(request.data, BODY["properties"], errors)
    codes, code_errors = _parse_codes(values.get("codes", MISSING))
    table_id, table_errors = _parse_table(values["table"], request.user) if "table" in values else (None, [])
    errors += [*code_errors, *table_errors]
    if errors:
        raise BadParameters(errors)
    return codes, table_id


def _parse_codes(value: Any) -> tuple[list[str], list[dict[str, Any]]]:
    allowed = [f"a list of 1 to {MAX_CODES} codes"]
    if value is MISSING:
        return [], [describe("codes", "", "It is required.", allowed, correction="")]
    if not isinstance(value, list) or not value:
        return [], [describe("codes", as_text(value), "It is not a list of codes.", allowed, correction="")]
    if len(value) > MAX_CODES:
        problem = f"It has {len(value)} codes, too many for one request."
        return [], [describe("codes", "", problem, allowed, correction="")]
    errors = [_code_error(n, code) for n, code in enumerate(value) if not _is_code(code)]
    return [str(code) for code in value], errors[:MAX_ERRORS]


def _is_code(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 2**63
    return is_text(value) and len(value) <= MAX_LENGTH and bool(value.strip())


def _code_error(n: int, value: Any) -> dict[str, Any]:
    if is_text(value) and value.strip():
        # The filter `code` has the same sentence.
        try:
            CODE.parse(value)
        except ValidationError as error:
            return describe(f"codes[{n}]", as_text(value), str(error.message), **(error.params or {}))
    allowed = [f"text of 1 to {MAX_LENGTH} characters", "a whole number of 64 bits"]
    return describe(f"codes[{n}]", as_text(value), "{} is not a code.", allowed, correction="")


def _parse_table(slug: Any, user: Person | None) -> tuple[int | None, list[dict[str, Any]]]:
    if not is_text(slug):
        return None, [describe("table", as_text(slug), "{} is not the slug of a table.")]
    try:
        return visible_tables([slug], user)[0], []
    except BadParameters as error:
        return None, error.errors


def _count(verdicts: list[lookup_many.CodeVerdict], user: Person | None) -> None:
    usage.count_codes({meaning.code.pk for verdict in verdicts for meaning in verdict.meanings})
    for verdict in verdicts:
        if verdict.verdict in (Verdict.UNKNOWN, Verdict.IN_KNOWN_RANGE):
            usage.count_miss(verdict.query, user)
