"""Add a phrasing to a code or note."""

from kb.models import ReturnCode, TroubleshootingNote
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.notes import save_note
from kb.text.editing.phrasings import with_phrasing


def add_phrasing(row: ReturnCode | TroubleshootingNote, phrasing: str, by: By) -> ReturnCode | TroubleshootingNote:
    """Add a phrasing to a code or note as it is stored now. Raises NotAllowed, for example for one too many."""
    with journal.entry(by) as entry:
        if isinstance(row, ReturnCode):
            code = entry.lock(ReturnCode, row.pk)
            return edit_code(code, code.version, {"phrasings": with_phrasing(code.phrasings, phrasing)}, by)
        note = entry.lock(TroubleshootingNote, row.pk)
        return save_note(note, note.version, {"phrasings": with_phrasing(note.phrasings, phrasing)}, by)
