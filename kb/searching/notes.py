"""Search notes by parts of words: PostgreSQL has an index for this, and SQLite reads all notes."""

from django.db.models import Func, QuerySet, TextField

from kb.models import TroubleshootingNote
from kb.models.notes import NOTE_TEXTS
from kb.models.visibility import Person
from kb.searching.planner import search

MAX_WORDS = 8
"""Most words of a query that are searched for, so that a pasted log does not make a huge query."""

MAX_LENGTH = 80
"""Most characters of a word that are searched for. SQLite refuses patterns of more than 50,000."""

_MAX_TEXT = 4_000

_JOINER = " || ' ' || "


def all_texts() -> Func:
    """Return a note's texts as one text, in the form of the index kb_note_parts."""
    return Func(*NOTE_TEXTS, template="(%(expressions)s)", arg_joiner=_JOINER, output_field=TextField())


def notes_containing(notes: QuerySet[TroubleshootingNote], text: str) -> QuerySet[TroubleshootingNote]:
    """Return the notes whose texts have each word of `text`."""
    clean = text[:_MAX_TEXT].encode("utf-8", "ignore").decode().replace("\x00", " ")
    words = [word[:MAX_LENGTH] for word in clean.split()][:MAX_WORDS]
    matches = notes.alias(all_texts=all_texts())
    for word in words:
        matches = matches.filter(all_texts__icontains=word)
    return matches if words else notes.none()


def search_notes(text: str, user: Person | None, limit: int) -> list[TroubleshootingNote]:
    """Return the notes that have each word of a question, then the notes on the codes that match it, best first."""
    notes = TroubleshootingNote.objects.visible_to(user).current()
    matches = list(notes_containing(notes, text).order_by("-state", "-updated_at", "-id")[:limit])
    rank = {hit.code_id: at for at, hit in enumerate(search(text, user, limit=limit).hits)}
    links = TroubleshootingNote.codes.through.objects.filter(returncode__in=rank)
    pairs = links.values_list("troubleshootingnote_id", "returncode_id")
    best: dict[int, int] = {}
    for note, at in sorted(((note, rank[code]) for note, code in pairs), key=lambda pair: (pair[1], -pair[0])):
        best.setdefault(note, at)
    others = notes.exclude(pk__in=[note.pk for note in matches]).in_bulk(best)
    return [*matches, *(others[pk] for pk in best if pk in others)][:limit]
