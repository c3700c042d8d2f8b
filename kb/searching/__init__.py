"""Search by words, one interface for every database."""

from functools import reduce
from operator import and_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from kb.models import ReturnCode, TroubleshootingNote
from kb.models.code import VENDOR_TEXTS
from kb.models.note import NOTE_TEXTS

MAX_WORDS = 8
"""Words of a query that are looked for; more are left out, so that a pasted log cannot make a huge query."""


MAX_LENGTH = 80
"""Characters of a word that are looked for: SQLite refuses patterns of more than 50,000."""

MAX_TEXT = 4_000
"""Characters of a query that are read."""


def containing(codes: QuerySet[ReturnCode], text: str, user: Any) -> QuerySet[ReturnCode]:
    """Keep the codes where each word of `text` is in the code's texts or in a note that `user` may read."""
    words = _words(text)
    if not words:
        return codes.none()
    return codes.filter(reduce(and_, (_has_word(word, user) for word in words)))


def notes_containing(notes: QuerySet[TroubleshootingNote], text: str) -> QuerySet[TroubleshootingNote]:
    """Keep the notes whose texts hold each word of `text`."""
    words = _words(text)
    return notes.filter(reduce(and_, (_any_contains(NOTE_TEXTS, word) for word in words))) if words else notes.none()


def _words(text: str) -> list[str]:
    return [word[:MAX_LENGTH] for word in text[:MAX_TEXT].replace("\x00", " ").split()][:MAX_WORDS]


def _has_word(word: str, user: Any) -> Q:
    in_code = _any_contains(("code", *VENDOR_TEXTS), word)
    notes = TroubleshootingNote.objects.visible_to(user).current().filter(codes=OuterRef("pk"))
    return in_code | Q(Exists(notes.filter(_any_contains(NOTE_TEXTS, word))))


def _any_contains(fields: tuple[str, ...], word: str) -> Q:
    return reduce(lambda q, name: q | Q(**{f"{name}__icontains": word}), fields, Q())
