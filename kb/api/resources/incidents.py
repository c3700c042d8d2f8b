"""Incident links."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kb.api.framework.filter_lookups import SINCE, holds, moments, names, numbers, texts, with_lookups, words_of
from kb.api.framework.parameter_values import CODE, MOMENT, TEXT, YES_NO
from kb.api.framework.parameters import Filters, Parameter
from kb.api.framework.read_views import AnswerSerializer, ReadViewSet
from kb.api.resources.references import CUT, CodeRefSerializer, Related, cut, shown_codes
from kb.api.resources.tables import visible_tables
from kb.models import Audience, IncidentLink, ReturnCode
from kb.models.incidents import IncidentLinkQuerySet, IncidentState


@with_lookups(
    {
        **numbers("id"),
        **names("url"),
        **names("reference", may_lack=True),
        **names("title"),
        **holds("title"),
        **texts("impact"),
        **texts("workaround"),
        **words_of("state", IncidentState.values),
        **words_of("audience", Audience.values),
        **moments("started_at", may_lack=True),
        **moments("resolved_at", may_lack=True),
        **numbers("version"),
        **moments("created_at"),
        **moments("updated_at"),
    }
)
class IncidentFilters(Filters):
    """Filters of incident links."""

    open = Parameter(YES_NO, method="by_open", about="Whether it still goes on.")
    code = Parameter(CODE, several=True, method="hitting", about="A code in any spelling.")
    table = Parameter(TEXT, several=True, method="hitting", about="Slug of a table; with `code`, of that very code.")
    started_since = Parameter(MOMENT, field_name="started_at", lookup_expr="gte", about="`started_at__after`.")
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=SINCE)

    class Meta:
        model = IncidentLink
        fields: list[str] = []

    def by_open(self, queryset: IncidentLinkQuerySet, name: str, value: bool) -> QuerySet:
        """Keep incidents that go on, or the resolved ones."""
        return queryset.open() if value else queryset.filter(state=IncidentState.RESOLVED)

    def hitting(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep incidents that hit a code that the caller may read."""
        given = self.form.cleaned_data.get
        if name == "table" and given("code"):
            # The filter by code looks at the table too: an incident must hit that very code.
            return queryset
        codes = ReturnCode.objects.visible_to(self.request.user)
        if given("table"):
            codes = codes.filter(table__in=visible_tables(given("table"), self.request.user))
        if given("code"):
            codes = codes.matching_any(given("code"))
        return queryset.filter(Exists(codes.filter(incidents=OuterRef("pk"))))


class IncidentSerializer(AnswerSerializer):
    """A link to an incident in somebody's tracker, and the codes it hit."""

    codes = Related(CodeRefSerializer(), source="shown_codes")
    truncated: Any = serializers.SerializerMethodField(help_text=CUT)
    url = serializers.URLField(read_only=True, help_text="The incident in its tracker.")

    class Meta:
        model = IncidentLink
        fields = [
            *("id", "url", "reference", "title", "state", "started_at", "resolved_at", "impact", "workaround", "codes"),
            *("truncated", "audience", "version", "created_at", "updated_at"),
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": ["codes"]}})
    def get_truncated(self, incident: IncidentLink) -> list[str]:
        """Return the lists that are longer."""
        return cut(incident, codes="shown_codes")


class OpenIncidentSerializer(serializers.ModelSerializer):
    """An incident on the answer of one of its codes."""

    class Meta:
        model = IncidentLink
        fields = ["id", "url", "reference", "title", "state", "started_at", "impact", "workaround", "audience"]


class IncidentViewSet(ReadViewSet):
    """Links to incidents, in somebody's tracker or on a status page."""

    queryset = IncidentLink.objects.none()
    serializer_class = IncidentSerializer
    filterset_class = IncidentFilters
    lookup_value_regex = "[0-9]{1,18}"
    orders = {
        "started_at": ("started_at", "id"),
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "id": ("id",),
    }
    default_ordering = "-started_at"
    facets = {"state": "state", "audience": "audience"}

    def get_queryset(self) -> QuerySet[IncidentLink]:
        """Return the incidents that the caller may read, with the codes that the caller may read."""
        return IncidentLink.objects.visible_to(self.request.user).prefetch_related(shown_codes(self.request.user))
