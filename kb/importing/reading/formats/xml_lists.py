"""Lists in XML of any kind: siblings of one name that have a code, as an attribute, a child or both with a text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from kb.importing.reading.formats.entries import MESSAGE
from kb.importing.reading.formats.trees import Branch, sheets_of_tree
from kb.importing.reading.sheets import Sheet, Unreadable, unreadable
from kb.importing.reading.source_file import SourceFile

MAX_ELEMENTS = 1_000_000
"""Most elements and attributes of a document."""

_INLINE = {"b", "i", "u", "em", "strong", "tt", "span", "br", "sub", "sup", "emph", "emphasis"}


@dataclass
class _Element:
    name: str
    line: int
    texts: list[str] = field(default_factory=list)
    has_text: bool = False
    children: list[Branch] = field(default_factory=list)


class XmlLists:
    """Collects the elements of a document, which `_Elements` has checked for declarations and depth."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.open = [_Element("", 1)]
        self.count = 0
        # The values that a schema allows, with their documentation.
        self.enumerations: list[Branch] = []
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text

    def sheets(self, source_file: SourceFile) -> list[Sheet]:
        """Return a table for each list of codes; [] without one."""
        root = self.open[0].children[0]
        if len(self.enumerations) > 1:
            root = _list("items", self.enumerations)
        try:
            return sheets_of_tree(root, source_file)
        except Unreadable as error:
            if error.problems[0].kind not in ("no_list", "no_object"):
                raise
            return []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self.count += 1 + len(attributes)
        if self.count > MAX_ELEMENTS:
            raise unreadable("too_many_values", f"This XML has more than {MAX_ELEMENTS} elements, the limit.")
        element = _Element(name.rpartition(":")[2], line)
        named = {key.rpartition(":")[2]: text for key, text in attributes.items() if not key.startswith("xmlns")}
        if element.name == "enumeration" and "value" in named:
            # An XML schema lists codes like this.
            named["code"] = named.pop("value")
        element.children = [_branch(key, line, text) for key, text in named.items()]
        self.open.append(element)

    def _end(self, name: str) -> None:
        element = self.open.pop()
        text = "".join(element.texts).strip()
        parent = self.open[-1]
        if not element.children and (element.name in _INLINE or (element.name == "code" and parent.has_text)):
            # Emphasis is no text of its own.
            parent.texts += element.texts
            return
        if element.children and text:
            # In a list, a text between elements is a text of the code; around a list, it says nothing.
            element.children.append(_branch(MESSAGE.lower(), element.line, text))
        branch = _map(element) if element.children else _branch(element.name, element.line, text)
        self.open[-1].children.append(branch)
        if element.name == "enumeration":
            self.enumerations.append(branch)

    def _add_text(self, text: str) -> None:
        self.open[-1].texts.append(text)
        self.open[-1].has_text = self.open[-1].has_text or not text.isspace()


def _map(element: _Element) -> Branch:
    """Return an element as a map; children of one name become a list, or the lines of one text."""
    groups: dict[str, list[Branch]] = {}
    for child in element.children:
        groups.setdefault(child.key, []).append(child)
    lists = [name for name, group in groups.items() if len(group) > 1]
    branches = [
        # The name of the only list in an element says what its entries are, not where they belong.
        _list("items" if lists == [name] else name, group) if len(group) > 1 else group[0]
        for name, group in groups.items()
    ]
    return _branch(element.name, element.line, {branch.key: branch.value for branch in branches}, branches)


def _list(key: str, group: list[Branch]) -> Branch:
    """Return siblings of one name as a list; all are maps where one is."""
    if any(isinstance(branch.value, dict) for branch in group):
        group = [
            branch if isinstance(branch.value, dict) else branch._replace(value={MESSAGE.lower(): branch.value})
            for branch in group
        ]
    return _branch(key, group[0].line, [branch.value for branch in group], group)


def _branch(key: str, line: int, value: Any, children: list[Branch] | None = None) -> Branch:
    def branches() -> Iterator[Branch]:
        return iter(children or ())

    return Branch(key, line, value, branches)
