"""Merge the edits that two people made to the same row, field by field.

# Note [Original input]
A form carries its original input: what the browser sends if nobody changes a field. Comparing the submitted input with
it, instead of with the present row, shows which of two people changed a field. Forging the original input gains
nothing: people can type the same values into the fields.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from kb.text.editing.merge_edits import weave

FORM_FIELDS = {"version", "opened", "reason", "take_theirs", "take_vendor", "proposed"}
"""Fields that belong to the form and are not stored."""

FormInput = dict[str, list[str]]


@dataclass(frozen=True)
class ConflictField:
    """One field that somebody else changed while the form was open."""

    name: str
    label: str
    before: str | None
    """The text when the form was opened; None if the form does not contain it."""
    theirs: str
    mine: str
    result: str | None = None
    """The text in the form after the merge; None for a conflict, where the form keeps mine."""


@dataclass(frozen=True)
class MergeResult:
    """The outcome of merging a stale form with the stored row."""

    updates: list[ConflictField]
    """Only they changed these: the form takes over their text."""
    merges: list[ConflictField]
    """Both changed these, in different places: the form has both edits."""
    conflicts: list[ConflictField]
    """Both changed the same place: the form keeps my text."""

    @property
    def message(self) -> str:
        """What happened and what to do, for a person."""
        parts = [
            "Somebody else saved this after you opened it. Your changes are still in the form, but not saved yet.",
            _field_list(self.updates, "Taken from their version"),
            _field_list(self.merges, "Merged from both versions"),
            _field_list(self.conflicts, "Changed by you both in the same place, so the form shows yours"),
            "Compare below, then save again.",
        ]
        return " ".join(part for part in parts if part)


def _field_list(fields: list[ConflictField], what: str) -> str:
    return f"{what}: {', '.join(field.label.lower() for field in fields)}." if fields else ""


def original_input(form: Any) -> FormInput:
    """Return what a browser sends for an unchanged form. See Note [Original input]."""
    form_input: FormInput = {}
    for bound in form:
        if bound.name not in FORM_FIELDS:
            value = bound.field.prepare_value(bound.initial)
            form_input |= _widget_input(bound.html_name, _widget(bound.field), value)
    return form_input


def _widget_input(name: str, widget: Any, value: Any) -> FormInput:
    if hasattr(widget, "widgets"):
        parts = zip(_suffixes(widget), widget.widgets, widget.decompress(value), strict=True)
        return {key: text for end, inner, part in parts for key, text in _widget_input(name + end, inner, part).items()}
    value_text = widget.format_value(value)
    texts = value_text if isinstance(value_text, list | tuple) else [value_text]
    return {name: [str(text) for text in texts if text not in (None, "")]}


def _suffixes(widget: Any) -> list[str]:
    """Return the suffixes of a widget's part names."""
    return getattr(widget, "widgets_names", [""])


def _widget(field: Any) -> Any:
    return field.widget.widget if isinstance(field.widget, RelatedFieldWidgetWrapper) else field.widget


def as_json(form_input: FormInput) -> str:
    """Return form input as the text of one hidden field."""
    return json.dumps(form_input, separators=(",", ":"))


def from_json(text: str) -> FormInput | None:
    """Return form input from the text of a hidden field; None if the text is invalid."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    rows = [row for row in value.values() if isinstance(row, list)]
    return value if len(rows) == len(value) and all(isinstance(t, str) for row in rows for t in row) else None


def take_theirs(form: Any, original: FormInput) -> None:
    """Set each field with a ticked "Take theirs" box to its original input, which is their text after a merge."""
    for name in form.data.getlist(form.add_prefix("take_theirs")):
        if name in form.fields and name not in FORM_FIELDS:
            set_input(form, name, original)


def set_input(form: Any, name: str, form_input: FormInput) -> None:
    """Set a field of a bound form to some form input."""
    data = form.data if getattr(form.data, "_mutable", True) else form.data.copy()
    bound = form[name]
    for key in (bound.html_name + end for end in _suffixes(_widget(bound.field))):
        data.setlist(key, form_input.get(key, []))
    form.data = data


def merge(form: Any, original: FormInput | None, theirs: FormInput) -> MergeResult:
    """Merge a bound form with the stored row, change the form's input, and return the outcome.

    Without the original input, each difference is a conflict.
    """
    result = MergeResult([], [], [])
    mine = {key: form.data.getlist(key) for key in form.data}
    for name, field in form.fields.items():
        if name not in FORM_FIELDS:
            _merge_field(form, name, field, [original, theirs, mine], result)
    return result


def _merge_field(form: Any, name: str, field: Any, sides: list[FormInput | None], result: MergeResult) -> None:
    original, theirs, mine = (None if side is None else _field_value(form, name, side) for side in sides)
    if _is_same(theirs, mine) or (sides[0] is not None and _is_same(theirs, original)):
        return
    before, their_text, my_text = (as_text(field, value) for value in (original, theirs, mine))
    has_original = sides[0] is not None
    label = str(field.label or name).capitalize()
    conflict = ConflictField(name, label, before if has_original else None, their_text, my_text)
    if has_original and _is_same(mine, original):
        set_input(form, name, sides[1] or {})
        result.updates.append(conflict)
        return
    combination = _combine(field, original, theirs, mine) if has_original else None
    if combination is None:
        result.conflicts.append(conflict)
        return
    texts = [str(item) for item in combination] if isinstance(combination, list) else [combination]
    set_input(form, name, {form.add_prefix(name): texts})
    merge_text = as_text(field, _field_value(form, name, {key: form.data.getlist(key) for key in form.data}))
    result.merges.append(replace(conflict, result=merge_text))


def _combine(field: Any, original: Any, theirs: Any, mine: Any) -> Any:
    """Return a value with both people's edits; None if they exclude each other."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        original_ids, their_ids, my_ids = ({item.pk for item in side} for side in (original, theirs, mine))
        return sorted((their_ids | (my_ids - original_ids)) - (original_ids - my_ids))
    if isinstance(field.widget, forms.Textarea) and all(isinstance(side, str) for side in (original, theirs, mine)):
        return weave(*(with_lf(side) for side in (original, theirs, mine)))
    return None


def _field_value(form: Any, name: str, form_input: FormInput) -> Any:
    """Return a field's cleaned value; the raw input if it is invalid."""
    field, data = form.fields[name], QueryDict(mutable=True)
    for key, texts in form_input.items():
        data.setlist(key, texts)
    raw = _widget(field).value_from_datadict(data, {}, form.add_prefix(name))
    if isinstance(field, forms.ModelMultipleChoiceField):
        # This person cannot add or remove links that they may not see.
        pks = [pk for pk in raw or [] if pk.isascii() and pk.isdigit() and len(pk) < 19]
        return list(field.queryset.filter(pk__in=pks)) if pks else []  # type: ignore[union-attr]
    try:
        return field.clean(raw)
    except ValidationError:
        return raw if raw else None


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return set(a) == set(b)
    if isinstance(a, str) and isinstance(b, str):
        return with_lf(a).strip() == with_lf(b).strip()
    return bool(a == b)


def with_lf(text: str) -> str:
    """Return a text with LF line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_text(field: Any, value: Any) -> str:
    """Return a field's value as text for a person."""
    choices: Any = getattr(field, "choices", ())
    if value is None or value == "":
        return str(dict(choices).get("", "")) if isinstance(field, forms.TypedChoiceField) else ""
    if isinstance(field, forms.ModelMultipleChoiceField):
        return ", ".join(sorted(str(item) for item in value))
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(choices).get(value, value))
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return with_lf(str(value))
