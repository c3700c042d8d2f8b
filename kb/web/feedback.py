"""Feedback from a card: whether a note worked, and flags."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from kb.models import Door, Outcome, ReturnCode, TroubleshootingNote
from kb.models.visibility import READ_INTERNAL
from kb.queries.cards import cards
from kb.queries.lookup import codes_visible_to
from kb.services.flags import raise_flag
from kb.services.journal import By, NotAllowed
from kb.services.outcomes import report_outcome
from kb.web.errors import InvalidParameter

THANKS = {
    Outcome.WORKED: "Thank you. Your report is counted: the note worked.",
    Outcome.DID_NOT_WORK: "Thank you. Your report is counted: the note did not work. Raise a flag to say why.",
    Outcome.NOT_APPLICABLE: "Thank you. Your report is counted: the note did not apply.",
}


@login_required
@permission_required(READ_INTERNAL, raise_exception=True)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Count whether a note of the card worked for a ticket."""
    code = _code(request, pk)
    if request.method == "GET":
        return _to_card(code)
    note = _note(request, code)
    value = request.POST.get("outcome", "")
    if note is None:
        raise InvalidParameter("Which note is this about? The form must name a note of this code.")
    if value not in Outcome.values:
        raise InvalidParameter(f"“{value[:40]}” is not an outcome. Allowed: {', '.join(Outcome.values)}.")
    outcome = Outcome(value)
    return _submit(request, code, lambda by: report_outcome(note, outcome, by), THANKS[outcome])


@login_required
@permission_required(READ_INTERNAL, raise_exception=True)
@require_http_methods(["GET", "POST"])
def flag(request: HttpRequest, pk: int) -> HttpResponse:
    """Raise a flag on a code or on one of its notes."""
    code = _code(request, pk)
    if request.method == "GET":
        return _to_card(code)
    note, comment = _note(request, code), request.POST.get("comment", "")
    thanks = "Thank you. The flag is raised. Editors see it, and the answer appears in “My flags”."
    return _submit(request, code, lambda by: raise_flag(code, note, comment, by), thanks)


def _submit(request: HttpRequest, code: ReturnCode, verb: Callable[[By], Any], thanks: str) -> HttpResponse:
    try:
        verb(By(request.user, Door.WEB))
        messages.success(request, thanks)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return _to_card(code)


def _to_card(code: ReturnCode) -> HttpResponse:
    """Redirect to the card; also on GET, after a login in which the submitted form was lost."""
    return redirect(code.get_absolute_url())


def _code(request: HttpRequest, pk: int) -> ReturnCode:
    return get_object_or_404(codes_visible_to(request.user), pk=pk)


def _note(request: HttpRequest, code: ReturnCode) -> TroubleshootingNote | None:
    """Return the note that a form names; None if it names none. Raises InvalidParameter if the card lacks that note."""
    pk = request.POST.get("note", "")
    if not pk:
        return None
    notes = {str(note.pk): note for note in cards([code], request.user)[0].notes}
    if pk not in notes:
        raise InvalidParameter(f"{code} has no note “{pk[:40]}”.")
    return notes[pk]
