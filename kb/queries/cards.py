"""Cards: everything that a reader may see about a code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from kb.models import CodeRange, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.visibility import Person
from kb.queries.lookup import Verdict
from kb.text.safety.reply import fill


@dataclass(frozen=True)
class Card:
    """Everything that a reader may see about one return code."""

    code: ReturnCode
    notes: list[TroubleshootingNote]
    open_incidents: list[IncidentLink]
    past_incidents: list[IncidentLink]
    ranges: list[CodeRange]
    verdict: Verdict

    @property
    def reply_note(self) -> TroubleshootingNote | None:
        """The first note whose reply agents may send; validated notes come first."""
        return next((note for note in self.notes if note.is_live and note.customer_reply.strip()), None)

    @property
    def customer_reply(self) -> str:
        """The reply of that note, filled in for this code and today; empty without one."""
        return filled_reply(self.reply_note, [self.code]) if self.reply_note else ""


def filled_reply(note: TroubleshootingNote, codes: Sequence[ReturnCode]) -> str:
    """Return a note's reply, filled in for today and for its code.

    With several codes, `{code}` stays: the agent knows which one the customer got.
    """
    code = codes[0].code if len(codes) == 1 else "{code}"
    return fill(note.customer_reply, code, timezone.localdate())


def cards(codes: Sequence[ReturnCode], user: Person | None) -> list[Card]:
    """Return the cards of a few codes, in the same order. The number of queries does not grow with the codes."""
    visible_notes = TroubleshootingNote.objects.visible_to(user).current().select_related("owner", "validated_by")
    notes = visible_notes.order_by("-state", "-updated_at", "-id")
    incidents = IncidentLink.objects.visible_to(user).open_first()
    prefetch_related_objects(
        list(codes),
        Prefetch("notes", notes, to_attr="shown_notes"),
        Prefetch("incidents", incidents, to_attr="shown_incidents"),
    )
    ranges = _ranges_with_notes(codes, notes, user)
    return [_card(code, ranges) for code in codes]


def _ranges_with_notes(
    codes: Sequence[ReturnCode], notes: QuerySet[TroubleshootingNote], user: Person | None
) -> list[CodeRange]:
    around = Q()
    for code in codes:
        if code.number is not None:
            around |= Q(table=code.table_id, first__lte=code.number, last__gte=code.number)
    if not around:
        return []
    ranges = CodeRange.objects.visible_to(user).filter(around).select_related("table")
    return list(ranges.prefetch_related(Prefetch("notes", notes, to_attr="shown_notes")))


def _card(code: Any, ranges: list[CodeRange]) -> Card:
    own = [r for r in ranges if r.table_id == code.table_id and r.first <= (code.number or 0) <= r.last]
    own = [] if code.number is None else sorted(own, key=lambda r: r.last - r.first)
    notes = {note.pk: note for note in code.shown_notes}
    for note in (note for r in own for note in r.shown_notes):  # type: ignore[attr-defined]
        notes.setdefault(note.pk, note)
    all_notes = list(notes.values())
    incidents = code.shown_incidents
    if code.is_retired:
        verdict = Verdict.RETIRED
    else:
        verdict = Verdict.FOUND if any(note.is_live for note in all_notes) else Verdict.KNOWN_WITHOUT_NOTE
    return Card(
        code,
        all_notes,
        [incident for incident in incidents if incident.is_open],
        [incident for incident in incidents if not incident.is_open],
        own,
        verdict,
    )
