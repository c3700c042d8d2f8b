"""Search by a code, a line of a log or words, as the search box of the pages does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.urls import get_script_prefix, set_script_prefix
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb import searching
from kb.api.framework.errors import BadParameters
from kb.api.framework.http_cache import conditional, with_cache_headers
from kb.api.framework.json_rows import json_of
from kb.api.framework.parameter_values import SLUG, YES_NO, list_of, text_of, whole
from kb.api.framework.parameters import naming_all, parse_query, query_of
from kb.api.framework.schema import SearchSchema, example
from kb.api.resources.tables import visible_tables
from kb.api.resources.verdicts import FirstNoteSerializer, MeaningSerializer, VerdictSerializer
from kb.models import CodeTable, ReturnCode
from kb.models.code_rows import codes_by_id
from kb.models.visibility import Person
from kb.queries import detection, lookup_many
from kb.queries.lookup import CodeAnswer, Verdict, find_code
from kb.queries.lookup_many import CodeVerdict
from kb.queries.surroundings import FirstNote, Surroundings, surroundings
from kb.queries.text_results import StoredResult, stored_results
from kb.queries.verdict_json import VerdictRenderer
from kb.services import usage

_READ = "words"
PATH = "/api/v1/search/"
MAX_RESULTS = 50
DEFAULT_RESULTS = 20


class PieceSerializer(serializers.Serializer[Any]):
    """A piece of a passage."""

    text = serializers.CharField(allow_blank=True, trim_whitespace=False)
    marked = serializers.BooleanField(help_text="Whether this piece matches the query.")


class ResultSerializer(MeaningSerializer):
    """A code that matches, and the passage that matches."""

    passage = PieceSerializer(many=True, help_text="Empty if the query is the code itself.")

    class Meta:
        model = ReturnCode
        fields = [*MeaningSerializer.Meta.fields, "passage"]
        read_only_fields = MeaningSerializer.Meta.read_only_fields


class SearchSerializer(VerdictSerializer):
    """The verdict on the query as a code, codes near it, and all results. A near code has another meaning."""

    near: Any = MeaningSerializer(
        many=True, help_text="For an unknown code: codes one edit away, or that begin with it."
    )
    corrected = serializers.DictField(
        child=serializers.CharField(),
        help_text="Corrected words by misspelled word.",
    )
    more = serializers.BooleanField(help_text="Whether there are more results.")
    results = ResultSerializer(many=True, help_text="The codes that the query names, then codes that match its words.")
    notes = FirstNoteSerializer(many=True, help_text="Notes about no code that match the words; none within tables.")


class SearchView(APIView):
    """Searches as the search box of the pages does."""

    schema = SearchSchema()
    http_method_names = ["get", "head", "options"]
    answer = SearchSerializer
    kinds = {"q": text_of(detection.MAX_QUERY), "table": list_of(SLUG), "exact": YES_NO, "limit": whole(1, MAX_RESULTS)}
    described = [
        OpenApiParameter(
            "q",
            {**kinds["q"].schema, "pattern": r"^[^\u0000]*[^\u0000\s][^\u0000]*$"},
            required=True,
            description="A code in any spelling, a line of a log, or words.",
            examples=[example("660300001")],
        ),
        OpenApiParameter(
            "table",
            dict(kinds["table"].schema),
            description="Slugs of the tables to look in, separated by commas. Without it, all tables.",
            examples=[example("zim-server")],
        ),
        OpenApiParameter(
            "exact",
            dict(YES_NO.schema),
            description="With true, no misspelled word is corrected: search for what `corrected` replaced.",
            examples=[example(True)],
        ),
        OpenApiParameter(
            "limit",
            {**kinds["limit"].schema, "default": DEFAULT_RESULTS},
            description="Maximum number of results.",
            examples=[example(5)],
        ),
    ]

    @extend_schema(operation_id="search", summary="Search for a code or words")
    @conditional
    def get(self, request: Request) -> Response:
        """Return the codes that match the query, best first."""
        answer, counts = _answer(query_of(request), request.user, request.build_absolute_uri(get_script_prefix()))
        usage.repeat_counts(counts)
        return Response(answer)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers for caches."""
        return with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))


def find(query: str, user: Person | None, site: str) -> tuple[bytes, usage.Records] | None:
    """Return the body that `SearchView` would send, and what to count; None if only the view can tell.

    `site` is the address of the start page.
    """
    set_script_prefix(urlsplit(site).path)
    try:
        answer, counts = _answer(query, user, site)
    except BadParameters:
        return None
    return json_of(answer), counts


