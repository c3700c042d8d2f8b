"""The tags of a web page, found in one pass: as lenient as a browser, in time in proportion to the text."""

import re
from collections.abc import Iterator

_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]*)")
_NO_TEXT = {"script", "style", "template", "noscript", "svg", "button"}
_ATTRIBUTES = re.compile(r"""(?:[^"'{}>]|"[^"]{0,300}"|'[^']{0,300}'|\{[^{}]{0,300}\}|\{\{[^{}]{0,300}\}\}){0,300}+>""")
"""Attributes whose values may have a `>`, as in MDX: `onClick={() => x}`."""


def tags_of(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield each tag: its name, its attributes, the text before it and the number of line breaks up to it."""
    at, text_start, line_offset = 0, 0, 0
    while (tag_start := text.find("<", at)) >= 0:
        name_match = _NAME.match(text, tag_start + 1)
        if not name_match and text[tag_start + 1 : tag_start + 2] not in ("!", "?"):
            at = tag_start + 1
            continue
        tag_end, mark_length = _end_of(text, tag_start), 1
        if text.startswith("<!--", tag_start):
            tag_end, mark_length = text.find("-->", tag_start), 3
        if tag_end < 0:
            break
        name = name_match[0].lower() if name_match else ""
        yield (
            name,
            text[tag_start + len(name) + 1 : tag_end],
            text[text_start:tag_start],
            text.count("\n", line_offset, tag_start),
        )
        line_offset, at = tag_start, tag_end + mark_length
        if name in _NO_TEXT:
            end = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = end.start() if end else len(text)
        text_start = at
    yield "", "", text[text_start:], 0


def _end_of(text: str, tag_start: int) -> int:
    """Return where the `>` of a tag is; -1 for a tag that never ends."""
    end = text.find(">", tag_start)
    if end < 0 or text.count("=", tag_start, min(end, tag_start + 3_000)) == 0:
        return end
    attributes = _ATTRIBUTES.match(text, tag_start)
    return attributes.end() - 1 if attributes else end
