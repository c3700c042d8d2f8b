"""Edit a note and move it between states: submit, validate, confirm, return, archive, restore.

draft -> not_validated -> validated. You can archive a note in any of these states; `restore_note` makes it a draft.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from kb.models import CodeRange, ReturnCode, TroubleshootingNote
from kb.models.notes import LIVE, NEWEST_FIRST, NOTE_TEXTS, NoteState, authors
from kb.models.proposals import PROPOSED
from kb.models.visibility import Person
from kb.services import journal
from kb.services.journal import By, NotAllowed
from kb.services.phrasing_rules import with_tidy_phrasings
from kb.services.reply_guard import guard

VALIDATE, CHANGE = "kb.validate_note", "kb.change_troubleshootingnote"
REVIEW_AFTER = timedelta(days=180)
"""Default time between two reviews: half a year, because vendors change their pages about as often."""
NOTE_FIELDS = (*NOTE_TEXTS, "audience", "owner", "review_on", "phrasings")


def save_note(
    note: TroubleshootingNote,
    version: int | None,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> TroubleshootingNote:
    """Create a note as a draft (version None) or change one. Raises StaleEdit.

    Raises NotAllowed if the edit needs a reviewer: see `needs_reviewer` and `proposals.save_or_propose`.
    """
    by.require_to("add" if version is None else "change", TroubleshootingNote)
    links: dict[str, Any] = {
        name: targets for name, targets in (("codes", codes), ("ranges", ranges)) if targets is not None
    }
    values = with_tidy_phrasings(values)
    with journal.entry(by) as entry:
        if version is None:
            journal.set_fields(note, values)
            guard(note, values)
            return entry.create(note, **links)
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if needs_reviewer(current, values, links, by.user):
            raise NotAllowed("This note is validated. Propose the change in its form, for a reviewer to accept.")
        keeps_validation = current.is_validated and _changes_content(current, values, links)
        fields = journal.set_fields(current, values)
        new_links: dict[str, Any] = dict(journal.changed_links(current, links))
        if not fields and not new_links:
            return current
        guard(current, fields, current.pk)
        fields += vouch(current, by) if keeps_validation else []
        return entry.update(current, fields, **new_links)


def needs_reviewer(
    note: TroubleshootingNote, values: dict[str, Any], links: dict[str, Any], user: Person | None
) -> bool:
    """Whether an edit of a validated note needs a reviewer.

    It does if it changes texts, audience or codes, which only the author has read.
    """
    return note.is_validated and not may_vouch(user) and _changes_content(note, values, links)


def _changes_content(note: TroubleshootingNote, values: dict[str, Any], links: dict[str, Any]) -> bool:
    has_new_texts = any(getattr(note, name) != values[name] for name in PROPOSED if name in values)
    return has_new_texts or bool(journal.changed_links(note, links))


def may_vouch(user: Person | None) -> bool:
    """Whether a user may publish texts of their own."""
    return settings.KB_VALIDATE_OWN_WORDS and may_validate(user)


def may_validate(user: Person | None) -> bool:
    """Whether a user may validate notes."""
    return user is not None and user.has_perm(VALIDATE)


def may_confirm(note: TroubleshootingNote, user: Person | None) -> bool:
    """Whether a user may confirm a note: a reviewer, or its owner."""
    owns = user is not None and note.owner_id == user.pk and user.has_perm(CHANGE)
    return owns or may_validate(user)


def why_not_validate(note: TroubleshootingNote, user: Person | None) -> str:
    """Return why a user may not validate a note now, in a sentence; empty if the user may."""
    if user is None or not may_validate(user):
        return "Only a reviewer can validate a note."
    if not settings.KB_VALIDATE_OWN_WORDS and user.pk in authors(note.history.order_by(*NEWEST_FIRST).iterator()):
        return "You wrote text in this note that is not validated yet. Somebody else has to validate it."
    return ""


def submit_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Offer a draft to agents: draft -> not_validated."""
    by.require_to("change", TroubleshootingNote)
    return _move(note, version, by, {NoteState.DRAFT}, NoteState.NOT_VALIDATED)


