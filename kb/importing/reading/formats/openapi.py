"""Descriptions of an API (OpenAPI, Swagger): the error codes of their examples, or the statuses of their responses."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from kb.importing.reading.columns import ColumnMap, is_header
from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, SECTION, Entry, sheet_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.trees import Branch, cell_of
from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_MAX_EXAMPLE_DEPTH = 6
_ENUM_TEXTS = {
    "x-enum-varnames": NAME,
    "x-enumNames": NAME,
    "x-enum-descriptions": MESSAGE,
    "x-enumDescriptions": MESSAGE,
}


def is_description(root: Branch) -> bool:
    """Whether a document describes an API."""
    return isinstance(root.value, dict) and ("openapi" in root.value or "swagger" in root.value)


def sheets(root: Branch, source_file: SourceFile) -> list[Sheet]:
    """Return the table of an API's codes. Raises Unreadable where it has neither responses nor examples."""
    responses = [*_shared(root), *_responses(root)]
    examples = list(_examples(root, responses))
    if examples:
        count = len({response.key for _, response in responses})
        message = f"{count} statuses of responses were left out, because the examples have codes of their own."
        tell(source_file, responses[0][1].line if responses else 0, message)
        return [sheet_of(examples, source_file.limits)]
    entries = list(_enums(root, 0)) or _statuses(responses, source_file)
    if not entries:
        message = "This description of an API has no responses with codes. Export its codes as CSV."
        raise unreadable("no_list", message, SourcePlace(1))
    return [sheet_of(entries, source_file.limits)]


def _child(branch: Branch | None, *keys: str) -> Branch | None:
    for key in keys:
        if branch is None or not isinstance(branch.value, dict) or key not in branch.value:
            return None
        branch = next(child for child in branch.children() if child.key == key)
    return branch


def _children(branch: Branch | None) -> list[Branch]:
    return list(branch.children()) if branch and isinstance(branch.value, dict) else []


def _shared(root: Branch) -> list[tuple[str, Branch]]:
    shared = _child(root, "components", "responses") or _child(root, "responses")
    return [("", response) for response in _children(shared)]


def _responses(root: Branch) -> list[tuple[str, Branch]]:
    """Return each response with its operation. One that refers to a shared response has its texts."""
    shared = {response.key: response for _, response in _shared(root)}
    responses = []
    for path in _children(_child(root, "paths")):
        for operation in _children(path):
            if operation.key not in _METHODS:
                continue
            for response in _children(_child(operation, "responses")):
                reference = response.value.get("$ref") if isinstance(response.value, dict) else None
                target = shared.get(reference.rpartition("/")[2]) if isinstance(reference, str) else None
                texts = target._replace(key=response.key, line=response.line) if target else response
                responses.append((f"{operation.key.upper()} {path.key}", texts))
    return responses


def _statuses(responses: list[tuple[str, Branch]], source_file: SourceFile) -> list[Entry]:
    """Return one entry for each status, or one for each operation where these describe it in different words."""
    places: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for operation, response in responses:
        text = cell_of(response.value.get("description")) if isinstance(response.value, dict) else ""
        if response.key[:1].isdigit():
            places[response.key][text.strip()].append((operation, response.line))
        elif operation:
            message = f"The response {response.key} of {operation} was left out: it has no status."
            tell(source_file, response.line, message, response.key)
    entries = []
    for status, texts in sorted(places.items()):
        for text, uses in texts.items():
            sections = [operation for operation, _ in uses] if len(texts) > 1 else [""]
            for section, (_, line) in zip(sections, uses, strict=False):
                entries.append(Entry(line, {SECTION: section, CODE: status, MESSAGE: text}))
    return entries


def _examples(root: Branch, responses: list[tuple[str, Branch]]) -> Iterator[Entry]:
    """Yield the codes of examples of responses, each once."""
    schemas = [
        ("", schema) for schema in _children(_child(root, "components", "schemas") or _child(root, "definitions"))
    ]
    seen: set[tuple[str, ...]] = set()
    for _, holder in [*responses, *schemas]:
        for line, value in _values(holder, 0):
            texts = {key: cell_of(item) for key, item in value.items()}
            code = next(key for key in texts if is_header([key], ColumnMap()))
            identity = (texts[code], *texts.values())
            if texts[code] and identity not in seen:
                seen.add(identity)
                yield Entry(line, texts)


def _enums(branch: Branch, depth: int) -> Iterator[Entry]:
    """Yield the values of enumerations that have a description or a name for each value."""
    if depth > _MAX_EXAMPLE_DEPTH + 2 or not isinstance(branch.value, dict):
        return
    values = _child(branch, "enum")
    lists = {
        header: branch.value[key] for key, header in _ENUM_TEXTS.items() if isinstance(branch.value.get(key), list)
    }
    if values and isinstance(values.value, list) and any(map(str.isdigit, cell_of(values.value))) and lists:
        for at, child in enumerate(values.children()):
            own = {header: cell_of(items[at]) for header, items in lists.items() if at < len(items)}
            yield Entry(child.line, {CODE: cell_of(child.value), **own})
        return
    for child in branch.children():
        yield from _enums(child, depth + 1)


def _values(branch: Branch, depth: int, inside: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects with a code and a text inside the examples of a branch."""
    if depth > _MAX_EXAMPLE_DEPTH + 6 * inside or not isinstance(branch.value, dict | list):
        return
    if inside and isinstance(branch.value, dict) and _is_error(branch.value):
        yield branch.line, branch.value
        return
    for child in branch.children():
        yield from _values(child, depth + 1, inside or child.key in ("example", "examples"))


def _is_error(value: dict[str, Any]) -> bool:
    """Whether an object has a code and further texts, and no objects that could have them."""
    has_objects = any(isinstance(item, dict) for item in value.values())
    return len(value) > 1 and not has_objects and is_header(list(value)[:50], ColumnMap())