def _parse(query: str, user: Person | None) -> tuple[dict[str, Any], list[int] | None]:
    """Return the values of a query's parameters, and the ids of the tables to look in. Raises BadParameters."""
    checks = {"table": lambda slugs, most: visible_tables(slugs, user, most=most)}
    with naming_all(query, SearchView.kinds, checks):
        values = parse_query(query, SearchView.kinds, required={"q": "a code, a line of a log or words"})
        return values, visible_tables(values["table"], user) if "table" in values else None


def _answer(parameters: str, user: Person | None, site: str) -> tuple[dict[str, Any], usage.Records]:
    """Return the codes that match a query, best first, and what to count. Raises BadParameters."""
    values, tables = _parse(parameters, user)
    query = values["q"].strip()
    limit, exact = values.get("limit", DEFAULT_RESULTS), values.get("exact", False)
    table = CodeTable.objects.get(pk=tables[0]) if tables and len(tables) == 1 else None
    lookup = _within(find_code(query, user, table), tables)
    codes = [(hit.code, hit.how) for hit in lookup.hits] or _codes_in(query, user, tables)
    words = stored_results(query, user, limit, tables, site, exact)
    ids = {code.pk for code, _ in codes}
    notes = searching.notes_about_no_code(query, user) if tables is None else []
    near = [near.code for near in lookup.near] + lookup.completions
    others = [hit for hit in words.hits if hit.row["id"] not in ids]
    shown = _codes_of(others, user)
    context = surroundings([*(code for code, _ in codes), *near, *shown.values()], user)
    meanings = lookup_many.meanings(codes, context)
    verdict = lookup_many.overall(meanings) if meanings else lookup.verdict
    renderer = VerdictRenderer(site)
    results: list[Any] = [renderer.meaning(meaning, passage=[]) for meaning in meanings]
    results += [_word_result(hit, shown, context, renderer) for hit in others]
    firsts = [FirstNote(note.pk, note.title, note.version, note.state, note.audience) for note in notes]
    ranges = lookup.ranges if not meanings else []
    whole = lookup_many.with_anatomies([CodeVerdict(query, verdict, meanings, ranges)], user)[0]
    answer = {
        **renderer.verdict(whole),
        "near": [renderer.meaning(one) for one in lookup_many.meanings(((code, "near") for code in near), context)],
        "corrected": words.corrected,
        "more": words.more or len(results) > limit,
        "results": results[:limit],
        "notes": [renderer.note(note) for note in firsts],
    }
    return answer, _counts(query, ids, bool(words.hits or notes), user)


def _within(lookup: CodeAnswer, tables: Collection[int] | None) -> CodeAnswer:
    """Return what a look-up found in some tables."""
    if tables is None or len(tables) == 1:
        return lookup
    hits = [hit for hit in lookup.hits if hit.code.table_id in tables]
    ranges = [block for block in lookup.ranges if block.table_id in tables]
    return replace(
        lookup,
        verdict=lookup.verdict if hits or ranges else Verdict.UNKNOWN,
        hits=hits,
        ranges=ranges,
        near=[near for near in lookup.near if near.code.table_id in tables],
        completions=[code for code in lookup.completions if code.table_id in tables],
    )


def _codes_of(hits: Sequence[StoredResult], user: Person | None) -> dict[int, ReturnCode]:
    """Return the codes with notes or incidents, by id."""
    return codes_by_id([hit.row["id"] for hit in hits if hit.has_card], user)


def _word_result(
    hit: StoredResult, codes: Mapping[int, ReturnCode], context: Surroundings, renderer: VerdictRenderer
) -> Any:
    """Return the members of a ResultSerializer: from the finished answer if the code has no note and no incident."""
    row, passage = hit.row, [{"text": text, "marked": marked} for text, marked in hit.pieces]
    with_card = [(codes[row["id"]], _READ)] if hit.has_card and row["id"] in codes else []
    for meaning in lookup_many.meanings(with_card, context):
        return renderer.meaning(meaning, passage=passage)
    verdict = Verdict.KNOWN_WITHOUT_NOTE if row["retired_at"] is None else Verdict.RETIRED
    return {
        **row,
        "read": _READ,
        "verdict": verdict.value,
        "confidence": None,
        "audience": hit.audience,
        "note": None,
        "open_incidents": [],
        "truncated": [],
        "passage": passage,
    }


def _codes_in(text: str, user: Person | None, tables: Collection[int] | None) -> list[tuple[ReturnCode, str]]:
    codes = detection.codes_in(text, user)
    return [(code, "named in the text") for code in codes if tables is None or code.table_id in tables]


def _counts(query: str, ids: Collection[int], has_results: bool, user: Person | None) -> usage.Records:
    is_miss = not ids and not has_results
    return usage.records_of(ids) + (usage.records_of_miss(query, user) if is_miss else [])
