"""Filters of the lists. A name or a value that means nothing is refused, never ignored."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.request import Request

from kb import searching
from kb.api.errors import BadParameters, describe
from kb.models import (
    Audience,
    CodeTable,
    IncidentLink,
    ReturnCode,
    TroubleshootingNote,
)
from kb.models.incident import IncidentState
from kb.models.note import NoteState
from kb.text.code import MAX_NUMBER, readings
from kb.text.disposition import DISPOSITIONS, FIXERS

PAGE_PARAMETERS = {"cursor", "page_size", "ordering", "fields"}
YES_NO = ["true", "false"]


class YesNo(forms.Field):
    """A boolean written true or false; anything else is refused."""

    def to_python(self, value: Any) -> bool | None:
        """Return the boolean, or None where nothing is given."""
        if value in (None, ""):
            return None
        if str(value).lower() not in YES_NO:
            raise forms.ValidationError("is neither true nor false")
        return str(value).lower() == "true"


class YesNoFilter(django_filters.Filter):
    """A filter that is true or false."""

    field_class = YesNo


class Text(forms.CharField):
    """Text without NUL, which no database takes."""

    default_error_messages = {"null_characters_not_allowed": "holds a NUL character"}


class TextFilter(django_filters.CharFilter):
    """A filter by text of a bounded length."""

    field_class = Text

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 500, **kwargs})


class NumberFilter(django_filters.Filter):
    """A whole number that a database holds."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=-MAX_NUMBER, max_value=MAX_NUMBER, **kwargs)


class Several(forms.MultipleChoiceField):
    """Values given by repetition; which values are right is checked against the choices, if there are any."""

    def validate(self, value: Any) -> None:
        """Refuse an unknown choice, NUL and overlong values."""
        for one in value or []:
            if "\x00" in one or len(one) > 500:
                raise forms.ValidationError("is not a value of this parameter")
            if self.choices and one not in {str(known) for known, _label in self.choices}:
                raise forms.ValidationError(f"has no value “{one[:100]}”")


class SeveralFilter(django_filters.Filter):
    """A filter whose values are alternatives: `name=a&name=b`."""

    field_class = Several

    def filter(self, queryset: QuerySet, value: list[str]) -> QuerySet:
        """Keep rows with one of the values."""
        if not value:
            return queryset
        if self.method:
            return super().filter(queryset, value)
        return queryset.filter(**{f"{self.field_name}__in": value})


