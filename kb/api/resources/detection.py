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
from kb.models import ReturnCode
from kb.models.tokens import READING, Scope
from kb.models.visibility import Person
from kb.queries import detection, lookup_many
from kb.queries.lookup import Verdict
from kb.queries.lookup_many import CodeVerdict
from kb.queries.surroundings import surroundings
from kb.queries.verdict_json import INCLUDED, VerdictRenderer
from kb.services import usage
from kb.text.detection.judgement import CodeMatch, Role, UnknownMatch

MAX_SPANS = 100
"""Positions that an answer lists for one code; `count` is their number."""

TableMatch = CodeMatch[tuple[ReturnCode, ...]]

_READ = "named in the text"
_NO_TABLE: dict[str, Any] = {
    "certainty": None,
    "is_likely": False,
    "role": None,
    "inside": "",
    "why": "",
    "message": "",
    "filled": [],
}
"""What is said of a code in no table."""

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
        matches: list[TableMatch | UnknownMatch] = [*report.codes, *report.unknown]
        verdicts = lookup_many.with_near(_verdicts(report, request.user), request.user)
        renderer = VerdictRenderer.of(verdicts, request.user, site_of(request), include)
        codes = [renderer.verdict(one) | _place(match) for match, one in zip(matches, verdicts, strict=True)]
        return Response({"codes": codes, "read_to_line": report.read_to_line})


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


def _verdicts(report: detection.Report, user: Person | None) -> list[CodeVerdict]:
    """Return the verdicts on the codes of a text, then on those that are in no table."""
    context = surroundings((code for match in report.codes for code in match.id), user)
    verdicts = []
    for match in report.codes:
        meanings = lookup_many.meanings(((code, _READ) for code in match.id), context)
        verdicts.append(CodeVerdict(match.written, lookup_many.overall(meanings), meanings))
    for unknown in report.unknown:
        ranges = [unknown.range] if unknown.range is not None else []
        verdict = Verdict.IN_KNOWN_RANGE if ranges else Verdict.UNKNOWN
        verdicts.append(CodeVerdict(unknown.written, verdict, [], ranges))
    return [verdict._replace(anatomy=report.anatomies.get(verdict.query)) for verdict in verdicts]


def _place(match: TableMatch | UnknownMatch) -> dict[str, Any]:
    """Return where the text has a code, and why it looks like one."""
    spans = [{"start": start, "end": end} for start, end in match.spans[:MAX_SPANS]]
    place = {"spans": spans, "count": match.count, "line": match.line, "column": match.column}
    if isinstance(match, UnknownMatch):
        return place | _NO_TABLE | {"why": match.why}
    return place | {
        "certainty": match.confidence,
        "is_likely": match.is_likely,
        "role": match.role.value,
        "inside": match.inside,
        "why": match.why,
        "message": match.message,
        "filled": [{"name": name, "text": text} for name, text in match.filled],
    }
