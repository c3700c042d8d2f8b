"""Bulk actions on codes: set the disposition, add them to a note."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet

from kb.admin.forms.choices import OneField
from kb.admin.lists.actions import BulkAction, BulkForm, FormValues
from kb.models import TroubleshootingNote
from kb.services.bulk_edits import GONE, BulkResult
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.proposals import save_or_propose
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

KEEP, VENDOR = "keep", ""
_EXTRA_CHOICES = [(KEEP, "Leave as it is"), (VENDOR, "From the vendor's text")]


class DispositionForm(BulkForm):
    """Sets the disposition and fixer of codes."""

    disposition = forms.ChoiceField(
        label="What to do", choices=[*_EXTRA_CHOICES, *DISPOSITIONS.items()], initial=KEEP, required=False
    )
    fixer = forms.ChoiceField(
        label="Who can fix it", choices=[*_EXTRA_CHOICES, *FIXERS.items()], initial=KEEP, required=False
    )

    def clean(self) -> FormValues:
        """Raise ValidationError if both fields are left as they are."""
        values = super().clean() or {}
        if all(values.get(name) == KEEP for name in ("disposition", "fixer")):
            raise forms.ValidationError("Choose what to do or who can fix it.")
        return values


class NoteChoiceForm(BulkForm):
    """Chooses the note to add the codes to."""

    note = OneField(TroubleshootingNote.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the notes in use, with autocomplete."""
        super().__init__(*args, **kwargs)
        note = self.fields["note"]
        assert isinstance(note, OneField)
        note.queryset = TroubleshootingNote.objects.visible_to(self.user).current()
        link = TroubleshootingNote.codes.through._meta.get_field("troubleshootingnote")
        note.widget = AutocompleteSelect(link, self.site)
        note.widget.choices = note.choices


def _decide(code: Any, version: int, by: By, values: FormValues) -> Any:
    decision = {name: value or None for name, value in values.items() if value != KEEP}
    return edit_code(code, version, decision, by)


def _add_note(rows: QuerySet[Any], versions: Mapping[int, int], by: By, values: FormValues) -> BulkResult:
    """Write the note once, whatever the number of codes. Raises StaleEdit."""
    note = values["note"]
    codes, note_codes = rows.in_bulk(list(versions)), list(note.codes.all())
    note_code_ids = {code.pk for code in note_codes}
    outcome = BulkResult(
        edited=[code for pk, code in codes.items() if pk not in note_code_ids],
        unchanged=[code for pk, code in codes.items() if pk in note_code_ids],
    )
    for pk in versions.keys() - codes.keys():
        outcome.skip(f"number {pk}", GONE)
    saved = save_or_propose(note, note.version, {}, by, codes=[*note_codes, *outcome.edited])
    if saved.proposal:
        outcome.proposals, outcome.edited = [saved.proposal], []
    return outcome


CODE_ACTIONS = (
    BulkAction("decide", "Set what to do and who can fix it…", "kb.change_returncode", _decide, DispositionForm),
    BulkAction(
        "add_note", "Add to a note…", "kb.change_troubleshootingnote", _decide, NoteChoiceForm, bulk_verb=_add_note
    ),
)
