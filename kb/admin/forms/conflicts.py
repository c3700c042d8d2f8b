"""Two people edited the same thing: what each changed is told apart, field by field, and put together.

# Note [What the form was opened with]
A form carries what its fields held when it was opened, as a browser would have sent it back untouched. Against that,
and not against what is stored by now, a field says who changed it. Everybody could type whatever they like into the
fields themselves, so nothing is gained by inventing it.
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
"""Fields of the form itself, which no row stores."""

FormInput = dict[str, list[str]]


@dataclass(frozen=True)
class ConflictField:
    """One field that somebody else changed meanwhile."""

    name: str
    label: str
    before: str | None
    """What both began with; None where the form did not say."""
    theirs: str
    mine: str
    merged: str | None = None
    """What stands in the form now; None for a conflict, where it is mine."""


@dataclass(frozen=True)
class MergeResult:
    """What came of a save that was stale."""

    taken: list[ConflictField]
    """Changed by them alone: taken over."""
    woven: list[ConflictField]
    """Changed by both, in different places: both edits stand in the form."""
    conflicts: list[ConflictField]
    """Changed by both in one place: mine stands in the form."""

    @property
    def message(self) -> str:
        """Say what happened and what to do, for a person."""
        parts = [
            "Somebody else saved this after you had opened it. Nothing of yours is lost, and nothing is saved yet.",
            _field_list(self.taken, "Taken over from them"),
            _field_list(self.woven, "Put together from both of you"),
            _field_list(self.conflicts, "Changed by both in the same place, so yours stands in the form"),
            "Compare below, then save again.",
        ]
        return " ".join(part for part in parts if part)


def _field_list(fields: list[ConflictField], what: str) -> str:
    return f"{what}: {', '.join(field.label.lower() for field in fields)}." if fields else ""


def original_input(form: Any) -> FormInput:
    """Return what a browser sends back from a form that nobody typed into. See Note [What the form was opened with]."""
    sent: FormInput = {}
    for bound in form:
        if bound.name not in FORM_FIELDS:
            value = bound.field.prepare_value(bound.initial)
            sent |= _widget_input(bound.html_name, _widget(bound.field), value)
    return sent


def _widget_input(name: str, widget: Any, value: Any) -> FormInput:
    if hasattr(widget, "widgets"):
        parts = zip(_suffixes(widget), widget.widgets, widget.decompress(value), strict=True)
        return {key: text for end, inner, part in parts for key, text in _widget_input(name + end, inner, part).items()}
    shown = widget.format_value(value)
    texts = shown if isinstance(shown, list | tuple) else [shown]
    return {name: [str(text) for text in texts if text not in (None, "")]}


def _suffixes(widget: Any) -> list[str]:
    """Return what the names of a widget's parts end in."""
    return getattr(widget, "widgets_names", [""])


def _widget(field: Any) -> Any:
    return field.widget.widget if isinstance(field.widget, RelatedFieldWidgetWrapper) else field.widget


def as_json(sent: FormInput) -> str:
    """Return what a form was opened with as one hidden field carries it."""
    return json.dumps(sent, separators=(",", ":"))


def from_json(text: str) -> FormInput | None:
    """Return what a form was opened with; None where it does not say."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    rows = [row for row in found.values() if isinstance(row, list)]
    return found if len(rows) == len(found) and all(isinstance(t, str) for row in rows for t in row) else None


def take_theirs(form: Any, opened: FormInput) -> None:
    """Put in what the form was opened with, where a box says so: after a merge, that is the other person's."""
    for name in form.data.getlist(form.add_prefix("take_theirs")):
        if name in form.fields and name not in FORM_FIELDS:
            set_input(form, name, opened)


def set_input(form: Any, name: str, sent: FormInput) -> None:
    """Put a field as it was sent elsewhere into a bound form."""
    data = form.data if getattr(form.data, "_mutable", True) else form.data.copy()
    bound = form[name]
    for key in (bound.html_name + end for end in _suffixes(_widget(bound.field))):
        data.setlist(key, sent.get(key, []))
    form.data = data


def merge(form: Any, opened: FormInput | None, theirs: FormInput) -> MergeResult:
    """Put together what stands in a form and what is stored by now, into the form, and say what came of it.

    A form that does not say what it was opened with gets a conflict for each difference.
    """
    found = MergeResult([], [], [])
    mine = {key: form.data.getlist(key) for key in form.data}
    for name, field in form.fields.items():
        if name not in FORM_FIELDS:
            _merge_field(form, name, field, [opened, theirs, mine], found)
    return found


def _merge_field(form: Any, name: str, field: Any, sides: list[FormInput | None], found: MergeResult) -> None:
    opened, theirs, mine = (None if side is None else _field_value(form, name, side) for side in sides)
    if _is_same(theirs, mine) or (sides[0] is not None and _is_same(theirs, opened)):
        return
    before, stored, typed = (as_text(field, value) for value in (opened, theirs, mine))
    known = sides[0] is not None
    about = ConflictField(name, str(field.label or name).capitalize(), before if known else None, stored, typed)
    if known and _is_same(mine, opened):
        set_input(form, name, sides[1] or {})
        found.taken.append(about)
        return
    both = _combine(field, opened, theirs, mine) if known else None
    if both is None:
        found.conflicts.append(about)
        return
    set_input(form, name, {form.add_prefix(name): [str(item) for item in both] if isinstance(both, list) else [both]})
    merged = as_text(field, _field_value(form, name, {key: form.data.getlist(key) for key in form.data}))
    found.woven.append(replace(about, merged=merged))


def _combine(field: Any, opened: Any, theirs: Any, mine: Any) -> Any:
    """Return both people's edits of one field together; None where only one can stand."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        was, now, here = ({item.pk for item in side} for side in (opened, theirs, mine))
        return sorted((now | (here - was)) - (was - here))
    if isinstance(field.widget, forms.Textarea) and all(isinstance(side, str) for side in (opened, theirs, mine)):
        return weave(*(_plain(side) for side in (opened, theirs, mine)))
    return None


def _field_value(form: Any, name: str, sent: FormInput) -> Any:
    """Return a field's value as the form would clean it; what cannot be cleaned, as it was typed."""
    field, data = form.fields[name], QueryDict(mutable=True)
    for key, texts in sent.items():
        data.setlist(key, texts)
    raw = _widget(field).value_from_datadict(data, {}, form.add_prefix(name))
    if isinstance(field, forms.ModelMultipleChoiceField):
        # What this person may not see is not theirs to add or to remove.
        asked = [pk for pk in raw or [] if pk.isascii() and pk.isdigit() and len(pk) < 19]
        return list(field.queryset.filter(pk__in=asked)) if asked else []  # type: ignore[union-attr]
    try:
        return field.clean(raw)
    except ValidationError:
        return raw if raw else None


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return set(one) == set(other)
    if isinstance(one, str) and isinstance(other, str):
        return _plain(one).strip() == _plain(other).strip()
    return one == other


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def as_text(field: Any, value: Any) -> str:
    """Return a field's value as a person reads it."""
    choices: Any = getattr(field, "choices", ())
    if value is None or value == "":
        return str(dict(choices).get("", "")) if isinstance(field, forms.TypedChoiceField) else ""
    if isinstance(field, forms.ModelMultipleChoiceField):
        return ", ".join(sorted(str(item) for item in value))
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(choices).get(value, value))
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return _plain(str(value))
