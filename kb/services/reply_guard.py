"""The check of customer replies. Every service that writes one calls `guard`."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db.models.functions import Length

from kb.models import Audience, IncidentLink, TroubleshootingNote
from kb.services.journal import NotAllowed
from kb.text.safety import reply
from kb.text.trackers import NotALink, read_address

SHORTEST_TITLE = 12
"""Shorter titles are not searched for: "Timeout" is a word that any reply may contain."""


class ReplyRefused(NotAllowed):
    """The reply contains something that customers must not read. The message says what."""

    field = "customer_reply"


def guard(words: Any, fields: Collection[str], note_id: int | None = None) -> None:
    """Refuse the customer reply of a note or proposal that is about to be saved. Raises ReplyRefused.

    An old reply never blocks a save: a reply is checked only if it changes or becomes public. `words` is the note or
    proposal, `fields` what changes in it, and `note_id` the note, whose own title its reply may contain.
    """
    for_public = "audience" in fields and words.audience == Audience.PUBLIC
    if words.customer_reply and ("customer_reply" in fields or for_public):
        sentences = problems(words.customer_reply, note_id)
        if sentences:
            raise ReplyRefused(f"Not for customers: {' '.join(sentences)}")


def problems(text: str, note_id: int | None = None) -> list[str]:
    """Return, as sentences, the parts of a reply that must not go to a customer."""
    return [
        *reply.problems(text, settings.KB_INTERNAL_HOSTS, settings.KB_PUBLIC_EMAILS),
        *(f"{url[:100]} is the URL of a linked incident." for url in _incidents(text)),
        *(f"“{title}” is the title of an internal note." for title in _titles(text, note_id)),
    ]


def _incidents(text: str) -> list[str]:
    canonical = {}
    for url in reply.addresses(text)[:200]:
        with suppress(NotALink):
            canonical[read_address(url).canonical] = url
    incidents = IncidentLink.objects.filter(canonical__in=canonical).values_list("canonical", flat=True)
    return [canonical[key] for key in incidents]


def _titles(text: str, note_id: int | None) -> list[str]:
    internal = TroubleshootingNote.objects.filter(audience=Audience.INTERNAL).exclude(pk=note_id or 0)
    long = internal.alias(length=Length("title")).filter(length__gte=SHORTEST_TITLE)
    return reply.titles_in(text, long.order_by("pk").values_list("title", flat=True))[: reply.MAX_LISTED]
