"""The base of all admin forms: merge with an edit that was saved in the meantime, or re-render with the input."""

from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from kb.admin.forms.conflicts import (
    FormInput,
    MergeResult,
    as_json,
    from_json,
    merge,
    original_input,
    set_input,
    take_theirs,
    with_lf,
)
from kb.admin.generics import ModelForm

REFUSED_SAVE = "kb_held"


class RefusedSave(NamedTuple):
    """Why a form is re-rendered instead of saved, and the field with the error."""

    message: str
    field: str | None = None


def refuse_save(request: HttpRequest, message: str, field: str | None = None) -> None:
    """Make the admin re-render this request's form with the submitted values; nothing is saved."""
    setattr(request, REFUSED_SAVE, RefusedSave(message, field))


class VersionedForm(ModelForm):
    """A form with the version and the field values that it was opened with."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    opened = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason for this change", required=False, max_length=100, help_text="Shown in the history."
    )

    refusal: RefusedSave | None = None
    """The reason to save nothing; the admin sets it on the class that it makes for each request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Set the version, and apply the "Take theirs" boxes of the previous merge."""
        super().__init__(*args, **kwargs)
        self.merge_result: MergeResult | None = None
        for bound in self:
            if isinstance(bound.field, forms.SplitDateTimeField):
                for part, widget in zip(("date", "time"), bound.field.widget.widgets, strict=True):
                    widget.attrs["aria-label"] = f"{bound.label}, {part}"
        if self.instance.pk:
            self.initial["version"] = str(getattr(self.instance, "version", ""))
        if self.is_bound and (original := self._opened()):
            take_theirs(self, original)

    def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
        """Return a field's initial value; for `opened`, the original input of the whole form."""
        if field_name == "opened":
            return as_json(original_input(self)) if self.instance.pk else ""
        return super().get_initial_for_field(field, field_name)

    def clean(self) -> dict[str, Any]:
        """Restore values in which only line ends changed; add errors for a stale version and for a refused save."""
        values = super().clean() or self.cleaned_data
        for name, value in values.items():
            if isinstance(value, str):
                values[name] = _normalized(getattr(self.instance, name, None), value)
        if self.instance.pk and hasattr(self.instance, "version"):
            self._refuse_stale(values)
        if self.refusal:
            self.add_error(self.refusal.field if self.refusal.field in self.fields else None, self.refusal.message)
        return values

    def _opened(self) -> FormInput | None:
        return from_json(self.data.get(self.add_prefix("opened")) or "")

    def _refuse_stale(self, values: dict[str, Any]) -> None:
        # The lock lasts until the admin's transaction ends, so that the service sees the version that was checked here.
        # Ordered by pk: a model's own order may join other tables, and their rows would be locked too.
        rows = type(self.instance)._default_manager.select_for_update(no_key=True).order_by("pk")
        current = rows.filter(pk=self.instance.pk).first()
        if current is None:
            raise ValidationError("Somebody else deleted this after you opened it.")
        if values.get("version") == str(current.version):
            return
        theirs = original_input(type(self)(instance=current, prefix=self.prefix))
        self.merge_result = merge(self, self._opened(), theirs)
        for field in (*self.merge_result.updates, *self.merge_result.merges):
            self.errors.pop(field.name, None)
        set_input(self, "version", {self.add_prefix("version"): [str(current.version)]})
        set_input(self, "opened", {self.add_prefix("opened"): [as_json(theirs)]})
        raise ValidationError(self.merge_result.message, code="stale")


def _normalized(current: Any, value: str) -> str:
    """Return the stored text if the input differs only in line ends and outer whitespace, else the input.

    Otherwise saving an unchanged form would turn a vendor's text into support's own, and the next import would report
    a conflict.
    """
    text = with_lf(value)
    return current if isinstance(current, str) and with_lf(current).strip() == text.strip() else text
