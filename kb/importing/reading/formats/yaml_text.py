"""YAML: read as events, so that depth and aliases have limits, and every scalar stays as it is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from kb.importing.reading.formats import openapi
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.trees import Branch, sheets_of_tree
from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile
from kb.text.codes.cells import unfit

MAX_DEPTH = 40
MAX_VALUES = 2_000_000
"""Most values of a document. An alias counts as all the values that it repeats."""

_MOST_NAMED = 50
_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in "str int float bool null map seq timestamp binary set omap pairs".split()
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class _Open:
    """A map or list whose end is not yet read. `weight` counts its values, with those that aliases repeat."""

    line: int
    is_map: bool
    anchor: str | None
    branches: list[Branch] = field(default_factory=list)
    key: Branch | None = None
    names: set[str] = field(default_factory=set)
    merged: dict[str, Branch] = field(default_factory=dict)
    weight: int = 1


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a YAML document. Raises Unreadable without one."""
    if sign := unfit(source_file.text):
        message = f"This YAML has a character that is not allowed, or that is not {source_file.encoding.upper()}."
        line = source_file.text.count("\n", 0, source_file.text.index(sign)) + 1
        raise unreadable("broken_yaml", message, SourcePlace(line))
    try:
        documents = _YamlValues(source_file).documents()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at column {mark.column + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "it has a character that is not allowed"
        place = SourcePlace(mark.line + 1) if mark else None
        raise unreadable("broken_yaml", f"This is not valid YAML{where}: {reason}.", place) from error
    if not documents:
        raise unreadable("no_list", "This YAML is empty.")
    root = documents[0] if len(documents) == 1 else _branch("", 1, documents, is_map=False)
    if openapi.is_description(root):
        return openapi.sheets(root, source_file)
    return sheets_of_tree(root, source_file)


class _YamlValues:
    """Makes branches of the events of one text."""

    def __init__(self, source_file: SourceFile) -> None:
        self.text = source_file.text
        self.source_file = source_file
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Branch, int]] = {}
        self.roots: list[Branch] = []
        # The first place and word of each kind of thing that is read, but told.
        self.strange: dict[str, tuple[int, str]] = {}
        self.repeats: list[tuple[int, str]] = []
        self.count = 0

    def documents(self) -> list[Branch]:
        """Return the value of each document."""
        for event in yaml.parse(self.text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 0
            self._check_tag(getattr(event, "tag", None) or "!", line)
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                if len(self.stack) == MAX_DEPTH:
                    message = f"This YAML is nested more than {MAX_DEPTH} levels deep, the limit."
                    raise unreadable("too_deep", message, SourcePlace(line))
                self.stack.append(_Open(line, isinstance(event, yaml.MappingStartEvent), event.anchor))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                closed = self.stack.pop()
                merged = [branch for name, branch in closed.merged.items() if name not in closed.names]
                branch = _branch("", closed.line, [*merged, *closed.branches], closed.is_map)
                self._add(branch, closed.weight, closed.anchor)
            elif isinstance(event, yaml.ScalarEvent):
                is_null = event.implicit[0] and event.value in ("", "~", "null", "Null", "NULL")
                self._add(Branch("", line, None if is_null else event.value, lambda: iter(())), 1, event.anchor)
            elif isinstance(event, yaml.AliasEvent):
                if (event.anchor or "") not in self.anchors:
                    message = f"The alias {(event.anchor or '')[:40]} stands for nothing above it."
                    raise unreadable("broken_yaml", message, SourcePlace(line))
                self._add(*self.anchors[event.anchor or ""], None)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
        self._tell()
        return self.roots

    def _tell(self) -> None:
        """Tell of what is read otherwise than it may be meant."""
        for kind, (line, word) in self.strange.items():
            tell(self.source_file, line, f"This YAML has {kind}, such as {word[:60]}. Its values were read.", word)
        if self.repeats:
            names = ", ".join(f"{name[:60]} (line {line})" for line, name in self.repeats[:_MOST_NAMED])
            more = f" and {len(self.repeats) - _MOST_NAMED} more" if len(self.repeats) > _MOST_NAMED else ""
            message = f"This YAML has keys that are there twice in one map: {names}{more}. A code is read each time; "
            message += "of the texts of one code, the last counts."
            tell(self.source_file, self.repeats[0][0], message, self.repeats[0][1])

    def _check_tag(self, tag: str, line: int) -> None:
        if tag != "!" and tag not in _TAGS:
            self.strange.setdefault("tags without a meaning here", (line, tag.rpartition(",2002:")[2]))

    def _add(self, branch: Branch, weight: int, anchor: str | None) -> None:
        """Add a value to the map or list around it."""
        self.count += 1
        if anchor:
            self.anchors[anchor] = branch, weight
        if not self.stack:
            self.roots.append(branch)
            return
        parent = self.stack[-1]
        parent.weight += weight
        if parent.weight > MAX_VALUES:
            message = f"This YAML has more than {MAX_VALUES} values, the limit. Its aliases repeat too much."
            raise unreadable("too_many_values", message, SourcePlace(branch.line))
        if not parent.is_map:
            parent.branches.append(branch)
        elif parent.key is None:
            parent.key = branch
        else:
            key, parent.key = parent.key, None
            if key.value == "<<" and isinstance(branch.value, dict | list):
                maps = branch.children() if isinstance(branch.value, list) else [branch]
                for child in (child for part in maps if isinstance(part.value, dict) for child in part.children()):
                    parent.merged.setdefault(child.key, child)
                return
            name = key.value if isinstance(key.value, str) else "" if key.value is None else str(key.value)[:200]
            if name in parent.names:
                self.repeats.append((key.line, name))
            parent.names.add(name)
            parent.branches.append(branch._replace(key=name, line=key.line))


def _branch(key: str, line: int, branches: list[Branch], is_map: bool) -> Branch:
    value: Any = {branch.key: branch.value for branch in branches} if is_map else [branch.value for branch in branches]

    def children() -> Iterator[Branch]:
        return iter(branches)

    return Branch(key, line, value, children)
