"""Search notes: by their documents if they are about no code, else by parts of words.

PostgreSQL has an index of parts of words, and SQLite reads all notes.
"""

from django.db.models import QuerySet

from kb.models import TroubleshootingNote
from kb.models.visibility import Person, Reader, reader
from kb.searching import relevance, store
from kb.searching.documents import NOTES, Document
from kb.searching.planner import CANDIDATES, rank, search
from kb.searching.query import SearchTerm, first_stems, terms_of
from kb.searching.tokenizer import LIGHT_STEMS
from kb.text.accents import fold_case

MAX_WORDS = 8
"""Most words of a query that are searched for, so that a pasted log does not make a huge query."""

MAX_LENGTH = 80
"""Most characters of a word that are searched for. SQLite refuses patterns of more than 50,000."""

_MAX_TEXT = 4_000
_ENOUGH = 0.5


def notes_containing(notes: QuerySet[TroubleshootingNote], text: str) -> QuerySet[TroubleshootingNote]:
    """Return the notes whose texts have each word of `text`."""
    words = [word[:MAX_LENGTH] for word in fold_case(text[:_MAX_TEXT]).replace("\x00", " ").split()][:MAX_WORDS]
    for word in words:
        notes = notes.filter(folded_text__contains=word)
    return notes if words else notes.none()


def notes_about_no_code(text: str, user: Person | None, limit: int = 5) -> list[TroubleshootingNote]:
    """Return the notes without codes and ranges that have at least half of a question's words, best first.

    The codes' documents have the words of the others. The public reads notes about public codes only, so none of these.
    """
    allowed = reader(user)
    terms = terms_of(text, allowed=allowed) if allowed == Reader.INTERNAL else []
    counts = store.frequencies(NOTES, first_stems(terms)) if terms else {}
    if not counts.get(""):
        return []
    weights = [relevance.LIGHT if term.alternatives[0].stems[0] in LIGHT_STEMS else 1.0 for term in terms]
    ranked = [document for _, document in rank(NOTES, terms, counts, [], CANDIDATES)]
    best = [document.key for document in ranked if _share(document, terms, weights) >= _ENOUGH][:limit]
    notes = TroubleshootingNote.objects.visible_to(user).current().filter(codes=None, ranges=None).in_bulk(best)
    return [notes[pk] for pk in best if pk in notes]


def _share(document: Document, terms: list[SearchTerm], weights: list[float]) -> float:
    there = (w for w, term in zip(weights, terms, strict=True) if relevance.rank([term], [w], [document]))
    return sum(there) / sum(weights)


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
