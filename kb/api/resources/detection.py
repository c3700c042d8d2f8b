"""The codes in a text, each with its places and its verdict."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.body_views import AskView
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.request_bodies import JSONBody, TextBody, TooLarge, members, shown
from kb.api.resources.verdicts import Site, VerdictSerializer
from kb.models.tokens import READING, Scope
from kb.models.visibility import Person
from kb.queries import detection, lookup_many
from kb.queries.lookup import Verdict
from kb.queries.lookup_many import CodeVerdict
from kb.services import usage
from kb.text.detection.judgement import Role, UnknownMatch

MAX_SPANS = 100
"""Places of one code that are listed; `count` has how many there are."""

BODY: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "description": "A ticket or a log, of at most 1 MB in UTF-8."}},
}


class SpanSerializer(serializers.Serializer):
    """A place in the text, in Unicode characters from 0; the end is the character after the last one."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()


class DetectedSerializer(VerdictSerializer):
    """A code in the text. What is in no table has neither certainty nor role."""

    spans = SpanSerializer(many=True, help_text=f"The first {MAX_SPANS} places.")
    count = serializers.IntegerField(help_text="How often it stands in the text.")
    line = serializers.IntegerField(help_text="The line of its first place, from 1.")
    certainty = serializers.FloatField(allow_null=True, help_text="From 0 to 1: whether it is a code at all here.")
    is_likely = serializers.BooleanField(help_text="Whether it is certain enough to act on.")
    role = serializers.ChoiceField([role.value for role in Role], allow_null=True)
    inside = serializers.CharField(allow_blank=True, help_text="For a cause: the code that wraps it.")
    why = serializers.CharField(help_text="What makes it a code, for a person.")


class DetectSerializer(serializers.Serializer):
    """The codes of a text, the most useful first, then what looks like a code and is in no table."""

    codes = DetectedSerializer(many=True)
    read_to_line = serializers.IntegerField(
        allow_null=True, help_text="Where reading stopped, in a text of very many codes; null if all was read."
    )


class DetectView(AskView):
    """Finds the codes in a ticket or a log. Nothing of the text is stored or logged."""

    parser_classes = (JSONBody, TextBody)
    scopes = READING | {Scope.DETECT}
    # JSON writes a character of two bytes with six.
    max_body = 3 * detection.MAX_TEXT + 1_000
    body = BODY
    answer = DetectSerializer
    examples = [
        OpenApiExample(
            "a line of a log",
            {"text": "10:02:11 login failed, code=660300001"},
            request_only=True,
            media_type="application/json",
        )
    ]

    @extend_schema(operation_id="detect", summary="Detect codes in a text")
    def post(self, request: Request) -> Response:
        """Answer with the codes of a text and a verdict on each; plain text needs no JSON around it."""
        report = _detected(_text(request), request.user)
        usage.count_codes({code.pk for found in report.codes if found.is_likely for code in found.id})
        beside = lookup_many.surroundings((code for found in report.codes for code in found.id), request.user)
        site = Site(request)
        known = [_known(found, beside, site) for found in report.codes]
        return Response(
            {"codes": [*known, *(_unknown(one, site) for one in report.unknown)], "read_to_line": report.read_to_line}
        )


def _text(request: Request) -> str:
    text = members(request.data, BODY["properties"]).get("text")
    if not isinstance(text, str):
        raise BadParameters(
            [describe("text", "" if text is None else shown(text), "It is no text.", ["text of at most 1 MB"])]
        )
    # Half a surrogate pair has no place in an answer; one character for one, so that places stay.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not text.isascii() else text


def _detected(text: str, user: Person | None) -> detection.Report:
    try:
        return detection.detect(text, user)
    except detection.TooLong as error:
        raise TooLarge(str(error)) from None


def _known(found: Any, beside: lookup_many.Surroundings, site: Site) -> dict[str, Any]:
    meanings = [lookup_many.meaning(code, "named in the text", beside) for code in found.id]
    return {
        **site.verdict(CodeVerdict(found.written, lookup_many.overall(meanings), meanings)),
        **_places(found.spans, found.count, found.line),
        "certainty": found.confidence,
        "is_likely": found.is_likely,
        "role": found.role.value,
        "inside": found.inside,
        "why": found.why,
    }


def _unknown(found: UnknownMatch, site: Site) -> dict[str, Any]:
    ranges = [found.range] if found.range is not None else []
    verdict = Verdict.IN_KNOWN_RANGE if ranges else Verdict.UNKNOWN
    return {
        **site.verdict(CodeVerdict(found.written, verdict, [], ranges)),
        **_places(found.spans, found.count, found.line),
        "certainty": None,
        "is_likely": False,
        "role": None,
        "inside": "",
        "why": found.why,
    }


def _places(spans: Sequence[tuple[int, int]], count: int, line: int) -> dict[str, Any]:
    return {"spans": [{"start": a, "end": b} for a, b in spans[:MAX_SPANS]], "count": count, "line": line}
