"""One box for programs: a code, a piece of a log, or words."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb.api.framework.cache import conditional, kept_apart
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.parameter_values import TEXT, text_of, whole
from kb.api.framework.parameters import ParameterField, read
from kb.api.framework.schema import SearchSchema
from kb.api.resources.tables import visible_tables
from kb.api.resources.verdicts import MeaningSerializer, Site, VerdictSerializer
from kb.models import CodeTable
from kb.models.visibility import Person
from kb.queries import detection, lookup_many
from kb.queries.lookup import find_code
from kb.queries.lookup_many import CodeMeaning, CodeVerdict
from kb.queries.text_results import TextResults, text_results
from kb.services import usage

Ranked = tuple[CodeMeaning, list[tuple[str, bool]]]

MAX_RESULTS = 50
DEFAULT_RESULTS = 20


class PieceSerializer(serializers.Serializer):
    """A piece of a passage."""

    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    marked = serializers.BooleanField(help_text="Whether it is what was looked for.")


class ResultSerializer(MeaningSerializer):
    """A code that answers, and the passage that says so."""

    passage = PieceSerializer(many=True, help_text="Empty where the code itself was asked for.")


class SearchSerializer(VerdictSerializer):
    """What was asked, taken as a code; codes near it, never chosen; and everything that answers."""

    near = MeaningSerializer(many=True, help_text="Codes one edit away, or that begin so; for a code in no table.")
    corrected = serializers.DictField(child=serializers.CharField(), help_text="Words by what was looked for instead.")
    more = serializers.BooleanField(help_text="Whether more answer than `results` holds.")
    results = ResultSerializer(many=True, help_text="The codes that were asked for, then what answers the words.")


class SearchView(APIView):
    """Answers as the search box of the pages does."""

    schema = SearchSchema()
    http_method_names = ["get", "head", "options"]
    answer = SearchSerializer
    parameters = {
        "q": ParameterField(kind=text_of(detection.MAX_QUERY)),
        "table": ParameterField(kind=TEXT),
        "limit": ParameterField(kind=whole(1, MAX_RESULTS)),
    }

    described = [
        OpenApiParameter(
            "q",
            {**parameters["q"].kind.schema, "pattern": r"^[^\u0000]*[^\u0000\s][^\u0000]*$"},
            required=True,
            description="A code in any spelling, a line of a log, or words.",
            examples=[OpenApiExample("a code", "660300001")],
        ),
        OpenApiParameter("table", dict(TEXT.schema), description="Slug of the table to look in."),
        OpenApiParameter(
            "limit",
            {**parameters["limit"].kind.schema, "default": DEFAULT_RESULTS},
            description="Results at most.",
        ),
    ]

    @extend_schema(operation_id="search", summary="Search for a code or for words")
    @conditional
    def get(self, request: Request) -> Response:
        """Answer with the codes that a question means, the best first."""
        asked = read(request.query_params, self.parameters)
        if not asked.get("q", "").strip():
            raise BadParameters(
                [describe("q", asked.get("q", ""), "It is needed.", ["a code, a line of a log or words"])]
            )
        within = (
            CodeTable.objects.get(pk=visible_tables([asked["table"]], request.user)[0]) if "table" in asked else None
        )
        return Response(_answer(request, asked["q"].strip(), within, asked.get("limit", DEFAULT_RESULTS)))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of shared caches."""
        return kept_apart(request, super().finalize_response(request, response, *args, **kwargs))


def _answer(request: Request, query: str, within: CodeTable | None, limit: int) -> dict[str, Any]:
    user, tables = request.user, None if within is None else [within.pk]
    found = find_code(query, user, within)
    hits = [(hit.code, hit.how) for hit in found.hits] or _quoted(query, user, within)
    words = text_results(query, user, limit, tables)
    _count(query, [code.pk for code, _ in hits], words, user)
    near = [one.code for one in found.near] + found.completions
    known = lookup_many.surroundings([*(c for c, _ in hits), *near, *(hit.code for hit in words.hits)], user)
    meanings = [lookup_many.meaning(code, how, known) for code, how in hits]
    verdict = lookup_many.overall(meanings) if meanings else found.verdict
    site, named = Site(request), {code.pk for code, _ in hits}
    others = [hit for hit in words.hits if hit.code.pk not in named]
    results: list[Ranked] = [(one, []) for one in meanings]
    results += [(lookup_many.meaning(hit.code, "words", known), hit.pieces) for hit in others]
    return {
        **site.verdict(CodeVerdict(query, verdict, meanings, found.ranges if not meanings else [])),
        "near": [site.meaning(lookup_many.meaning(code, "near", known)) for code in near],
        "corrected": words.corrected,
        "more": words.more or len(results) > limit,
        "results": [_result(site, one, pieces) for one, pieces in results[:limit]],
    }


def _quoted(query: str, user: Person | None, within: CodeTable | None) -> list[tuple[Any, str]]:
    codes = detection.codes_in(query, user)
    return [(code, "named in the text") for code in codes if within is None or code.table_id == within.pk]


def _result(site: Site, one: CodeMeaning, pieces: list[tuple[str, bool]]) -> dict[str, Any]:
    return {**site.meaning(one), "passage": [{"text": text, "marked": marked} for text, marked in pieces]}


def _count(query: str, named: list[int], words: TextResults, user: Person | None) -> None:
    usage.count_codes(named)
    if not named and not words.hits:
        usage.count_miss(query, user)
