"""Template tags that pages and the admin share."""

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from kb.text import diff as text_diff
from kb.text import markdown as text_markdown

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Render a note's Markdown with the one renderer of the product."""
    return mark_safe(text_markdown.render(text or ""))  # noqa: S308 - the renderer sanitises


@register.inclusion_tag("kb/_diff.html")
def diff(before: Any, after: Any) -> dict[str, Any]:
    """Show the word-level difference between two texts."""
    return {"pieces": text_diff.words(str(before or ""), str(after or ""))}
