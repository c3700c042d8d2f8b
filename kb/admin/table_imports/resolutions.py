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
        """Add an error for each text that would be lost, and for each that was emptied."""
        data = super().clean() or {}
        for name, text in self.edited().items():
            shown = self.get_initial_for_field(self.fields[name], name)
            is_edited, is_empty = data.get("resolution") == Resolution.EDITED, not text.strip()
            if is_edited and is_empty and shown.strip():
                self.add_error(name, "Enter a text, or choose another decision.")
            if not is_edited and not is_empty and text not in (shown, self.row.texts(name)["ours"]):
                self.add_error(name, "You changed this text. Choose Edited to keep it, or empty the field to drop it.")
        return data

    def edited(self) -> dict[str, str]:
        """Return the edited texts with LF line ends, as the database has them."""
        return {name: self.cleaned_data.get(name, "").replace("\r\n", "\n") for name in self.row.conflicts}
