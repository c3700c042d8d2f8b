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

    def edited(self) -> dict[str, str]:
        """Return the edited texts with LF line ends, as the database has them."""
        return {name: self.cleaned_data[name].replace("\r\n", "\n") for name in self.row.conflicts}
