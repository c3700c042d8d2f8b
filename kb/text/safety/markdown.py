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
_MOST_TRIES = 5_000_000


def _parser(linkify: bool) -> MarkdownIt:
    # Pictures are off: a remote one would tell its host who reads which note.
    made = MarkdownIt("commonmark", {"html": False, "linkify": linkify, "breaks": True})
    return made.enable(["table", "strikethrough", *(["linkify"] if linkify else [])]).disable("image")


_PARSER, _WITHOUT_BARE_LINKS = _parser(True), _parser(False)


def render(text: str) -> str:
    """Return safe HTML for a note's Markdown. Headings begin at h4: a note stands inside a page's own outline."""
    text = text[:MAX_LENGTH]
    parser = _PARSER if _is_soon_linked(text) else _WITHOUT_BARE_LINKS
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 3, 6)}"
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
    )


def _is_soon_linked(text: str) -> bool:
    """Whether bare addresses are found in little time: for each that begins, the rest of the text is looked through."""
    return len(text) * (text.count("//") + text.lower().count("mailto:")) <= _MOST_TRIES
