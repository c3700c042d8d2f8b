"""Choosing codes and ranges: as one types, with labels that tell equal codes of different tables apart."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db import models
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest

from kb.admin.lists.tags import shorten
from kb.models import CodeRange, CodeTable, ReturnCode
from kb.models.visibility import Person

_LABEL_FIELDS = ("code", "symbol", "description", "table__product", "section__name")


def label(obj: Any) -> str:
    """Return how a choice reads: a code with its meaning and place, a range with its table, others as they are."""
    if isinstance(obj, ReturnCode):
        place = f"{obj.table.product} / {obj.section}"
        return f"{obj.code} · {shorten(obj.description or obj.symbol or '(no description)', 60)} ({place})"
    if isinstance(obj, CodeRange):
        return f"{obj} ({obj.table.product})"
    return str(obj)


def is_id(value: Any) -> bool:
    """Return whether a posted value can be a row's number; databases differ in what they say to others."""
    return isinstance(value, int) or (
        isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19
    )


class Choices(ModelChoiceIterator):
    """What a list of choices shows: of a note's thousand codes, the long texts are not read."""

    def __init__(self, field: Any) -> None:
        """Read what `label` names a code with, and no more."""
        super().__init__(field)
        if self.queryset is not None and self.queryset.model is ReturnCode:
            self.queryset = self.queryset.only(*_LABEL_FIELDS)


class OneField(forms.ModelChoiceField):
    """One code or range."""

    iterator = Choices

    def label_from_instance(self, obj: Any) -> str:
        """Name a choice."""
        return label(obj)

    def prepare_value(self, value: Any) -> Any:
        """Show what is chosen again: the widget looks it up, and trips over what is no number."""
        value = super().prepare_value(value)
        return value if is_id(value) else None


class ManyField(forms.ModelMultipleChoiceField):
    """Several codes or ranges."""

    iterator = Choices

    def label_from_instance(self, obj: Any) -> str:
        """Name a choice."""
        return label(obj)

    def clean(self, value: Any) -> Any:
        """Refuse by name what is no number."""
        wrong = [item for item in value or [] if not is_id(item)]
        if wrong:
            raise forms.ValidationError(self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": wrong[0]})
        return super().clean(value)

    def prepare_value(self, value: Any) -> Any:
        """Show what is chosen again, without what is no number."""
        value = super().prepare_value(value)
        return [item for item in value if is_id(item)] if isinstance(value, list | tuple) else value


class AutocompleteView(AutocompleteJsonView):
    """The admin's search as one types, with our labels."""

    def process_request(self, request: HttpRequest) -> Any:
        """Take NUL bytes out of what is typed: PostgreSQL compares none."""
        term, *others = super().process_request(request)
        return (term.replace("\x00", ""), *others)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Name a result."""
        return {"id": str(getattr(obj, to_field_name)), "text": label(obj)}


_LABEL_JOINS = {ReturnCode: ("table", "section"), CodeRange: ("table",), CodeTable: ()}


def field_for(db_field: Any, user: Person | None) -> dict[str, Any]:
    """Return what a form field needs so that it offers what `user` may read; {} for people."""
    model = db_field.remote_field.model
    if model not in _LABEL_JOINS:
        return {}
    many = isinstance(db_field, models.ManyToManyField)
    return {
        "queryset": model.objects.visible_to(user).select_related(*_LABEL_JOINS[model]),
        "form_class": ManyField if many else OneField,
    }


def links_from_address(request: HttpRequest, links: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the links that an address asks for (`?codes=1,2`), and the ids in it that lead nowhere."""
    found: dict[str, Any] = {}
    lost: list[str] = []
    for name, targets in links.items():
        asked = [part for part in request.GET.get(name, "").split(",") if part][:100]
        numbers = {part: int(part) for part in asked if is_id(part)}
        known = set(targets.filter(pk__in=numbers.values()).values_list("pk", flat=True)) if numbers else set()
        found[name] = sorted(known)
        lost += [part for part in asked if numbers.get(part) not in known]
    return found, lost


def texts_from_address(request: HttpRequest, names: Iterable[str]) -> dict[str, str]:
    """Return what an address fills plain fields in with (`?first=17`), cut where no form would take it anyway."""
    return {name: request.GET[name].replace("\x00", "")[:200] for name in names if name in request.GET}
