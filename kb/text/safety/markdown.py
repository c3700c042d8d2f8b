"""Render the Markdown of troubleshooting notes as HTML that is safe on any page.

Notes are untrusted: raw HTML shows as text, and an allow-list filters the result.
"""

from html import unescape

import nh3
from markdown_it import MarkdownIt

from kb.text.safety.links import is_link

MAX_LENGTH = 200_000
"""Longest text that is rendered, in characters; the rest is dropped, so that one note cannot stall a page."""

_TAGS = frozenset("a blockquote br code em h4 h5 h6 hr li ol p pre s strong table tbody td th thead tr ul".split())
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_MAX_TRIES = 5_000_000


def _parser(linkify: bool) -> MarkdownIt:
    # Pictures are off, because a remote host could see who reads which note.
    parser = MarkdownIt("commonmark", {"html": False, "linkify": linkify, "breaks": True})
    parser.validateLink = is_link  # type: ignore[assignment, method-assign]
    return parser.enable(["table", "strikethrough", *(["linkify"] if linkify else [])]).disable("image")


_PARSER, _WITHOUT_BARE_LINKS = _parser(True), _parser(False)


def render(text: str) -> str:
    """Return safe HTML for a note's Markdown. Headings begin at h4, below the headings of a page."""
    text = text[:MAX_LENGTH]
    parser = _PARSER if _has_few_links(text) else _WITHOUT_BARE_LINKS
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 3, 6)}"
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
    )


def plain(text: str) -> str:
    """Return the words of a note's Markdown without its marks. It is text, not HTML."""
    return unescape(nh3.clean(render(text), tags=set()))


def _has_few_links(text: str) -> bool:
    """Whether links are fast to find. For each beginning of an address, the parser scans the rest of the text."""
    return len(text) * (text.count("//") + text.lower().count("mailto:")) <= _MAX_TRIES
