"""What to try for codes, and what to tell customers: from the finished answers, in the order of the card."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from django.utils import timezone

from kb.models.notes import LIVE
from kb.models.visibility import Person
from kb.queries.cards import cards
from kb.queries.lookup_many import CodeMeaning
from kb.text.safety.reply import fill


class Action(NamedTuple):
    """Something to try: the resolution of a note, or the vendor's suggestion."""

    source: str
    text: str
    note: int | None


class ReplyNote(NamedTuple):
    """The note whose reply it is. Its state tells whether a reviewer confirmed it, its audience who may get it."""

    note: int
    state: str
    audience: str


class Remedy(NamedTuple):
    """What to try for one code, most reliable first, and the customer reply; empty without one."""

    actions: Sequence[Action]
    reply: str
    reply_from: ReplyNote | None
    audiences: Sequence[str]
    """The audiences of the notes that it comes from."""


NOTHING = Remedy((), "", None, ())

SOURCES = ("note", "vendor")
"""Whose an action is."""

_Note = Mapping[str, Any]


def remedies(meanings: Iterable[CodeMeaning], user: Person | None) -> dict[int, Remedy]:
    """Return the remedies of codes by id. No query, and three for all codes with more notes than an answer stores."""
    by_id = {meaning.code.pk: meaning for meaning in meanings}
    notes = {pk: _live(meaning.card["notes"]) for pk, meaning in by_id.items()}
    beyond = [meaning.code for meaning in by_id.values() if "notes" in meaning.card["truncated"]]
    for card in cards(beyond, user):
        notes[card.code.pk] = [vars(note) for note in card.notes if note.is_live]
    return {pk: _remedy(meaning, notes[pk]) for pk, meaning in by_id.items()}


def _live(notes: list[_Note]) -> list[_Note]:
    return [note for note in notes if note["state"] in LIVE]


def _remedy(meaning: CodeMeaning, notes: list[_Note]) -> Remedy:
    of_note, of_vendor = SOURCES
    actions = [Action(of_note, note["resolution"], note["id"]) for note in notes if note["resolution"].strip()]
    suggested = orjson.loads(meaning.row)["suggested_actions"]
    actions += [Action(of_vendor, suggested, None)] if suggested.strip() else []
    source = next((note for note in notes if note["customer_reply"].strip()), None)
    reply = fill(source["customer_reply"], meaning.code.code, timezone.localdate()) if source else ""
    reply_from = ReplyNote(source["id"], source["state"], source["audience"]) if source else None
    return Remedy(actions, reply, reply_from, [note["audience"] for note in notes])
