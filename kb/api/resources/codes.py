"""The return codes of the API: list and detail."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db.models import Q, QuerySet
from django.urls import get_script_prefix
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from kb import answers
from kb.answers import build
from kb.answers.reader import complete
from kb.api.framework.json_rows import RenderedRows
from kb.api.framework.pagination import DEFAULT_SIZE
from kb.api.framework.read_views import ReadViewSet
from kb.api.framework.totals import yes_or_no
from kb.api.resources.code_filters import CodeFilters
from kb.api.resources.code_serializers import CodeSerializer
from kb.models import ReturnCode
from kb.models.visibility import reader
from kb.queries import cards as card_queries
from kb.services import usage
from kb.text.codes.forms import NO_NUMBER, readings

ROW_FIELDS = {*CodeSerializer.Meta.fields} - {*build.LISTS, "truncated"}
"""The fields that a list has unless the caller selects others."""


class CodeViewSet(ReadViewSet):
    """Return codes: what each means, and what to do about it."""

    queryset = ReturnCode.objects.none()
    serializer_class = CodeSerializer
    filterset_class = CodeFilters
    lookup_value_regex = "[0-9]{1,18}"
    default_ordering = "vendor"
    orders = {
        "vendor": ("table", "position", "id"),
        "code": ("sort_key", "id"),
        # The natural order starts with numeric codes, by value: one index serves both.
        "number": ("sort_key", "id"),
        "updated_at": ("updated_at", "id"),
        "id": ("id",),
    }
    # Codes without a number come last in both directions.
    borders = {"-number": NO_NUMBER}
    facets = {
        "table": "table__slug",
        "section": "section__slug",
        **{name: name for name in ("disposition", "disposition_origin", "fixer", "fixer_origin")},
        "retired": yes_or_no(Q(retired_at__isnull=False)),
    }
    related = {
        "notes": ("notes", "truncated"),
        "incidents": ("open_incidents", "past_incidents", "truncated"),
        "ranges": ("ranges", "truncated"),
    }
    related_in_detail = ("open_incidents", "notes", "truncated")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one code, and count the lookup."""
        response = super().retrieve(request, *args, **kwargs)
        usage.count_codes([int(kwargs["pk"])])
        return response

    def get_queryset(self) -> QuerySet[ReturnCode]:
        """Return the codes that the caller may read, with the fields of the list's order only."""
        order = (term.field.attname for term in self.order_terms())
        return ReturnCode.objects.visible_to(self.request.user).only("id", *order)

    def quick_page(self) -> Response | None:
        """Return the page of codes by table and spelling, which programs request most, with one indexed query.

        Return None for every other page, and if nothing is found: then the filters tell whether the table exists.
        """
        if {*self.values} != {"table", "code"} or len(self.values["table"]) != 1:
            return None
        forms = {reading.canonical for code in self.values["code"] for reading in readings(code)}
        level = reader(self.request.user)
        found = answers.rows_by_code(self.values["table"][0], forms, level, DEFAULT_SIZE + 1)
        if not 0 < len(found) <= DEFAULT_SIZE:
            return None
        site = self.request.build_absolute_uri(get_script_prefix())
        return Response(
            {"next": None, "previous": None, "results": RenderedRows(complete(row, site) for _, row in found)}
        )

    def get_object(self) -> Any:
        """Return the id of the requested code; `render_rows` finds out whether the caller may read it."""
        return int(self.kwargs["pk"])

    def render_rows(self, rows: Sequence[Any]) -> Any:
        """Return codes as the answer contains them, from the stored answers."""
        ids = [row if isinstance(row, int) else row.pk for row in rows]
        level, site = reader(self.request.user), self.request.build_absolute_uri(get_script_prefix())
        names = [name for name in CodeSerializer.Meta.fields if name in self.fields]
        if not self.fields - ROW_FIELDS and len(names) == len(ROW_FIELDS):
            stored = answers.rows_of(ids, level)
            return RenderedRows(complete(stored[pk], site) for pk in ids if pk in stored)
        whole = answers.whole(ids, level)
        if self.action == "retrieve" and not whole:
            raise NotFound
        ranges = card_queries.ranges_of(ids, self.request.user) if "ranges" in names else {}
        return [_chosen(names, *whole[pk], ranges.get(pk, []), site) for pk in ids if pk in whole]


def _chosen(names: Sequence[str], row: bytes, card: bytes, ranges: list[dict[str, Any]], site: str) -> dict[str, Any]:
    values = orjson.loads(complete(row, site)) | orjson.loads(complete(card, site))
    values["ranges"] = ranges[: build.MAX_ITEMS]
    cut = [*values["truncated"], *(["ranges"] if len(ranges) > build.MAX_ITEMS else [])]
    values["truncated"] = [name for name in build.LISTS if name in cut and name in names]
    return {name: values[name] for name in names}
