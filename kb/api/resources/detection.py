"""Detection: the codes in a text, each with its positions and its verdict."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.body_views import BodyView, site_of
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.request_bodies import MISSING, JSONBody, TextBody, TooLarge, as_text, members
from kb.api.resources.verdicts import INCLUDE, VerdictSerializer
from kb.models.tokens import READING, Scope
from kb.models.visibility import Person
from kb.queries import detection
from kb.queries.detection_json import MAX_SPANS, report_json
from kb.queries.verdict_json import INCLUDED
from kb.services import usage
from kb.text.detection.judgement import MAX_UNKNOWN, Role

BODY: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "description": "A ticket or a log of at most 1 MB in UTF-8."},
        "include": INCLUDE,
    },
}


class SpanSerializer(serializers.Serializer[Any]):
    """A position in the text, in Unicode characters from 0; `end` is after the last character."""

    start = serializers.IntegerField(help_text="From 0, in Unicode code points: not in UTF-16 units, nor in bytes.")
    end = serializers.IntegerField(help_text="After the last character, counted in the same way.")


class FilledSerializer(serializers.Serializer[Any]):
    """What the text has in a hole of a vendor's message."""

    name = serializers.CharField(help_text="The hole's name, or the word before it.")
    text = serializers.CharField()


class DetectedSerializer(VerdictSerializer):
    """A code in the text. Certainty and role are null for a code in no table."""

    spans = SpanSerializer(
        many=True, help_text=f"The first {MAX_SPANS} positions, in code points: JavaScript counts UTF-16."
    )
    count = serializers.IntegerField(help_text="How often it appears in the text.")
    line = serializers.IntegerField(help_text="The line of its first position, from 1.")
    column = serializers.IntegerField(help_text="The column of its first position, from 1, in Unicode characters.")
    certainty = serializers.FloatField(allow_null=True, help_text="From 0 to 1: how likely it is a code here.")
    is_likely = serializers.BooleanField(help_text="Whether it is likely enough to act on.")
    role = serializers.ChoiceField([role.value for role in Role], allow_null=True)
    inside = serializers.CharField(allow_blank=True, help_text="For a cause: the code that wraps it.")
    why = serializers.CharField(help_text="Why it looks like a code, as a message for people.")
    message = serializers.CharField(
        allow_blank=True,
        help_text="The vendor's message, as the text has it. Equal to `query` if only it names the code.",
    )
    filled = FilledSerializer(many=True, help_text="What the text has in the holes of the message.")


class DetectSerializer(serializers.Serializer[Any]):
    """The codes in a text, most useful first, then those that look like codes and are in no table."""

    codes = DetectedSerializer(many=True)
    read_to_line = serializers.IntegerField(
        allow_null=True, help_text="The last line read, if the text has too many codes; null if all of it was read."
    )
    not_listed = serializers.IntegerField(
        help_text=f"How many more codes in no table the lines read have: `codes` lists the first {MAX_UNKNOWN}."
    )


class DetectView(BodyView):
    """Finds the codes in a ticket or a log. The text is neither stored nor logged."""

    parser_classes = (JSONBody, TextBody)
    scopes = READING | {Scope.DETECT}
    # JSON may write a character of two bytes as six.
    max_body = 3 * detection.MAX_TEXT + 1_000
    body = BODY
    answer = DetectSerializer
    included = INCLUDED
    examples = [
        OpenApiExample(
            "a line of a log",
            {"text": "10:02:11 login failed, code=660300001"},
            request_only=True,
            media_type="application/json",
        )
    ]

    @extend_schema(operation_id="detect_codes", summary="Detect codes in a text")
    def post(self, request: Request) -> Response:
        """Return the codes in a text and a verdict on each. Send JSON or plain text."""
        errors: list[dict[str, Any]] = []
        include = self.include(request, errors)
        report = _detect(_text(request, errors), request.user)
        usage.count_codes({code.pk for match in report.codes if match.is_likely for code in match.id})
        return Response(report_json(report, request.user, site_of(request), include))


def _text(request: Request, errors: list[dict[str, Any]]) -> str:
    """Return the text of the body. Raises BadParameters, for the errors before it, too."""
    text = members(request.data, BODY["properties"], errors).get("text", MISSING)
    if not isinstance(text, str):
        sent, problem = ("", "It is required.") if text is MISSING else (as_text(text), "It is not text.")
        errors.append(describe("text", sent, problem, ["text of at most 1 MB"], correction=""))
    if errors or not isinstance(text, str):
        raise BadParameters(errors)
    # An answer cannot contain a lone surrogate. One character replaces it, so that positions stay right.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not text.isascii() else text


def _detect(text: str, user: Person | None) -> detection.Report:
    try:
        return detection.detect(text, user)
    except detection.TooLong as error:
        raise TooLarge(str(error)) from None
