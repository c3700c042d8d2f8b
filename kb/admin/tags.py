"""Small pieces of HTML for lists and forms: a tag for a state, and a code in monospace."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NONE = "–"


def tag(kind: str, text: str) -> SafeString:
    """Return a tag. `kind` sets its colour; the text must be clear without the colour."""
    return format_html('<span class="tag tag-{}">{}</span>', kind, text)


def mono(text: str) -> SafeString:
    """Return a code in monospace, isolated from the text direction around it."""
    return format_html('<bdi class="code">{}</bdi>', text)


def mono_list(texts: Iterable[str], limit: int) -> SafeString | str:
    """Return the first `limit` codes in monospace, with an ellipsis if there are more."""
    items = list(texts)
    more = [("…",)] if len(items) > limit else []
    return format_html_join(" ", "{}", [*((mono(text),) for text in items[:limit]), *more]) or NONE


def moment(value: datetime | None) -> str:
    """Return a time in the reader's zone, formatted as on every page."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else NONE


def shorten(text: str, length: int = 90) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
