"""A code at a moment in the past: its texts, its disposition, and the notes about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from kb.models import Change, CodeRange, ReturnCode, TroubleshootingNote
from kb.models.notes import NoteState
from kb.models.visibility import Person, Reader, reader


@dataclass(frozen=True)
class PastCode:
    """A code at a moment in the past. `code` and `notes` are revisions, with the fields of codes and notes."""

    code: Any
    notes: list[Any]


def as_of(code: ReturnCode, at: datetime, user: Person | None) -> PastCode | None:
    """Return a code as it was just before `at`; None if it did not exist yet, or if the user may not see that version.

    `code` comes from `visible_to`. Only internal readers get past notes, because the audience of a note depends on its
    state.
    """
    internal = reader(user) == Reader.INTERNAL
    if not internal and _audience_changed_since(code, at):
        return None
    revision = _latest(ReturnCode.history.filter(id=code.pk, history_date__lt=at)).first()
    if revision is None or revision.history_type == "-":
        return None
    return PastCode(revision, list(_notes(code, at)) if internal else [])


def _audience_changed_since(code: ReturnCode, at: datetime) -> bool:
    """Whether the table's audience has changed since: its texts may have been internal before."""
    about_table = Change.objects.filter(noun="table", object_id=code.table_id, at__gte=at)
    # In Python, because each database searches a list in its own way. Few changes concern tables.
    return any("audience" in fields for fields in about_table.values_list("fields", flat=True))


def _notes(code: ReturnCode, at: datetime) -> QuerySet[Any]:
    """Return the revisions of the notes that were about a code or its range, without archived ones."""
    history = TroubleshootingNote.history
    links = {
        name: history.model._meta.get_field(f"historicaltroubleshootingnote_{name}") for name in ("codes", "ranges")
    }
    return_codes, code_ranges = (links[name].related_model._default_manager for name in ("codes", "ranges"))
    ranges = CodeRange.objects.filter(table=code.table_id).holding(code.number).order_by().values("pk")
    then = _latest(history.filter(id=OuterRef("id"), history_date__lt=at)).values("history_id")[:1]
    about = Q(Exists(return_codes.filter(history=OuterRef("pk"), returncode=code.pk))) | Q(
        Exists(code_ranges.filter(history=OuterRef("pk"), coderange__in=ranges))
    )
    revisions: QuerySet[Any] = history.filter(about, history_id=Subquery(then)).exclude(history_type="-")
    return revisions.exclude(state=NoteState.ARCHIVED).order_by("-state", "-updated_at", "-id")


def _latest(revisions: QuerySet[Any]) -> QuerySet[Any]:
    return revisions.order_by("-history_date", "-history_id")
