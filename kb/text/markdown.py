"""Markdown of troubleshooting notes, rendered to HTML that is safe on any page.

Notes are treated as hostile: raw HTML is shown as text, and what is rendered passes an allow-list.
"""

import nh3
from markdown_it import MarkdownIt

MAX_LENGTH = 200_000
"""Longest text rendered, in characters; more is cut, so that one note cannot stall a page."""

_TAGS = frozenset("a blockquote br code em h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr ul".split())
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
# Pictures are off: a remote one would tell its host who reads which note.
_PARSER = (
    MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    .enable(["table", "strikethrough", "linkify"])
    .disable("image")
)


def render(text: str) -> str:
    """Return safe HTML for a note's Markdown. Headings begin at h4: a note stands inside a page's own outline."""
    tokens = _PARSER.parse(text[:MAX_LENGTH])
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 3, 6)}"
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
    )
