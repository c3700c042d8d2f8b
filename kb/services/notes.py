"""Verbs of a note's life: write, submit, validate, return, archive, restore.

draft -> not_validated -> validated, and from any of them archived; `restore_note` leads back to draft.
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
from kb.services.reply_guard import guard

VALIDATE, CHANGE = "kb.validate_note", "kb.change_troubleshootingnote"
REVIEW_AFTER = timedelta(days=180)
"""From one review to the next, where nobody names a date: two a year, as vendors' pages change about as often."""
NOTE_FIELDS = (*NOTE_TEXTS, "audience", "owner", "review_on")


def save_note(
    note: TroubleshootingNote,
    version: int | None,
    values: dict[str, Any],
    by: By,
    codes: Sequence[ReturnCode] | None = None,
    ranges: Sequence[CodeRange] | None = None,
) -> TroubleshootingNote:
    """Create a note as a draft (version None) or change one. Raises StaleEdit.

    Raises NotAllowed where a reviewer has to read it first: see `needs_reviewer`, and `proposing.save_or_propose`.
    """
    links: dict[str, Any] = {
        name: targets for name, targets in (("codes", codes), ("ranges", ranges)) if targets is not None
    }
    with journal.entry(by) as entry:
        if version is None:
            journal.changed_fields(note, values)
            guard(note, values)
            return entry.create(note, **links)
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if needs_reviewer(current, values, links, by.user):
            raise NotAllowed("This note is validated. Propose the change in its form, for a reviewer to accept.")
        vouched = current.is_validated and _says_more(current, values, links)
        changed = journal.changed_fields(current, values)
        moved: dict[str, Any] = dict(journal.changed_links(current, links))
        if not changed and not moved:
            return current
        guard(current, changed, current.pk)
        changed += vouch(current, by) if vouched else []
        return entry.update(current, changed, **moved)


def needs_reviewer(
    note: TroubleshootingNote, values: dict[str, Any], links: dict[str, Any], user: Person | None
) -> bool:
    """Whether an edit says more under a validation than its author may vouch for.

    New words, a new audience or other codes on a validated note have nobody behind them but whoever wrote them.
    """
    return note.is_validated and not may_vouch(user) and _says_more(note, values, links)


def _says_more(note: TroubleshootingNote, values: dict[str, Any], links: dict[str, Any]) -> bool:
    worded = any(getattr(note, name) != values[name] for name in PROPOSED if name in values)
    return worded or bool(journal.changed_links(note, links))


def may_vouch(user: Person | None) -> bool:
    """Whether a user may publish words of their own."""
    return settings.KB_VALIDATE_OWN_WORDS and may_validate(user)


def may_validate(user: Person | None) -> bool:
    """Whether a user may stand behind a note's words."""
    return user is not None and user.has_perm(VALIDATE)


def may_confirm(note: TroubleshootingNote, user: Person | None) -> bool:
    """Whether a user may say that a note still holds: a reviewer, or whoever keeps it true."""
    owns = user is not None and note.owner_id == user.pk and user.has_perm(CHANGE)
    return owns or may_validate(user)


def why_not_validate(note: TroubleshootingNote, user: Person | None) -> str:
    """Return why a user may not validate a note as it stands, for a person; empty if nothing speaks against it."""
    if user is None or not may_validate(user):
        return "Only a reviewer can validate a note."
    if not settings.KB_VALIDATE_OWN_WORDS and user.pk in authors(note.history.order_by(*NEWEST_FIRST).iterator()):
        return "You wrote text in this note that is not validated yet. Somebody else has to validate it."
    return ""


def submit_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Offer a draft to agents: draft -> not_validated."""
    return _move(note, version, by, {NoteState.DRAFT}, NoteState.NOT_VALIDATED)


def validate_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Stand behind a note: draft or not_validated -> validated. Raises NotAllowed without the right to."""
    refusal = why_not_validate(note, by.user)
    if refusal:
        raise NotAllowed(refusal)
    return _move(note, version, by, {NoteState.DRAFT, NoteState.NOT_VALIDATED}, NoteState.VALIDATED)


def confirm_note(note: TroubleshootingNote, version: int, by: By, review_on: date | None = None) -> TroubleshootingNote:
    """Say that a validated note still holds, though something asked for another look. Raises NotAllowed.

    A review date that has come moves to `review_on`. An owner's word leaves the validation to whoever gave it.
    """
    if review_on is not None and review_on <= timezone.localdate():
        raise NotAllowed(f"The next review must be after today; {review_on} is not.")
    with journal.entry(by) as entry:
        current = entry.lock(TroubleshootingNote, note.pk, version)
        if not may_confirm(current, by.user):
            raise NotAllowed("Only a reviewer or the owner of the note can confirm it.")
        if not (current.is_validated and current.is_to_verify):
            raise NotAllowed("This note does not need attention.")
        values = _looked_at(current, review_on) | (_validation(by) if may_validate(by.user) else {})
        return entry.update(current, journal.changed_fields(current, values))


def return_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Send a note back to its author: not_validated or validated -> draft. Say why in `by.reason`."""
    return _move(note, version, by, {NoteState.NOT_VALIDATED, NoteState.VALIDATED}, NoteState.DRAFT, VALIDATE)


def archive_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Take a note out of use; nothing of it is lost."""
    return _move(note, version, by, set(NoteState) - {NoteState.ARCHIVED}, NoteState.ARCHIVED, VALIDATE)


def restore_note(note: TroubleshootingNote, version: int, by: By) -> TroubleshootingNote:
    """Take a note back into use, as a draft."""
    return _move(note, version, by, {NoteState.ARCHIVED}, NoteState.DRAFT, VALIDATE)


@dataclass(frozen=True)
class NoteTransition:
    """A step in a note's life, as a face offers it."""

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
"""Every step by name, in the order in which it is offered."""


def transitions_for(note: TroubleshootingNote, user: Person) -> list[NoteTransition]:
    """Return the steps that a user may take with a note now. Validating one's own words is offered by none."""
    closed = {
        "validate": bool(why_not_validate(note, user)),
        "confirm": not (note.is_to_verify and may_confirm(note, user)),
    }
    open_now = [m for m in TRANSITIONS.values() if note.state in m.sources and user.has_perm(m.permission)]
    return [m for m in open_now if not closed.get(m.name)]


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
    return journal.changed_fields(note, {"state": state, "validated_by": None, "validated_at": None})


def vouch(note: TroubleshootingNote, by: By) -> list[str]:
    """Set on a locked note that somebody stands behind it, and so has just read it; return what changed."""
    return journal.changed_fields(note, {"state": NoteState.VALIDATED} | _validation(by) | _looked_at(note))


def _validation(by: By) -> dict[str, Any]:
    return {"validated_by": by.user, "validated_at": timezone.now()}


def _looked_at(note: TroubleshootingNote, review_on: date | None = None) -> dict[str, Any]:
    today = timezone.localdate()
    due = note.review_on is not None and note.review_on <= today
    moved = {"review_on": review_on or today + REVIEW_AFTER} if due else {}
    return {"verify_since": None, "verify_reason": ""} | moved
