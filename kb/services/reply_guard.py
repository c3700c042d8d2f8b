"""What a reply to a customer must not say: checked by every verb that writes one."""

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
"""A shorter title, such as "Timeout", is a word that any reply may use."""


class ReplyRefused(NotAllowed):
    """The reply says what no customer may read; the message says what, for a person."""

    field = "customer_reply"


def guard(written: Any, changed: Collection[str], note: int | None = None) -> None:
    """Refuse the customer reply of a note or proposal that is about to be saved. Raises ReplyRefused.

    What was stored before stays savable: the reply is read only where it changed, or where the public begins to see
    it. `note` is the number of the note that is written, whose own title its reply may use.
    """
    for_public = "audience" in changed and written.audience == Audience.PUBLIC
    if written.customer_reply and ("customer_reply" in changed or for_public):
        found = problems(written.customer_reply, note)
        if found:
            raise ReplyRefused(f"Not for customers: {' '.join(found)}")


def problems(text: str, note: int | None = None) -> list[str]:
    """Return what of a reply must not go to a customer, for a person."""
    return [
        *reply.problems(text, settings.KB_INTERNAL_HOSTS, settings.KB_PUBLIC_EMAILS),
        *(f"{url[:100]} is the address of a linked incident." for url in _incidents(text)),
        *(f"“{title}” is the title of an internal note." for title in _titles(text, note)),
    ]


def _incidents(text: str) -> list[str]:
    canonical = {}
    for url in reply.addresses(text)[:200]:
        with suppress(NotALink):
            canonical[read_address(url).canonical] = url
    linked = IncidentLink.objects.filter(canonical__in=canonical).values_list("canonical", flat=True)
    return [canonical[key] for key in linked]


def _titles(text: str, note: int | None) -> list[str]:
    internal = TroubleshootingNote.objects.filter(audience=Audience.INTERNAL).exclude(pk=note or 0)
    long = internal.alias(length=Length("title")).filter(length__gte=SHORTEST_TITLE)
    return reply.titles_in(text, long.order_by("pk").values_list("title", flat=True))[: reply.MAX_LISTED]
