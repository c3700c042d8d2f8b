"""The code tables of the API: list and detail."""

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from kb.api.framework import field_lookups as lookups
from kb.api.framework.errors import MAX_ERRORS, BadParameters, describe
from kb.api.framework.filters import UPDATED_SINCE, Filters, Parameter
from kb.api.framework.parameter_values import MOMENT, TEXT, lacking, repeated
from kb.api.framework.read_views import AnswerSerializer, Permalink, ReadViewSet
from kb.models import Audience, CodeTable, Section
from kb.models.visibility import Person
from kb.queries.tables import annotate_counts

MAX_NEAR = 1_000
"""Names among which an error looks for the nearest spelling."""


@lookups.include(
    lookups.numbers("id"),
    lookups.names("slug"),
    lookups.names("vendor"),
    lookups.names("product"),
    lookups.names("name"),
    lookups.contains("name"),
    lookups.names("source_url"),
    lookups.empty("source_url"),
    lookups.empty("context_words"),
    lookups.choices("audience", Audience.values),
    lookups.numbers("version"),
    lookups.moments("created_at"),
    lookups.moments("updated_at"),
)
class TableFilters(Filters):
    """Filters of code tables."""

    vendor = Parameter(repeated(TEXT), method="by_name", about="The vendor's name, in any case.", example="ZEGO")
    product = Parameter(repeated(TEXT), method="by_name", about="The product's name, in any case.", example="ZIM")
    language = Parameter(
        repeated(TEXT), method="by_name", about="Language tag of the vendor's text, in any case.", example="en"
    )
    language__not = Parameter(
        repeated(TEXT), field_name="language", method="is_none_of", about="None of these language tags.", example="en"
    )
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=UPDATED_SINCE)

    class Meta:
        model = CodeTable
        fields: list[str] = []

    def by_name(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Keep tables whose field is one of these texts, in any case."""
        return queryset.filter(reduce(or_, (Q(**{f"{name}__iexact": text}) for text in value)))

    def is_none_of(self, queryset: QuerySet[Any], name: str, value: list[Any]) -> QuerySet[Any]:
        """Keep tables whose field is none of these values: those that the filter without `__not` leaves out."""
        if name not in ("vendor", "product", "language"):
            return super().is_none_of(queryset, name, value)
        return queryset.exclude(reduce(or_, (Q(**{f"{name}__iexact": text}) for text in value)))


class TableSerializer(AnswerSerializer):
    """A code table."""

    source_url = serializers.CharField(read_only=True, help_text="Where the vendor publishes it; may be empty.")
    context_words = serializers.CharField(
        read_only=True, help_text="Words near a code that tell that it is of this table, one a line; may be empty."
    )
    code_count = serializers.IntegerField(read_only=True, min_value=0, help_text="Number of current codes.")
    retired_count = serializers.IntegerField(read_only=True, min_value=0, help_text="Number of retired codes.")
    url = Permalink(help_text="The table's page.")

    class Meta:
        model = CodeTable
        fields = [
            *("id", "slug", "vendor", "product", "name", "language", "source_url", "context_words", "audience"),
            *("code_count", "retired_count", "version", "created_at", "updated_at", "url"),
        ]
        read_only_fields = fields


class TableViewSet(ReadViewSet):
    """Code tables as vendors publish them."""

    queryset = CodeTable.objects.none()
    serializer_class = TableSerializer
    filterset_class = TableFilters
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    default_ordering = "vendor"
    facets = {name: name for name in ("vendor", "product", "language", "audience")}
    orders = {
        "vendor": ("vendor", "product", "slug"),
        "slug": ("slug",),
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "id": ("id",),
    }

    def get_queryset(self) -> QuerySet[CodeTable]:
        """Return the tables that the caller may read."""
        return annotate_counts(CodeTable.objects.visible_to(self.request.user))


def visible_tables(
    slugs: list[str], user: Person | None, parameter: str = "table", most: int = MAX_ERRORS
) -> list[int]:
    """Return the ids of the tables with these slugs.

    Raises BadParameters for slugs that the user cannot read, and names at most so many.
    """
    visible = CodeTable.objects.visible_to(user).order_by("slug")
    ids = dict(visible.filter(slug__in=slugs).values_list("slug", "pk"))
    missing = lacking(slugs, ids)
    if missing:
        allowed = list(visible.values_list("slug", flat=True)[:MAX_NEAR])
        problem = "There is no table {} that you may read."
        raise BadParameters([describe(parameter, slug, problem, allowed) for slug in missing[:most]])
    return list(ids.values())


def visible_sections(
    texts: list[str], user: Person | None, parameter: str = "section", most: int = MAX_ERRORS
) -> list[tuple[int, int]]:
    """Return the ids of the sections with these names or slugs, each with its table's id.

    Raises BadParameters for texts that are neither, as far as the user can read, and names at most so many.
    """
    sections = Section.objects.visible_to(user)
    matches = list(sections.filter(Q(name__in=texts) | Q(slug__in=texts)).values_list("pk", "table_id", "name", "slug"))
    missing = lacking(texts, {word for _, _, *words in matches for word in words})
    if missing:
        section_names = sections.exclude(name="").order_by("name").values_list("name", flat=True).distinct()
        allowed = list(section_names[:MAX_NEAR])
        problem = "There is no section {} that you may read."
        raise BadParameters([describe(parameter, text, problem, allowed) for text in missing[:most]])
    return [(pk, table) for pk, table, *_ in matches]
