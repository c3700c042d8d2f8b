"""Bulk actions on notes: change their state, owner, audience and codes."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.contrib.auth import get_user_model

from kb.admin.forms.choices import ManyField
from kb.admin.lists.actions import BulkAction, BulkForm, FormValues
from kb.models import Audience, ReturnCode, TroubleshootingNote
from kb.services.journal import By
from kb.services.notes import TRANSITIONS, NoteTransition
from kb.services.proposals import save_or_propose

CHANGE = "kb.change_troubleshootingnote"


class OwnerForm(BulkForm):
    """Sets the owner of notes."""

    owner = forms.ModelChoiceField(get_user_model()._default_manager.none(), required=False, empty_label="Nobody")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer active staff."""
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = get_user_model()._default_manager.filter(is_staff=True, is_active=True).order_by("username")


class AudienceForm(BulkForm):
    """Sets the audience of notes."""

    audience = forms.ChoiceField(choices=Audience.choices)


class CodesForm(BulkForm):
    """Chooses the codes to add to notes or to remove."""

    codes = ManyField(ReturnCode.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the codes that this person may read, with autocomplete."""
        super().__init__(*args, **kwargs)
        codes = self.fields["codes"]
        assert isinstance(codes, ManyField)
        codes.queryset = ReturnCode.objects.visible_to(self.user).select_related("table", "section")
        codes.widget = AutocompleteSelectMultiple(TroubleshootingNote._meta.get_field("codes"), self.site)
        codes.widget.choices = codes.choices


def _transition_action(transition: NoteTransition) -> BulkAction:
    def verb(note: Any, version: int, by: By, values: FormValues) -> Any:
        return transition.verb(note, version, by)

    return BulkAction(f"move_{transition.name}", transition.label, transition.permission, verb)


def _save(note: Any, version: int, values: FormValues, by: By, **links: Any) -> Any:
    saved = save_or_propose(note, version, values, by, **links)
    return saved.proposal or saved.note


def _set_field(note: Any, version: int, by: By, values: FormValues) -> Any:
    return _save(note, version, values, by)


def _add_codes(note: Any, version: int, by: By, values: FormValues) -> Any:
    return _save(note, version, {}, by, codes=list({*note.codes.all(), *values["codes"]}))


def _remove_codes(note: Any, version: int, by: By, values: FormValues) -> Any:
    return _save(note, version, {}, by, codes=list({*note.codes.all()} - {*values["codes"]}))


NOTE_ACTIONS = (
    *(_transition_action(move) for move in TRANSITIONS.values()),
    BulkAction("set_owner", "Set the owner…", CHANGE, _set_field, OwnerForm),
    BulkAction("set_audience", "Set the audience…", CHANGE, _set_field, AudienceForm),
    BulkAction("add_codes", "Add codes…", CHANGE, _add_codes, CodesForm),
    BulkAction("remove_codes", "Remove codes…", CHANGE, _remove_codes, CodesForm),
)
