"""The headings, lists, terms and paragraphs of a web page, outside of its tables."""

import re

from kb.importing.reading.formats.grids import unescape
from kb.importing.reading.formats.html_tags import tags_of
from kb.importing.reading.formats.prose import HEADING, ITEM, TERM, TEXT, Block

_HEADING = re.compile(r"h[1-6]")
_MARKS = {"b": "**", "strong": "**", "code": "`", "tt": "`", "kbd": "`", "del": "~~", "s": "~~", "strike": "~~"}
_BREAKS = {
    "p",
    "div",
    "br",
    "section",
    "article",
    "dd",
    "blockquote",
    "pre",
    "hr",
    "body",
    "main",
    "header",
    "nav",
    "footer",
}
_EMPTY_MARKS = ("****", "``", "~~~~")


class HtmlBlocks:
    """Collects the blocks of one page."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.lists = 0
        self.tables = 0
        self.kind, self.level, self.line = TEXT, 0, 1
        self.text: list[str] = []

    def blocks_of(self, text: str) -> list[Block]:
        """Return the blocks of a page."""
        line = 1
        for tag, _, before, lines in tags_of(text):
            if before and not self.tables:
                if not self.text and before.strip():
                    self.line = line + before[: len(before) - len(before.lstrip())].count("\n")
                if self.text or before.strip():
                    self.text.append(re.sub(r"\s+", " ", unescape(before)))
            line += lines
            self._handle_tag(tag.lstrip("/"), tag.startswith("/"))
        self._end()
        return self.blocks

    def _handle_tag(self, name: str, closing: bool) -> None:
        if name == "table":
            self._end()
            self.tables = max(self.tables + (-1 if closing else 1), 0)
        elif not self.tables:
            self._handle_text_tag(name, closing)

    def _handle_text_tag(self, name: str, closing: bool) -> None:
        if name in ("ul", "ol", "dl", "details"):
            self._end()
            self.lists = max(self.lists + (-1 if closing else 1), 0)
        elif name in ("li", "dt", "summary"):
            self._end()
            if not closing:
                self.kind, self.level = ITEM if name == "li" else TERM, self.lists
        elif _HEADING.fullmatch(name):
            self._end()
            if not closing:
                self.kind, self.level = HEADING, int(name[1])
        elif name in _BREAKS:
            # The first paragraph of an item is its text.
            if self.text:
                self._end()
        elif mark := _MARKS.get(name):
            self.text.append(mark)

    def _end(self) -> None:
        text = "".join(self.text)
        for mark in _EMPTY_MARKS:
            text = text.replace(mark, "")
        text = " ".join(text.split()).strip("¶ ")
        if text:
            self.blocks.append(Block(self.kind, self.level, text, self.line))
        self.text = []
        if text or self.kind == HEADING:
            self.kind, self.level = TEXT, self.lists + 1 if self.lists else 0
