"""Template tags that pages and the admin share."""

import re
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from kb.models import fields
from kb.models.fields import VendorText
from kb.ops import request_ids
from kb.text.editing import diff as text_diff
from kb.text.safety import markdown as text_markdown

register = template.Library()

_BULLET = re.compile(r"\s*[-*•·]\s+")


@register.filter
def markdown(text: str) -> SafeString:
    """Return a note's Markdown as sanitised HTML."""
    return mark_safe(text_markdown.render(text or ""))  # noqa: S308 - the renderer sanitises


@register.inclusion_tag("kb/_diff.html")
def diff(before: Any, after: Any) -> dict[str, Any]:
    """Return the word-level differences of two texts."""
    return {"pieces": text_diff.words(str(before or ""), str(after or ""))}


@register.filter
def lines(text: str) -> SafeString:
    """Return plain text as escaped HTML with its lines and bullets."""
    blocks: list[SafeString] = []
    bullets: list[str] = []
    # The extra empty line closes a list at the end of the text.
    for line in [*(text or "").splitlines(), ""]:
        if bullet := _BULLET.match(line):
            bullets.append(line[bullet.end() :])
            continue
        if bullets:
            items = format_html_join("", "<li>{}</li>", [(item,) for item in bullets])
            blocks.append(format_html("<ul>{}</ul>", items))
            bullets = []
        if line.strip():
            blocks.append(format_html("<p>{}</p>", line))
    return format_html_join("", "{}", [(block,) for block in blocks])


def in_zone(value: datetime) -> datetime:
    """Return a time in the reader's zone; the first and last possible day stay as they are."""
    try:
        return timezone.localtime(value)
    except OverflowError:
        return value


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Return a time in the reader's zone, with the zone's name."""
    return _in_words(value, "%Y-%m-%d %H:%M")


@register.filter
def second(value: datetime | None) -> SafeString | str:
    """Return a time as `moment` does, to the second."""
    return _in_words(value, "%Y-%m-%d %H:%M:%S")


def _in_words(value: datetime | None, shape: str) -> SafeString | str:
    if value is None:
        return ""
    local = in_zone(value)
    zone = local.strftime("%Z")
    zone_name = zone if zone[:1].isalpha() else f"UTC{zone}"
    return format_html('<time datetime="{}">{} {}</time>', value.isoformat(), local.strftime(shape), zone_name)


@register.filter
def day(value: datetime | None) -> SafeString | str:
    """Return the day of a time in the reader's zone."""
    if value is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), in_zone(value).date().isoformat())


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **values: Any) -> str:
    """Return this page's query string with some values replaced; an empty value removes its name."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in values.items():
        query.pop(name, None)
        if value:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag
def vendor_texts(code: Any) -> list[VendorText]:
    """Return the texts of a code, or of a revision of one: ours beside the vendor's."""
    return fields.vendor_texts(code)


@register.inclusion_tag("kb/_request_id.html")
def request_id() -> dict[str, str]:
    """Return the context of the line that names the request, for error pages."""
    return {"request_id": request_ids.current()}
