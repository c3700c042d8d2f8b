"""Cards: everything that a reader may see about a code."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from kb.models import CodeRange, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.incidents import IncidentState
from kb.models.notes import NoteState, meant_for
from kb.models.sql import marks, objects
from kb.models.visibility import Person, Reader, condition, reader
from kb.queries.lookup import Verdict
from kb.text.safety.reply import fill

_NOTES = (
    "SELECT n.*, u.username AS validator, '{0}' AS place, l.{0}_id AS place_id"  # noqa: S608
    " FROM kb_troubleshootingnote_{1} AS l JOIN kb_troubleshootingnote AS n ON n.id = l.troubleshootingnote_id"
    " LEFT JOIN auth_user AS u ON u.id = n.validated_by_id"
    f" WHERE l.{{0}}_id IN ({{2}}) AND n.state <> '{NoteState.ARCHIVED}' AND {{3}}"
)
"""The notes on codes or ranges: which of them, the table of links, placeholders of ids, and who may read them."""
_INCIDENTS = (
    "SELECT i.*, l.returncode_id AS code_id FROM kb_incidentlink_codes AS l"  # noqa: S608
    " JOIN kb_incidentlink AS i ON i.id = l.incidentlink_id WHERE l.returncode_id IN ({}) AND {}"
    f" ORDER BY CASE WHEN i.state = '{IncidentState.RESOLVED}' THEN 1 ELSE 0 END,"
    " i.started_at DESC NULLS LAST, i.id DESC"
)


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
    """Return the cards of codes that the user may read, in the same order, in at most three queries."""
    level, ids = reader(user), [code.pk for code in codes]
    if not ids:
        return []
    ranges = _ranges_around(codes, level)
    notes = _notes_on(ids, [block.pk for block in ranges], level)
    incidents: dict[int, list[IncidentLink]] = defaultdict(list)
    incident: Any
    for incident in objects(IncidentLink, _INCIDENTS.format(marks(ids), condition(level, "i.audience")), *ids):
        incidents[incident.code_id].append(incident)
    return [_card(code, ranges, notes, incidents[code.pk]) for code in codes]


def _ranges_around(codes: Sequence[ReturnCode], level: Reader) -> list[CodeRange]:
    """Return the ranges around codes, narrowest first."""
    places = {(code.table_id, code.number, code.number) for code in codes if code.number is not None}
    if not places:
        return []
    around = " OR ".join(["r.table_id = %s AND r.first <= %s AND r.last >= %s"] * len(places))
    sql = (
        "SELECT r.* FROM kb_coderange AS r JOIN kb_codetable AS t ON t.id = r.table_id"  # noqa: S608
        f" WHERE ({around}) AND {condition(level, 't.audience')} ORDER BY r.last - r.first, r.first"
    )
    return objects(CodeRange, sql, *(value for place in places for value in place))


def _notes_on(codes: list[int], ranges: list[int], level: Reader) -> dict[tuple[str, int], list[TroubleshootingNote]]:
    """Return the notes that are not archived on codes and ranges, by `returncode` or `coderange` and its id."""
    parts = [_NOTES.format("returncode", "codes", marks(codes), meant_for(level))]
    parts += [_NOTES.format("coderange", "ranges", marks(ranges), meant_for(level))] if ranges else []
    sql = f"{' UNION ALL '.join(parts)} ORDER BY state DESC, updated_at DESC, id DESC"
    notes: dict[tuple[str, int], list[TroubleshootingNote]] = defaultdict(list)
    note: Any
    for note in objects(TroubleshootingNote, sql, *codes, *ranges):
        if note.validated_by_id:
            note.validated_by = User.from_db(note._state.db, ("id", "username"), [note.validated_by_id, note.validator])
        notes[note.place, note.place_id].append(note)
    return notes


def _card(
    code: ReturnCode,
    ranges: list[CodeRange],
    notes: dict[tuple[str, int], list[TroubleshootingNote]],
    incidents: list[IncidentLink],
) -> Card:
    number = code.number
    own = [r for r in ranges if r.table_id == code.table_id and number is not None and r.first <= number <= r.last]
    by_id = {note.pk: note for note in notes["returncode", code.pk]}
    for note in (note for r in own for note in notes["coderange", r.pk]):
        by_id.setdefault(note.pk, note)
    shown = list(by_id.values())
    if code.is_retired:
        verdict = Verdict.RETIRED
    else:
        verdict = Verdict.FOUND if any(note.is_live for note in shown) else Verdict.KNOWN_WITHOUT_NOTE
    return Card(
        code,
        shown,
        [incident for incident in incidents if incident.is_open],
        [incident for incident in incidents if not incident.is_open],
        own,
        verdict,
    )
