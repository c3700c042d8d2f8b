"""Filters of return codes."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kb import searching
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.filter_lookups import SINCE, holds, lacks, moments, names, numbers, texts, with_lookups, words_of
from kb.api.framework.parameter_values import CODE, CODES, ID, MOMENT, NUMBER, TEXT, WORDS, YES_NO
from kb.api.framework.parameters import Filters, Parameter
from kb.api.resources.tables import MOST_NEAR, visible_tables
from kb.models import IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.codes import ReturnCodeQuerySet
from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin
from kb.queries.lookup import having_notes, having_open_incident
from kb.text.codes.disposition import DISPOSITIONS, FIXERS
from kb.text.codes.forms import sort_key


@with_lookups(
    {
        **numbers("id"),
        **{name: one for name, one in names("code").items() if name == "code__prefix"},
        **numbers("number", NUMBER, may_lack=True),
        **names("symbol", may_lack=True),
        **holds("symbol"),
        **{name: one for text in VENDOR_TEXTS[1:] for name, one in texts(text).items()},
        **words_of("disposition", DISPOSITIONS),
        **words_of("disposition_origin", Origin.values),
        **words_of("fixer", FIXERS),
        **words_of("fixer_origin", Origin.values),
        **moments("retired_at", may_lack=True),
        **lacks("successor"),
        **numbers("version"),
        **moments("created_at"),
        **moments("updated_at"),
    }
)
class CodeFilters(Filters):
    """Filters of return codes."""

    table = Parameter(TEXT, several=True, method="by_table", about="Slug of a table.")
    section = Parameter(TEXT, several=True, method="by_section", about="Name or slug of a section.")
    code = Parameter(CODE, several=True, method="by_codes", about="A code in any spelling: 0xC0000005 or 3221225477.")
    code__in = Parameter(CODES, method="by_codes", about="Codes in any spelling, separated by commas.")
    prefix = Parameter(CODE, field_name="code", lookup_expr="istartswith", about="Short for `code__prefix`.")
    number_min = Parameter(NUMBER, method="from_number", about="Short for `number__gte`.")
    number_max = Parameter(NUMBER, method="to_number", about="Short for `number__lte`.")
    retired = Parameter(YES_NO, method="by_retired", about="Whether the vendor has dropped it.")
    has_notes = Parameter(
        YES_NO, method="by_notes", about="Whether a live note that you may read is about it or a range around it."
    )
    has_open_incident = Parameter(
        YES_NO, method="by_open_incident", about="Whether an incident that you may read hits it and goes on."
    )
    note = Parameter(ID, several=True, method="by_related", field_name="notes", about="Id of a note about it.")
    incident = Parameter(ID, several=True, method="by_related", field_name="incidents", about="Id of an incident.")
    updated_since = Parameter(MOMENT, field_name="updated_at", lookup_expr="gte", about=SINCE)
    text = Parameter(WORDS, method="by_text", about="Words that the code's texts or its notes all hold.")

    class Meta:
        model = ReturnCode
        fields: list[str] = []

    def by_table(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes of the tables with these slugs."""
        return queryset.filter(table__in=visible_tables(value, self.request.user))

    def by_section(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes of the sections with these names or slugs."""
        sections = Section.objects.visible_to(self.request.user)
        found = list(sections.filter(Q(name__in=value) | Q(slug__in=value)).values_list("pk", "name", "slug"))
        missing = set(value) - {word for _, *words in found for word in words}
        if missing:
            known = sections.exclude(name="").order_by("name").values_list("name", flat=True).distinct()
            names = list(known[:MOST_NEAR])
            raise BadParameters(
                [describe(name, one, "There is no section {} that you may read.", names) for one in missing]
            )
        return queryset.filter(section__in=[pk for pk, *_ in found])

    def by_codes(self, queryset: ReturnCodeQuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes that one of the written codes may mean."""
        return queryset.matching_any(value)

    def by_retired(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        """Keep retired codes, or the others."""
        return queryset.filter(retired_at__isnull=not value)

    def from_number(self, queryset: QuerySet, name: str, value: int) -> QuerySet:
        """Keep codes with a number from this one on. By the key as well, so that the natural order begins there."""
        return queryset.filter(number__gte=value, sort_key__gte=sort_key(str(value)))

    def to_number(self, queryset: QuerySet, name: str, value: int) -> QuerySet:
        """Keep codes with a number up to this one."""
        return queryset.filter(number__lte=value, sort_key__lte=sort_key(str(value)))

    def by_notes(self, queryset: ReturnCodeQuerySet, name: str, value: bool) -> QuerySet:
        """Keep codes that something is known about, or the others."""
        return having_notes(queryset, self.request.user, value)

    def by_open_incident(self, queryset: ReturnCodeQuerySet, name: str, value: bool) -> QuerySet:
        """Keep codes that an incident hits, or the others."""
        return having_open_incident(queryset, self.request.user, value)

    def by_related(self, queryset: QuerySet, name: str, value: list[int]) -> QuerySet:
        """Keep codes of the notes or incidents with these ids, of those that the caller may read."""
        model: Any = TroubleshootingNote if name == "notes" else IncidentLink
        related = model.objects.visible_to(self.request.user).filter(pk__in=value, codes=OuterRef("pk"))
        return queryset.filter(Exists(related))

    def narrow(self, queryset: QuerySet, text: str) -> QuerySet:
        """Keep the codes that the index has for the words of a text: the rows of a large table are not read."""
        return searching.containing(queryset, text, self.request.user)

    def by_text(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep codes that hold each word."""
        return searching.containing(queryset, value, self.request.user)