class StrictBackend(DjangoFilterBackend):
    """django-filter's backend, refusing parameters that the view does not know and values given twice."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        """Filter, or raise BadParameters with every bad parameter at once."""
        filterset = self.get_filterset(request, queryset, view)
        several = {name for name, one in filterset.filters.items() if isinstance(one, SeveralFilter)}
        allowed = sorted({*filterset.filters, *PAGE_PARAMETERS})
        errors = [
            describe(name, name, "is not a parameter of this list", allowed)
            for name in request.query_params
            if name not in allowed
        ]
        errors += [
            describe(name, ", ".join(values), "is given more than once; it takes one value")
            for name, values in request.query_params.lists()
            if len(values) > 1 and name in allowed and name not in several
        ]
        errors += [
            describe(name, "", "has no value: give one, or leave the parameter out", _allowed(filterset, name))
            for name, values in request.query_params.lists()
            if name in filterset.filters and not all(values)
        ]
        if not filterset.is_valid():
            errors += [
                describe(name, request.query_params.get(name, ""), _words(messages), _allowed(filterset, name))
                for name, messages in filterset.errors.items()
            ]
        if errors:
            raise BadParameters(errors)
        return filterset.qs


def _words(messages: list[str]) -> str:
    return "; ".join(str(message).rstrip(".") for message in messages)


def _allowed(filterset: FilterSet, name: str) -> list[str]:
    field = filterset.form.fields[name]
    if isinstance(field, YesNo):
        return YES_NO
    return [str(value) for value, _label in getattr(field, "choices", []) if value]


def _choices(of: Any) -> list[tuple[str, str]]:
    return list(of.items()) if isinstance(of, dict) else list(of.choices)


class TableFilters(FilterSet):
    """Filters of code tables."""

    table = SeveralFilter(field_name="slug")
    vendor = TextFilter(lookup_expr="iexact")
    product = TextFilter(lookup_expr="iexact")
    language = TextFilter(lookup_expr="iexact")
    audience = SeveralFilter(choices=_choices(Audience))
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = CodeTable
        fields: list[str] = []


class CodeFilters(FilterSet):
    """Filters of return codes. `code` is read as people write codes; `prefix` is compared as it stands."""

    table = SeveralFilter(field_name="table__slug")
    section = SeveralFilter(method="by_section", help_text="Name or slug of a section.")
    code = SeveralFilter(method="by_code", help_text="A code in any of its spellings; repeat it for several.")
    code__in = TextFilter(method="by_code_list", max_length=8000, help_text="Several codes, separated by commas.")
    prefix = TextFilter(field_name="code", lookup_expr="istartswith", help_text="How the code begins, as written.")
    number_min = NumberFilter(field_name="number", lookup_expr="gte")
    number_max = NumberFilter(field_name="number", lookup_expr="lte")
    disposition = SeveralFilter(choices=_choices(DISPOSITIONS))
    fixer = SeveralFilter(choices=_choices(FIXERS))
    retired = YesNoFilter(method="by_retired")
    has_notes = YesNoFilter(method="by_flag", help_text="Whether a note that you may read is about it.")
    has_open_incident = YesNoFilter(method="by_flag", help_text="Whether an incident that you may read goes on.")
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    text = TextFilter(method="by_text", help_text="Each word stands in the code's texts or in its notes.")

    class Meta:
        model = ReturnCode
        fields: list[str] = []

    def by_section(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes of sections with one of the names or slugs."""
        return queryset.filter(Q(section__name__in=value) | Q(section__slug__in=value))

    def by_code(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep codes that one of the written codes may mean."""
        return queryset.filter(canonical__in={one.canonical for code in value for one in readings(code)})

    def by_code_list(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep codes that one of the listed codes may mean."""
        return self.by_code(queryset, name, value.split(",")) if value else queryset

    def by_retired(self, queryset: QuerySet, name: str, value: bool | None) -> QuerySet:
        """Keep retired codes, or the others."""
        return queryset if value is None else queryset.filter(retired_at__isnull=not value)

    def by_flag(self, queryset: QuerySet, name: str, value: bool | None) -> QuerySet:
        """Keep codes by what the caller may read about them; the view has annotated it."""
        return queryset if value is None else queryset.filter(**{name: value})

    def by_text(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Keep codes that hold each word."""
        return searching.containing(queryset, value, self.request.user) if value else queryset


class NoteFilters(FilterSet):
    """Filters of troubleshooting notes."""

    state = SeveralFilter(choices=_choices(NoteState))
    audience = SeveralFilter(choices=_choices(Audience))
    code = SeveralFilter(method="by_code", help_text="A code in any of its spellings.")
    table = SeveralFilter(method="by_table")
    due = YesNoFilter(method="by_due", help_text="Whether its review date has come.")
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = TroubleshootingNote
        fields: list[str] = []

    def by_code(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep notes about a code that the caller may read."""
        found = ReturnCode.objects.visible_to(self.request.user)
        found = found.filter(canonical__in={one.canonical for code in value for one in readings(code)})
        return queryset.filter(Exists(found.filter(**{self.of: OuterRef("pk")})))

    of = "notes"

    def by_table(self, queryset: QuerySet, name: str, value: list[str]) -> QuerySet:
        """Keep notes about codes of one of the tables."""
        found = ReturnCode.objects.visible_to(self.request.user).filter(table__slug__in=value)
        return queryset.filter(Exists(found.filter(**{self.of: OuterRef("pk")})))

    def by_due(self, queryset: QuerySet, name: str, value: bool | None) -> QuerySet:
        """Keep notes whose review date has come, or the others."""
        if value is None:
            return queryset
        due = Q(pk__in=TroubleshootingNote.objects.due(timezone.localdate()).values("pk"))
        return queryset.filter(due if value else ~due)


class IncidentFilters(NoteFilters):
    """Filters of incident links."""

    of = "incidents"
    due = None
    state = SeveralFilter(choices=_choices(IncidentState))
    open = YesNoFilter(method="by_open")

    class Meta:
        model = IncidentLink
        fields: list[str] = []

    def by_open(self, queryset: QuerySet, name: str, value: bool | None) -> QuerySet:
        """Keep incidents that go on, or the resolved ones."""
        if value is None:
            return queryset
        resolved = Q(state=IncidentState.RESOLVED)
        return queryset.filter(~resolved if value else resolved)
