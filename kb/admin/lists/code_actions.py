"""Steps on many codes: what to do, and a note about all of them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet

from kb.admin.forms.choices import OneField
from kb.admin.lists.actions import BulkAction, Given, StepForm
from kb.models import TroubleshootingNote
from kb.services.bulk_edits import GONE, BulkResult
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.proposals import save_or_propose
from kb.text.codes.disposition import DISPOSITIONS, FIXERS

KEEP, VENDOR = "keep", ""
_FIRST = [(KEEP, "Leave as it is"), (VENDOR, "As the vendor's words say")]


class DispositionForm(StepForm):
    """What to do about the codes, and who can fix it."""

    disposition = forms.ChoiceField(
        label="What to do", choices=[*_FIRST, *DISPOSITIONS.items()], initial=KEEP, required=False
    )
    fixer = forms.ChoiceField(label="Who can fix it", choices=[*_FIRST, *FIXERS.items()], initial=KEEP, required=False)

    def clean(self) -> Given:
        """Refuse to decide nothing."""
        given = super().clean() or {}
        if all(given.get(name) == KEEP for name in ("disposition", "fixer")):
            raise forms.ValidationError("Decide at least one of the two.")
        return given


class WhichNoteForm(StepForm):
    """The note that is about the codes from now on."""

    note = OneField(TroubleshootingNote.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the notes that are in use, as one types."""
        super().__init__(*args, **kwargs)
        note = self.fields["note"]
        assert isinstance(note, OneField)
        note.queryset = TroubleshootingNote.objects.visible_to(self.user).current()
        link = TroubleshootingNote.codes.through._meta.get_field("troubleshootingnote")
        note.widget = AutocompleteSelect(link, self.site)
        note.widget.choices = note.choices


def _decide(code: Any, version: int, by: By, given: Given) -> Any:
    decided = {name: value or None for name, value in given.items() if value != KEEP}
    return edit_code(code, version, decided, by)


def _add_note(rows: QuerySet[Any], seen: Mapping[int, int], by: By, given: Given) -> BulkResult:
    """Write the note once, whatever the number of codes. Raises StaleEdit."""
    note = given["note"]
    found, before = rows.in_bulk(list(seen)), list(note.codes.all())
    about = {code.pk for code in before}
    outcome = BulkResult(
        edited=[code for pk, code in found.items() if pk not in about],
        unchanged=[code for pk, code in found.items() if pk in about],
    )
    for pk in seen.keys() - found.keys():
        outcome.skip(f"number {pk}", GONE)
    saved = save_or_propose(note, note.version, {}, by, codes=[*before, *outcome.edited])
    if saved.proposal:
        outcome.proposals, outcome.edited = [saved.proposal], []
    return outcome


CODE_STEPS = (
    BulkAction("decide", "Set what to do and who fixes…", "kb.change_returncode", _decide, DispositionForm),
    BulkAction(
        "add_note", "Add to a note…", "kb.change_troubleshootingnote", _decide, WhichNoteForm, together=_add_note
    ),
)
