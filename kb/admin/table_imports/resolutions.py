"""The form that decides one conflict of an import."""

from typing import Any

from django import forms

from kb.admin.table_imports.plan_page import LABELS
from kb.models import ImportRow
from kb.models.table_imports import Resolution

DECISIONS = [Resolution.KEEP_OURS, Resolution.TAKE_THEIRS, Resolution.EDITED]


class ResolutionForm(forms.Form):
    """How one conflict is decided: ours, theirs, or words of our own for each text in conflict."""

    resolution = forms.ChoiceField(
        label="Decision", choices=[(one.value, one.label) for one in DECISIONS], widget=forms.RadioSelect
    )

    def __init__(self, row: ImportRow, *args: Any, **kwargs: Any) -> None:
        """Add a text for each field in conflict, which starts as what we have now."""
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
        """Return the edited texts, with the newlines that the database has."""
        return {name: self.cleaned_data[name].replace("\r\n", "\n") for name in self.row.conflicts}
