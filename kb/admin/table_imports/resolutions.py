"""The form that decides one conflict of an import."""

from typing import Any

from django import forms

from kb.models import ImportRow
from kb.models.fields import LABELS
from kb.models.table_imports import Resolution

DECISIONS = [Resolution.KEEP_OURS, Resolution.TAKE_THEIRS, Resolution.EDITED]


class ResolutionForm(forms.Form):
    """Decides one conflict: our text, theirs, or a new text for each field in conflict."""

    resolution = forms.ChoiceField(
        label="Decision", choices=[(decision.value, decision.label) for decision in DECISIONS], widget=forms.RadioSelect
    )

    def __init__(self, row: ImportRow, *args: Any, **kwargs: Any) -> None:
        """Add a text field for each conflict, prefilled with our text."""
        super().__init__(*args, **kwargs)
        self.row = row
        self.fields["resolution"].initial = row.resolution or Resolution.KEEP_OURS
        for name in row.conflicts:
            self.fields[name] = forms.CharField(
                label=f"Edited: {LABELS[name].lower()}",
                required=False,
                strip=False,
                initial=row.edited.get(name, row.texts(name)["ours"]),
                widget=forms.Textarea(attrs={"rows": 4}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a decision that would throw a typed text away."""
        cleaned = super().clean() or {}
        sent = {name: text for name, text in self.edited().items() if name in self.data}
        typed = any(text not in ("", self.fields[name].initial) for name, text in sent.items())
        if typed and cleaned.get("resolution") not in (None, Resolution.EDITED):
            raise forms.ValidationError("You changed a text: choose Edited to keep it, or put our text back.")
        return cleaned

    def edited(self) -> dict[str, str]:
        """Return the edited texts with LF line ends, as the database has them."""
        return {name: self.cleaned_data.get(name, "").replace("\r\n", "\n") for name in self.row.conflicts}
