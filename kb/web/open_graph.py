"""What chat apps show of a link (Open Graph).

They ask without logging in: it has only what the public may read, whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kb.models import Audience, ReturnCode, TroubleshootingNote
from kb.text.safety.markdown import plain

MAX_DESCRIPTION = 200
"""Most characters of a description."""


@dataclass(frozen=True)
class OpenGraph:
    """What is shown of a link."""

    title: str
    description: str
    path: str
    """The permanent address of the page, on this site."""


def of_codes(codes: Sequence[ReturnCode], path: str) -> OpenGraph | None:
    """Return what is shown of a card with these codes of one table; None if the table is not public."""
    first = codes[0]
    if first.table.audience != Audience.PUBLIC:
        return None
    description = f"{len(codes)} meanings" if len(codes) > 1 else first.description or "No description"
    return OpenGraph(f"{first.code} – {first.table.vendor} {first.table.product}", _short(description), path)


def of_note(note: TroubleshootingNote) -> OpenGraph | None:
    """Return what is shown of a note; None if the public may not read it."""
    if not TroubleshootingNote.objects.public().filter(pk=note.pk).exists():
        return None
    text = next((text for text in (note.issue, note.cause, note.resolution) if text.strip()), note.title)
    return OpenGraph(note.title, _short(plain(text[: 10 * MAX_DESCRIPTION])), note.get_absolute_url())


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MAX_DESCRIPTION else f"{words[: MAX_DESCRIPTION - 1].rstrip()}…"
