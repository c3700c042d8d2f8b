"""Form fields and autocomplete for codes and ranges; their labels tell equal codes of different tables apart."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest

from kb.admin.generics import ModelChoiceField, ModelChoiceIterator, ModelMultipleChoiceField
from kb.admin.tags import shorten
from kb.models import CodeRange, CodeTable, ReturnCode
from kb.models.visibility import Person

_LABEL_FIELDS = ("code", "symbol", "description", "table__product", "section__name")


def label(obj: Any) -> str:
    """Return the label of a choice: a code with meaning and place, a range with its table, anything else as text."""
    if isinstance(obj, ReturnCode):
        place = f"{obj.table.product} / {obj.section}"
        return f"{obj.code} · {shorten(obj.description or obj.symbol or '(no description)', 60)} ({place})"
    if isinstance(obj, CodeRange):
        return f"{obj} ({obj.table.product})"
    return str(obj)


def is_id(value: Any) -> bool:
    """Return whether a posted value can be a primary key; databases raise different errors for other values."""
    return isinstance(value, int) or (
        isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19
    )


class Choices(ModelChoiceIterator):
    """Choices of a field, loaded without long texts: a note may have a thousand codes."""

    def __init__(self, field: Any) -> None:
        """Load only the columns that `label` needs."""
        super().__init__(field)
        if self.queryset is not None and self.queryset.model is ReturnCode:
            self.queryset = self.queryset.only(*_LABEL_FIELDS)


class OneField(ModelChoiceField):
    """A choice of one code or range."""

    iterator = Choices

    def label_from_instance(self, obj: Any) -> str:
        """Return the label of a choice."""
        return label(obj)

    def prepare_value(self, value: Any) -> Any:
        """Return the value to re-render; None if it is not a number, because the widget would query for it."""
        value = super().prepare_value(value)
        return value if is_id(value) else None


class ManyField(ModelMultipleChoiceField):
    """A choice of several codes or ranges."""

    iterator = Choices

    def label_from_instance(self, obj: Any) -> str:
        """Return the label of a choice."""
        return label(obj)

    def clean(self, value: Any) -> Any:
        """Raise ValidationError for a value that is not a number, and name it."""
        bad_ids = [item for item in value or [] if not is_id(item)]
        if bad_ids:
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": bad_ids[0]})
        return super().clean(value)

    def prepare_value(self, value: Any) -> Any:
        """Return the values to render again, without those that are not numbers."""
        value = super().prepare_value(value)
        return [item for item in value if is_id(item)] if isinstance(value, list | tuple) else value


class AutocompleteView(AutocompleteJsonView):
    """The admin's autocomplete, with our labels."""

    def process_request(self, request: HttpRequest) -> Any:
        """Remove NUL bytes from the search term: PostgreSQL refuses them. Refuse fields that no form can have."""
        term, model_admin, source_field, to_field = super().process_request(request)
        if source_field.auto_created:
            # The other side of a relation, such as a table's codes. Django would fail on it.
            raise PermissionDenied
        return term.replace("\x00", ""), model_admin, source_field, to_field

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return a result with its label."""
        return {"id": str(getattr(obj, to_field_name)), "text": label(obj)}


_LABEL_JOINS = {ReturnCode: ("table", "section"), CodeRange: ("table",), CodeTable: (None,)}


def field_for(db_field: Any, user: Person | None) -> dict[str, Any]:
    """Return form field arguments that limit the choices to what `user` may read; {} for users."""
    model = db_field.remote_field.model
    if model not in _LABEL_JOINS:
        return {}
    many = isinstance(db_field, models.ManyToManyField)
    return {
        "queryset": model.objects.visible_to(user).select_related(*_LABEL_JOINS[model]),
        "form_class": ManyField if many else OneField,
    }


def links_from_address(request: HttpRequest, links: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the existing ids in an address (`?codes=1,2`) by field name, and the ids that do not exist."""
    ids: dict[str, Any] = {}
    dead_links: list[str] = []
    for name, targets in links.items():
        values = [part for part in request.GET.get(name, "").split(",") if part][:100]
        numbers = {part: int(part) for part in values if is_id(part)}
        existing = set(targets.filter(pk__in=numbers.values()).values_list("pk", flat=True)) if numbers else set()
        ids[name] = sorted(existing)
        dead_links += [part for part in values if numbers.get(part) not in existing]
    return ids, dead_links


def texts_from_address(request: HttpRequest, names: Iterable[str]) -> dict[str, str]:
    """Return the plain fields that an address fills in (`?first=17`), cut to 200 characters."""
    return {name: request.GET[name].replace("\x00", "")[:200] for name in names if name in request.GET}
