"""The incident links of the API: list and detail."""

from typing import Any

from django.db.models import OuterRef, Q, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kb.api.framework import field_lookups as lookups
from kb.api.framework.filters import UPDATED_SINCE, Filters, Parameter
from kb.api.framework.parameter_values import CODE, MOMENT, SLUG, YES_NO, repeated
from kb.api.framework.read_views import AnswerSerializer, ReadViewSet
from kb.api.resources.references import TRUNCATED, CodeRefSerializer, Related, prefetch_codes, truncated_lists
from kb.api.resources.tables import visible_tables
from kb.models import Audience, IncidentLink, ReturnCode
from kb.models.incidents import IncidentLinkQuerySet, IncidentState
from kb.models.subqueries import any_of

HELP = {
    "url": {"help_text": "The incident in its tracker."},
    "reference": {"help_text": "The tracker's own number, such as INC-1042; may be empty."},
}
"""What answers say of fields whose own help is for a form."""

STARTED_SINCE = "Short for `started_at__after`."


@lookups.include(
    lookups.numbers("id"),
    lookups.names("url"),
    lookups.names("reference"),
    lookups.empty("reference"),
    lookups.names("title"),
    lookups.contains("title"),
    lookups.texts("impact"),
    lookups.texts("workaround"),
    lookups.choices("state", IncidentState.values),
    lookups.choices("audience", Audience.values),
    lookups.moments("started_at"),
    lookups.null("started_at"),
    lookups.moments("resolved_at"),
    lookups.null("resolved_at"),
    lookups.numbers("version"),
    lookups.moments("created_at"),
    lookups.moments("updated_at"),
)
class IncidentFilters(Filters):
    """Filters of incident links."""

    open = Parameter(YES_NO, method="by_open", about="Whether it is still open.")
    code = Parameter(repeated(CODE), method="by_codes", about="A code in any spelling.")
    code__not = Parameter(repeated(CODE), method="by_other_codes", about="Affects none of these codes.")
    table = Parameter(
        repeated(SLUG),
        method="by_codes",
        names=visible_tables,
        about="Slug of a table; with `code`, of that same code.",
    )
    table__not = Parameter(
        repeated(SLUG), method="by_other_codes", names=visible_tables, about="Affects no code of these tables."
    )
    started_since = Parameter(MOMENT, field_name="started_at", lookup_expr="gte", about=STARTED_SINCE)
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=UPDATED_SINCE)

    class Meta:
        model = IncidentLink
        fields: list[str] = []

    def by_open(self, queryset: IncidentLinkQuerySet, name: str, value: bool) -> QuerySet[Any]:
        """Keep open incidents, or the resolved ones."""
        return queryset.open() if value else queryset.filter(state=IncidentState.RESOLVED)

    def by_codes(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep incidents that affect one of the codes, if the caller may read the code."""
        values = self.form.cleaned_data
        if name == "table" and values.get("code"):
            # The filter by code checks the table too: an incident must affect a code of that table.
            return queryset
        codes = ReturnCode.objects.visible_to(self.request.user)
        if values.get("table"):
            codes = codes.among_tables(visible_tables(values["table"], self.request.user))
        if values.get("code"):
            return queryset.filter(pk__in=codes.matching_any(values["code"]).values("incidents"))
        return queryset.filter(any_of(codes.filter(incidents=OuterRef("pk"))))

    def by_other_codes(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep incidents that affect none of the codes, or no code of the tables, that the caller may read."""
        codes = ReturnCode.objects.visible_to(self.request.user)
        if name == "table__not":
            codes = codes.among_tables(visible_tables(value, self.request.user, name))
            return queryset.filter(~Q(any_of(codes.filter(incidents=OuterRef("pk")))))
        affected = codes.matching_any(value).filter(incidents__isnull=False)
        return queryset.exclude(pk__in=affected.values("incidents"))


class IncidentSerializer(AnswerSerializer):
    """A link to an incident in a tracker, and the codes that it affects."""

    codes = Related(CodeRefSerializer(), source="first_codes")
    truncated: Any = serializers.SerializerMethodField(help_text=TRUNCATED)
    url = serializers.URLField(read_only=True, help_text="The incident in its tracker.")

    class Meta:
        model = IncidentLink
        fields = [
            *("id", "url", "reference", "title", "state", "started_at", "resolved_at", "impact", "workaround", "codes"),
            *("truncated", "audience", "version", "created_at", "updated_at"),
        ]
        read_only_fields = fields
        extra_kwargs = HELP

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": ["codes"]}})
    def get_truncated(self, incident: IncidentLink) -> list[str]:
        """Return the names of the lists that are cut."""
        return truncated_lists(incident, codes="first_codes")


class OpenIncidentSerializer(serializers.ModelSerializer[Any]):
    """An incident within the answer for one of its codes."""

    optional_fields = ()

    class Meta:
        model = IncidentLink
        fields = ["id", "url", "reference", "title", "state", "started_at", "impact", "workaround", "audience"]
        extra_kwargs = HELP


class IncidentViewSet(ReadViewSet):
    """Links to incidents in a tracker or on a status page."""

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
        return IncidentLink.objects.visible_to(self.request.user).prefetch_related(prefetch_codes(self.request.user))
