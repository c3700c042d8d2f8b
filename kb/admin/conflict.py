"""Two people edited the same thing: their words beside mine, field by field."""

from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.utils import timezone

NOT_TEXTS = {"version", "reason", "take_vendor"}


class Conflict(NamedTuple):
    """One field in which the stored text differs from the form's."""

    label: str
    theirs: str
    mine: str


def conflicts(form: Any, current: Any) -> list[Conflict]:
    """Return the fields of a form in which what is stored now differs from what was typed."""
    found = []
    for name, field in form.fields.items():
        if name in NOT_TEXTS:
            continue
        theirs = as_text(field, form.stored(current, name))
        typed = form.cleaned_data[name] if name in form.cleaned_data else form[name].data
        mine = as_text(field, typed)
        if theirs.replace("\r\n", "\n") != mine:
            found.append(Conflict(str(field.label or name), theirs, mine))
    return found


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
    return str(value)
