"""What an edit makes visible to the public, for the person who is about to save it."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Q

from kb.models import CodeTable, IncidentLink, Synonym, TroubleshootingNote

WIDENING = {"audience", "codes", "ranges"}
"""Fields whose change can make a stored row visible. To validate a note is a step and a permission of its own."""

_NOUNS = {
    "table": ("table", "tables"),
    "code": ("return code", "return codes"),
    "range": ("code range", "code ranges"),
    "note": ("note", "notes"),
    "incident": ("incident", "incidents"),
    "synonym": ("group of synonyms in public searches", "groups of synonyms in public searches"),
}


class Readable(NamedTuple):
    """Rows that the public can read: one row, or all codes or ranges of the table `pk`."""

    noun: str
    pk: int
    total: int
    label: str


def readable(obj: Any) -> set[Readable]:
    """Return what the public can read now of a table, note or incident, and of what depends on it."""
    if isinstance(obj, CodeTable):
        return _readable_table(obj)
    if isinstance(obj, Synonym):
        return {Readable("synonym", obj.pk, 1, str(obj))} if Synonym.objects.used_by("").filter(pk=obj.pk) else set()
    noun = {TroubleshootingNote: "note", IncidentLink: "incident"}.get(type(obj))
    if noun is None:
        return set()
    is_public = type(obj).objects.public().filter(pk=obj.pk).exists()
    return {Readable(noun, obj.pk, 1, str(obj))} if is_public else set()


def _readable_table(table: CodeTable) -> set[Readable]:
    if not CodeTable.objects.public().filter(pk=table.pk).exists():
        return set()
    notes = TroubleshootingNote.objects.public().filter(Q(codes__table=table) | Q(ranges__table=table)).distinct()
    incidents = IncidentLink.objects.public().filter(codes__table=table).distinct()
    counted = (("code", table.codes.count()), ("range", table.ranges.count()))
    return {
        Readable("table", table.pk, 1, str(table)),
        *(Readable(noun, table.pk, count, "") for noun, count in counted if count),
        *(Readable("note", note.pk, 1, str(note)) for note in notes),
        *(Readable("incident", incident.pk, 1, str(incident)) for incident in incidents),
    }


def in_words(rows: Iterable[Readable]) -> str:
    """Return how many rows of each kind, such as `1 table, 129 return codes, 12 notes`."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.noun] += row.total
    return ", ".join(f"{counts[noun]:,} {names[counts[noun] != 1]}" for noun, names in _NOUNS.items() if counts[noun])


def mark(rows: Iterable[Readable]) -> str:
    """Return a short text that stands for exactly these rows: the yes to them holds for no others."""
    listed = sorted(row[:3] for row in rows)
    return hashlib.sha256(repr(listed).encode()).hexdigest()[:24]
