"""Template tags that pages and the admin share."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template.defaultfilters import truncatechars
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from kb.models import fields
from kb.models.fields import VendorText
from kb.ops import request_ids
from kb.text.codes.disposition import DISPOSITIONS, FIXERS
from kb.text.editing import diff as text_diff
from kb.text.safety import markdown as text_markdown
from kb.text.safety.html import filled

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


@register.simple_tag
def fixed(name: str) -> SafeString:
    """Return a template that shows nothing of the request, rendered once for each process and prefix of the site."""
    return _rendered(name, get_script_prefix()) if not settings.DEBUG else mark_safe(render_to_string(name))  # noqa: S308


@lru_cache(maxsize=100)
def _rendered(name: str, prefix: str) -> SafeString:
    return mark_safe(render_to_string(name))  # noqa: S308 - a template has escaped its values


@register.filter
def tags(code: Any) -> SafeString:
    """Return what a code's reader has to do, as tags: `kb/_tags.html`, rendered once for each of its few forms."""
    return _tags(code.is_retired, code.disposition, code.fixer)


@lru_cache(maxsize=200)
def _tags(is_retired: bool, disposition: str, fixer: str) -> SafeString:
    names = {
        "disposition_name": DISPOSITIONS.get(disposition, disposition),
        "fixer_name": FIXERS.get(fixer, fixer).lower(),
    }
    context = {"is_retired": is_retired, "disposition": disposition, "fixer": fixer, **names}
    return mark_safe(render_to_string("kb/_tags.html", context))  # noqa: S308 - a template has escaped its values


@register.filter
def place(code: Any) -> SafeString:
    """Return where a code belongs: vendor, product and section."""
    return _place(code.table.vendor, code.table.product, code.section.name)


@lru_cache(maxsize=1000)
def _place(vendor: str, product: str, section: str) -> SafeString:
    return format_html("{} {} · {}", vendor, product, section) if section else format_html("{} {}", vendor, product)


# Written here, because a template takes five times as long for a row, and every key that somebody types needs eight.
_OPTION = """\
  <a class="option" id="s{}" role="option" aria-selected="false" tabindex="-1" href="{}">
    <bdi class="code">{}</bdi>
    <span class="said" lang="{}">{}</span>
    <span class="meta">{}</span>
    {}{}
  </a>
"""


@register.filter
def options(codes: Iterable[tuple[Any, Any]]) -> SafeString:
    """Return codes, each with what is known about it, as suggestions to choose from."""
    return mark_safe("".join([_option(number, *pair) for number, pair in enumerate(codes, 1)]))  # noqa: S308 - escaped


def _option(number: int, code: Any, knowledge: Any) -> str:
    words = _beginning(code.description or "No description", 110)
    address = code.get_absolute_url()
    values = (number, address, code.code, code.table.language, words, place(code), known_tags(knowledge), tags(code))
    return filled(_OPTION, *values)


def _beginning(text: str, most: int) -> str:
    """Return the same as `truncatechars`, which takes far longer for a short text."""
    return text if len(text) <= most and text.isascii() else str(truncatechars(text, most))


@register.filter
def known_tags(knowledge: Any) -> SafeString:
    """Return tags for an open incident and a note: see `kb.queries.text_results.Knowledge`."""
    incident = '<span class="tag tag-open">Open incident</span> ' if knowledge.has_incident else ""
    note = '<span class="tag tag-validated">Note</span> ' if knowledge.has_note else ""
    return mark_safe(f'<span class="tags">{incident}{note}</span>' if incident or note else "")  # noqa: S308 - fixed texts


@register.filter
def near_code(code: Any) -> SafeString:
    """Return a neighbour of a code as a link with its description."""
    link = format_html('<a href="{}"><bdi class="code">{}</bdi></a>', code.get_absolute_url(), code.code)
    words = format_html('<span lang="{}">{}</span>', code.table.language, truncatechars(code.description, 80))
    retired = ' <span class="tag tag-retired">Retired</span>' if code.is_retired else ""
    return mark_safe(f"{link} {words}{retired}")  # noqa: S308 - both parts are escaped
