"""Raise, assign and answer flags."""

from typing import Any

from django.utils import timezone

from kb.models import Flag, ReturnCode, TroubleshootingNote
from kb.models.flags import FlagState
from kb.models.visibility import READ_INTERNAL
from kb.services import journal
from kb.services.journal import By, NotAllowed

CHANGE_FLAG = "kb.change_flag"
OUTSIDER = "Only support staff can send reports."
"""The refusal of a report by somebody who may not read internal texts."""
_NO_EDITOR = "Only editors and reviewers can assign and answer flags."

MAX_COMMENT = 2000
"""Characters of a flag's comment and of its answer."""


def raise_flag(code: ReturnCode, note: TroubleshootingNote | None, comment: str, by: By) -> Flag:
    """Report that something about a code is wrong, to the owner of the note or of the code's first note.

    Raises NotAllowed.
    """
    by.require(READ_INTERNAL, OUTSIDER)
    words = _words(comment, "Say what is wrong")
    owned = note or code.notes.current().exclude(owner=None).order_by("-state", "-updated_at", "-id").first()
    owner = owned.owner if owned else None
    with journal.entry(by) as entry:
        return entry.create(Flag(code=code, note=note, comment=words, raised_by=by.account, owner=owner))


def assign_flag(flag: Flag, version: int, owner: Any, by: By) -> Flag:
    """Assign a flag to a user, or to nobody (None). Raises StaleEdit, NotAllowed."""
    by.require(CHANGE_FLAG, _NO_EDITOR)
    with journal.entry(by) as entry:
        current = entry.lock(Flag, flag.pk, version)
        fields = journal.set_fields(current, {"owner": owner})
        return entry.update(current, fields) if fields else current


def answer_flag(flag: Flag, version: int, answer: str, by: By) -> Flag:
    """Answer a flag and close it. The user who raised it can read the answer. Raises StaleEdit, NotAllowed."""
    by.require(CHANGE_FLAG, _NO_EDITOR)
    words = _words(answer, "Answer")
    with journal.entry(by) as entry:
        current = entry.lock(Flag, flag.pk, version)
        if current.state != FlagState.OPEN:
            raise NotAllowed("This flag has already been answered.")
        current.state, current.answer, current.answered_at = FlagState.ANSWERED, words, timezone.now()
        return entry.update(current, ["state", "answer"])


def _words(text: str, request: str) -> str:
    words = text.replace("\x00", "").strip()
    if not 0 < len(words) <= MAX_COMMENT:
        raise NotAllowed(f"{request}, in 1 to {MAX_COMMENT} characters; this text has {len(words)}.")
    return words
