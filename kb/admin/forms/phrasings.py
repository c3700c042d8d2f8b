"""The form that adds a phrasing to a code or a note."""

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AdminRadioSelect, AutocompleteSelect

from kb.admin.forms.choices import OneField, label
from kb.models import ReturnCode, TroubleshootingNote
from kb.models.visibility import Person
from kb.queries.phrasings import proposals_for
from kb.text.editing.phrasings import MAX_LENGTH


class PhrasingForm(forms.Form):
    """A question, and the code or note that answers it: one of the proposals, or another one."""

    text = forms.CharField(
        label="Question",
        max_length=MAX_LENGTH,
        widget=forms.TextInput(attrs={"size": 60}),
        help_text="As customers or agents ask. You can correct it.",
    )
    asked = forms.CharField(widget=forms.HiddenInput, required=False)
    closest = forms.ChoiceField(label="It is about", required=False, widget=AdminRadioSelect({"class": "radiolist"}))
    code = OneField(ReturnCode.objects.none(), label="Another code", required=False)
    note = OneField(TroubleshootingNote.objects.none(), label="Another note", required=False)

    def __init__(self, data: Any, user: Person, site: AdminSite, asked: str) -> None:
        """Offer what this person may read and change; the closest to what was asked as radio buttons."""
        super().__init__(data, initial={"text": asked, "asked": asked})
        may = user.has_perm
        self.rows = {
            f"{type(row).__name__.lower()}-{row.pk}": row
            for row in proposals_for(asked, user)
            if may(f"kb.change_{type(row).__name__.lower()}")
        }
        choices = [(key, label(row)) for key, row in self.rows.items()]
        radio = self.fields["closest"]
        assert isinstance(radio, forms.ChoiceField)
        radio.choices = choices
        if not choices:
            del self.fields["closest"]
            self.fields["code"].label, self.fields["note"].label = "Code", "Note"
        through = TroubleshootingNote.codes.through._meta
        codes = ReturnCode.objects.visible_to(user).select_related("table", "section")
        notes = TroubleshootingNote.objects.visible_to(user).current()
        self._offer("code", codes, AutocompleteSelect(through.get_field("returncode"), site), user)
        self._offer("note", notes, AutocompleteSelect(through.get_field("troubleshootingnote"), site), user)

    def _offer(self, name: str, rows: Any, widget: Any, user: Person) -> None:
        if not user.has_perm(f"kb.change_{rows.model._meta.model_name}"):
            del self.fields[name]
            return
        field = self.fields[name]
        assert isinstance(field, OneField)
        field.queryset, field.widget = rows, widget
        field.widget.choices = field.choices

    def clean(self) -> dict[str, Any]:
        """Set `row`, the code or note that was chosen. Raises ValidationError unless it is exactly one."""
        values = super().clean() or self.cleaned_data
        chosen = [values[name] for name in ("code", "note") if values.get(name)]
        if values.get("closest"):
            chosen.append(self.rows[values["closest"]])
        if len(chosen) != 1 and not self.errors:
            raise forms.ValidationError("Choose one code or one note.")
        return values | {"row": chosen[0] if chosen else None}
