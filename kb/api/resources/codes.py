"""The return codes of the API: list and detail."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.db.models import OuterRef, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from kb.api.framework.read_views import ReadViewSet
from kb.api.framework.row_cache import cached_rows
from kb.api.framework.totals import yes_or_no
from kb.api.resources.code_filters import CodeFilters
from kb.api.resources.code_serializers import ON_CARD, CodeSerializer
from kb.models import ReturnCode
from kb.models.subqueries import any_of
from kb.queries import cards as card_queries
from kb.queries.lookup import codes_visible_to, with_flags
from kb.services import usage
from kb.text.codes.forms import NO_NUMBER


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

    cards: Mapping[int, card_queries.Card] = MappingProxyType({})

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one code, and count the lookup."""
        response = super().retrieve(request, *args, **kwargs)
        usage.count_codes([int(kwargs["pk"])])
        return response

    def get_queryset(self) -> QuerySet[ReturnCode]:
        """Return the codes that the caller may read: for a list with the fields of its order only."""
        if self.action != "list":
            return self._full()
        order = (term.field.attname for term in self.order_terms())
        return ReturnCode.objects.visible_to(self.request.user).only("id", *order)

    def _full(self) -> QuerySet[ReturnCode]:
        user = self.request.user
        successor = ReturnCode.objects.visible_to(user).filter(pk=OuterRef("successor"))
        codes = with_flags(codes_visible_to(user), user).annotate(shows_successor=any_of(successor))
        return codes.select_related("table", "section", "successor__table", "successor__section")

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the cards, by the code's id."""
        return {**super().get_serializer_context(), "cards": self.cards}

    def render_rows(self, rows: Sequence[ReturnCode]) -> Any:
        """Return codes as the answer contains them; rows of a list come from the row cache."""
        if self.action == "list":
            return cached_rows(self.request, self.fields, [code.pk for code in rows], self._load)
        return self._render(rows)

    def _load(self, ids: list[int]) -> dict[int, Any]:
        codes = list(self._full().filter(pk__in=ids).order_by())
        return dict(zip((code.pk for code in codes), self._render(codes), strict=True))

    def _render(self, codes: Sequence[ReturnCode]) -> Any:
        if self.fields.intersection(ON_CARD):
            self.cards = {card.code.pk: card for card in card_queries.cards(codes, self.request.user)}
        return super().render_rows(codes)
