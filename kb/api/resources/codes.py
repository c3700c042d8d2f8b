"""The return codes of the API: list and detail."""

import re
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import get_script_prefix
from django.utils.encoding import iri_to_uri
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.errors import BadParameters
from kb.api.framework.json_rows import RenderedRows
from kb.api.framework.parameters import parse_query
from kb.api.framework.read_views import ReadViewSet
from kb.api.framework.totals import yes_or_no
from kb.api.resources import code_answers
from kb.api.resources.code_answers import Selection
from kb.api.resources.code_filters import CodeFilters
from kb.api.resources.code_queries import DEFAULT_ORDER, ORDERS
from kb.api.resources.code_serializers import CodeSerializer
from kb.models import ReturnCode
from kb.models.visibility import Reader, reader
from kb.services import usage
from kb.text.codes.forms import NO_NUMBER

PATHS = re.compile(r"/api/v1/codes/(?:([0-9]{1,18})/)?")
"""The addresses of the list and of a code, without the site's prefix."""


class CodeViewSet(ReadViewSet):
    """Return codes: what each means, and what to do about it."""

    queryset = ReturnCode.objects.none()
    serializer_class = CodeSerializer
    filterset_class = CodeFilters
    lookup_value_regex = "[0-9]{1,18}"
    default_ordering = DEFAULT_ORDER
    orders = ORDERS
    # Codes without a number come last in both directions.
    borders = {"-number": NO_NUMBER}
    facets = {
        "table": "table__slug",
        "section": "section__slug",
        **{name: name for name in ("disposition", "disposition_origin", "fixer", "fixer_origin")},
        "retired": yes_or_no(Q(retired_at__isnull=False)),
    }
    related = code_answers.RELATED
    related_in_detail = code_answers.IN_DETAIL

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one code, and count the lookup."""
        response = super().retrieve(request, *args, **kwargs)
        usage.count_codes([int(kwargs["pk"])])
        return response

    def get_queryset(self) -> QuerySet[ReturnCode]:
        """Return the codes that the caller may read, with the fields of the list's order only."""
        order = (term.field.attname for term in self.order_terms())
        return ReturnCode.objects.visible_to(self.request.user).only("id", *order)

    def quick_page(self) -> bytes | None:
        """Return the page by one query, if plain conditions select it."""
        url = self.request.build_absolute_uri()
        return code_answers.page(self.values, reader(self.request.user), url, self._site())

    def get_object(self) -> Any:
        """Return the id of the requested code; `render_rows` finds out whether the caller may read it."""
        return int(self.kwargs["pk"])

    def render_rows(self, rows: Sequence[Any]) -> RenderedRows:
        """Return codes as the answer contains them, from the stored answers."""
        ids = [row if isinstance(row, int) else row.pk for row in rows]
        always = self.related_in_detail if self.action == "retrieve" else ()
        bodies = code_answers.bodies(ids, Selection.of(self.values, reader(self.request.user), self._site(), always))
        if self.action == "retrieve" and not bodies:
            raise NotFound
        return RenderedRows(bodies[pk] for pk in ids if pk in bodies)

    def _site(self) -> str:
        return str(self.request.build_absolute_uri(get_script_prefix()))


def find(path: str, query: str, level: Reader, site: str) -> tuple[bytes, list[int]] | None:
    """Return the body that `CodeViewSet` would send, and the ids of the codes to count; None if only the view can tell.

    `path` is an address of `PATHS`, `site` is the address of the start page.
    """
    match = PATHS.fullmatch(path)
    if match is None:
        return None
    try:
        if match[1] is None:
            values = parse_query(query, CodeViewSet.list_kinds(level))
            url = f"{site}{path.removeprefix('/')}{'?' if query else ''}{iri_to_uri(query)}"
            body = code_answers.page(values, level, url, site)
            return None if body is None else (body, [])
        values = parse_query(query, CodeViewSet.field_kinds())
    except BadParameters:
        return None
    pk = int(match[1])
    body = code_answers.bodies([pk], Selection.of(values, level, site, code_answers.IN_DETAIL)).get(pk)
    return None if body is None else (body, [pk])
