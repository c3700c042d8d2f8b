"""State transitions of a note in the admin: which ones a person may take, and taking one."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from kb.admin.forms.revisions import posted_version
from kb.models import Door, Proposal, TroubleshootingNote
from kb.models.notes import NoteState
from kb.models.visibility import Person
from kb.services.journal import By, NotAllowed, StaleEdit
from kb.services.notes import REVIEW_AFTER, NoteTransition, may_validate, may_vouch, transitions_for, why_not_validate


def form_context(note: TroubleshootingNote, user: Person) -> dict[str, Any]:
    """Return the template context for the state of a note."""
    transitions = transitions_for(note, user)
    is_unvalidated = note.state in (NoteState.DRAFT, NoteState.NOT_VALIDATED) and may_validate(user)
    is_refused = is_unvalidated and not any(transition.name == "validate" for transition in transitions)
    proposals = list(Proposal.objects.visible_to(user).unsettled().filter(note=note).select_related("author"))
    return {
        "transitions": transitions,
        "validation_refusal": why_not_validate(note, user) if is_refused else "",
        "next_review": timezone.localdate() + REVIEW_AFTER,
        "proposals": proposals,
        "becomes_proposal": note.is_validated and not may_vouch(user),
        "own_proposal": next((proposal for proposal in proposals if proposal.author == user), None),
    }


def apply_transition(request: HttpRequest, note: TroubleshootingNote, transition: NoteTransition) -> None:
    """Apply a transition, and show its outcome as a message."""
    by = By(request.user, Door.ADMIN, request.POST.get("reason", "").replace("\x00", "").strip())
    try:
        values = {"review_on": _posted_date(request)} if transition.name == "confirm" else {}
        saved = transition.verb(note, posted_version(request), by, **values)
    except StaleEdit:
        messages.error(request, f"“{note}” was saved by somebody else after you opened it. Check it again.")
    except (NotAllowed, ValidationError) as refusal:
        messages.error(request, " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal))
    else:
        messages.success(request, _success_message(saved, transition))


def _success_message(note: TroubleshootingNote, transition: NoteTransition) -> str:
    if transition.name == "confirm":
        return f"“{note}” is confirmed." + (f" Next review: {note.review_on}." if note.review_on else "")
    return f"“{note}” is now: {note.get_state_display().lower()}."


def _posted_date(request: HttpRequest) -> date | None:
    day: date | None = forms.DateField(required=False, label="Next review").clean(request.POST.get("review_on", ""))
    return day
