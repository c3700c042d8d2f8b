"""The finished answer of each code, and the note to work with first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.db.models import F
from django.urls import reverse

from kb import answers
from kb.answers.build import EMPTY_CARD
from kb.models import ReturnCode, TroubleshootingNote
from kb.models.notes import LIVE
from kb.models.sql import MAX_VALUES, batches
from kb.models.visibility import Person, reader

_NOTE = ("id", "title", "state", "audience")
EMPTY = EMPTY_CARD.encode()
NO_LISTS: Mapping[str, Any] = orjson.loads(EMPTY_CARD)


class FirstNote(NamedTuple):
    """The note that a card shows first."""

    id: int
    title: str
    version: int
    state: str
    audience: str

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the address of the note's page."""
        return reverse("note", args=[self.id])


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of codes, by their ids."""

    rows: Mapping[int, bytes]
    """The codes that are still there, as JSON: see `kb.answers.complete`."""
    cards: Mapping[int, dict[str, Any]]
    """The lists of the cards that have notes or incidents. Addresses are without the site's."""
    notes: Mapping[int, FirstNote]
    """The notes to work with first."""

    def card(self, code_id: int) -> Mapping[str, Any]:
        """Return the lists of a card; they may be empty."""
        return self.cards.get(code_id, NO_LISTS)


def surroundings(codes: Iterable[ReturnCode], user: Person | None) -> Surroundings:
    """Return the finished answers of codes for a reader, and their first notes. A note must be published.

    Two queries for 10,000 codes.
    """
    by_id = {code.pk: code for code in codes}
    whole: dict[int, tuple[bytes, bytes]] = {}
    for batch in batches(by_id, MAX_VALUES):
        whole |= answers.whole(batch, reader(user))
    shown = {pk: orjson.loads(card) for pk, (_, card) in whole.items() if card != EMPTY}
    firsts = {pk: note for pk, card in shown.items() if (note := _first(card) or _beyond(card, by_id[pk], user))}
    ids = {note["id"] for note in firsts.values()}
    versions = dict(TroubleshootingNote.objects.filter(pk__in=ids).values_list("pk", "version")) if ids else {}
    notes = {pk: _note(note, versions[note["id"]]) for pk, note in firsts.items() if note["id"] in versions}
    return Surroundings({pk: row for pk, (row, _) in whole.items()}, shown, notes)


def _first(card: dict[str, Any]) -> dict[str, Any] | None:
    first: dict[str, Any] | None = next((note for note in card["notes"] if note["state"] in LIVE), None)
    return first


def _beyond(card: dict[str, Any], code: ReturnCode, user: Person | None) -> dict[str, Any] | None:
    """Return the first published note of a card that lists as many drafts as it may."""
    if "notes" not in card["truncated"]:
        return None
    # Published notes come before drafts of the same code or range, so a wider range has it.
    notes = TroubleshootingNote.objects.visible_to(user).published().filter(ranges__table=code.table_id)
    around = notes.filter(ranges__first__lte=code.number or 0, ranges__last__gte=code.number or 0)
    width = F("ranges__last") - F("ranges__first")
    first: Any = around.order_by(width, "ranges__id", "-state", "-updated_at", "-id").values(*_NOTE).first()
    return dict(first) if first else None


def _note(values: dict[str, Any], version: int) -> FirstNote:
    return FirstNote(version=version, **{name: values[name] for name in _NOTE})
