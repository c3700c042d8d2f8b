"""Create, change and delete code ranges."""

from typing import Any

from kb.models import CodeRange, TroubleshootingNote
from kb.services import journal
from kb.services.journal import By, save_versioned


def save_range(code_range: CodeRange, version: int | None, values: dict[str, Any], by: By) -> CodeRange:
    """Create a code range (version None) or change one. Raises StaleEdit, NotAllowed."""
    return save_versioned(code_range, version, values, {}, by)


def delete_range(code_range: CodeRange, version: int, by: By) -> None:
    """Delete a code range. Notes on it stay, without it. Raises StaleEdit, NotAllowed."""
    by.require_to("delete", CodeRange)
    with journal.entry(by) as entry:
        # The notes first, as an edit of them does it, which only then refers to its ranges.
        for pk in TroubleshootingNote.objects.filter(ranges=code_range).order_by("pk").values_list("pk", flat=True):
            note = entry.lock(TroubleshootingNote, pk)
            # An edit of its own: copies of a part of the tables learn that it is about none of them now.
            entry.update(note, [], ranges=note.ranges.exclude(pk=code_range.pk))
        entry.delete(entry.lock(CodeRange, code_range.pk, version))