def validate_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Validate a note: draft or not_validated -> validated. Raises StaleEdit, NotAllowed."""
    refusal = why_not_validate(note, by.user)
    if refusal:
        raise NotAllowed(refusal)
    return _move(note, version, by, {NoteState.DRAFT, NoteState.NOT_VALIDATED}, NoteState.VALIDATED)


def confirm_note(note: TroubleshootingNote, version: int, by: By, review_on: date | None = None) -> TroubleshootingNote:
    """Confirm a validated note that needs another look. Raises StaleEdit, NotAllowed.

    If the review date has passed, it moves to `review_on`. If the owner confirms, the reviewer's validation stays.
    """
    if review_on is not None and review_on <= timezone.localdate():
        raise NotAllowed(f"The next review must be after today; {review_on} is not.")
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if not may_confirm(current, by.user):
            raise NotAllowed("Only a reviewer or the owner of the note can confirm it.")
        if not (current.is_validated and current.is_to_verify):
            raise NotAllowed("This note does not need attention.")
        values = _review(current, review_on) | (_validation(by) if may_validate(by.user) else {})
        return entry.update(current, journal.set_fields(current, values))


def return_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Return a note to its author: not_validated or validated -> draft. `by.reason` says why."""
    return _move(note, version, by, {NoteState.NOT_VALIDATED, NoteState.VALIDATED}, NoteState.DRAFT, VALIDATE)


def archive_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Archive a note. Its texts and history stay."""
    return _move(note, version, by, set(NoteState) - {NoteState.ARCHIVED}, NoteState.ARCHIVED, VALIDATE)


def restore_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Take a note out of the archive, as a draft."""
    return _move(note, version, by, {NoteState.ARCHIVED}, NoteState.DRAFT, VALIDATE)


@dataclass(frozen=True)
class NoteTransition:
    """A step of a note, as the faces offer it."""

    name: str
    label: str
    verb: Callable[..., TroubleshootingNote]
    sources: frozenset[NoteState]
    permission: str


TRANSITIONS = {
    move.name: move
    for move in (
        NoteTransition(
            "submit",
            "Publish for agents",
            submit_note,
            frozenset({NoteState.DRAFT}),
            CHANGE,
        ),
        NoteTransition(
            "validate",
            "Validate",
            validate_note,
            frozenset({NoteState.DRAFT, NoteState.NOT_VALIDATED}),
            VALIDATE,
        ),
        NoteTransition("confirm", "Still correct", confirm_note, frozenset({NoteState.VALIDATED}), CHANGE),
        NoteTransition("return", "Back to draft", return_note, frozenset(LIVE), VALIDATE),
        NoteTransition("archive", "Archive", archive_note, frozenset(NoteState) - {NoteState.ARCHIVED}, VALIDATE),
        NoteTransition("restore", "Unarchive", restore_note, frozenset({NoteState.ARCHIVED}), VALIDATE),
    )
}
"""Every step by name, in the order in which the faces offer them."""


def transitions_for(note: TroubleshootingNote, user: Person) -> list[NoteTransition]:
    """Return the steps that a user may take with a note now."""
    refusals = {
        "validate": bool(why_not_validate(note, user)),
        "confirm": not (note.is_to_verify and may_confirm(note, user)),
    }
    available = [m for m in TRANSITIONS.values() if note.state in m.sources and user.has_perm(m.permission)]
    return [m for m in available if not refusals.get(m.name)]


def _move(
    note: TroubleshootingNote,
    version: int,
    by: By,
    sources: set[NoteState],
    target: NoteState,
    permission: str = "",
) -> TroubleshootingNote:
    if permission and by.user is not None and not by.user.has_perm(permission):
        raise NotAllowed("Only a reviewer can do this.")
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if current.state not in sources:
            allowed = ", ".join(sorted(state.label.lower() for state in sources))
            raise NotAllowed(f"This note is {current.get_state_display().lower()}. Allowed states: {allowed}.")
        return entry.update(current, _set_state(current, target, by))


def _set_state(note: TroubleshootingNote, state: NoteState, by: By) -> list[str]:
    if state == NoteState.VALIDATED:
        return vouch(note, by)
    return journal.set_fields(note, {"state": state, "validated_by": None, "validated_at": None})


def vouch(note: TroubleshootingNote, by: By) -> list[str]:
    """Mark a locked note as validated and reviewed; return the names of the fields that changed."""
    return journal.set_fields(note, {"state": NoteState.VALIDATED} | _validation(by) | _review(note))


def _validation(by: By) -> dict[str, Any]:
    return {"validated_by": by.user, "validated_at": timezone.now()}


def _review(note: TroubleshootingNote, review_on: date | None = None) -> dict[str, Any]:
    today = timezone.localdate()
    due = note.review_on is not None and note.review_on <= today
    next_review = {"review_on": review_on or today + REVIEW_AFTER} if due else {}
    return {"verify_since": None, "verify_reason": ""} | next_review
