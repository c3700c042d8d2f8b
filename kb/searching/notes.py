"""Search among notes: they are few, so the database reads them all."""

from functools import reduce
from operator import and_

from django.db.models import Q, QuerySet

from kb.models import TroubleshootingNote
from kb.models.note import NOTE_TEXTS

MAX_WORDS = 8
"""Words of a query that are looked for; more are left out, so that a pasted log cannot make a huge query."""

MAX_LENGTH = 80
"""Characters of a word that are looked for: SQLite refuses patterns of more than 50,000."""

_MAX_TEXT = 4_000


def notes_containing(notes: QuerySet[TroubleshootingNote], text: str) -> QuerySet[TroubleshootingNote]:
    """Keep the notes whose texts hold each word of `text`."""
    clean = text[:_MAX_TEXT].encode("utf-8", "ignore").decode().replace("\x00", " ")
    words = [word[:MAX_LENGTH] for word in clean.split()][:MAX_WORDS]
    return notes.filter(reduce(and_, (_any_contains(word) for word in words))) if words else notes.none()


def _any_contains(word: str) -> Q:
    return reduce(lambda q, name: q | Q(**{f"{name}__icontains": word}), NOTE_TEXTS, Q())
