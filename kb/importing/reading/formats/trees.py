"""Codes in nested maps and lists, as JSON and YAML have them: lists of objects or of lists, and maps from code to text.

The keys of a map are its codes. The keys around a map or list are its section, except words such as `errors`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from kb.importing.reading.columns import ColumnMap, is_header
from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, Entry, is_like_code, sheet_of, target_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.sheets import Record, Report, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

ALLOWED = (
    'Allowed: a list of objects, a map from code to text, or an object that contains one, such as {"codes": [...]}.'
)

_MAX_DEPTH = 8
_FLAT_DEPTH = 4
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){0,9}")
_ANY_NAME = re.compile(r"[A-Za-z_][\w.-]{1,64}")
_WHOLE_NUMBER = re.compile(r"-?\d{1,18}|0x[0-9A-Fa-f]{1,16}")
_SAMPLE = 200
_WRAPPERS = {
    *(
        "code",
        "codes",
        "error",
        "errors",
        "error codes",
        "errorcodes",
        "return codes",
        "status codes",
        "faults",
        "alarms",
    ),
    *(
        "data",
        "items",
        "results",
        "result",
        "list",
        "entries",
        "records",
        "rows",
        "values",
        "content",
        "messages",
        "table",
    ),
}


class Branch(NamedTuple):
    """A value of a tree: its key in a map, its line, the value itself, and the branches of a map or list."""

    key: str
    line: int
    value: Any
    children: Callable[[], Iterator["Branch"]]


def sheets_of_tree(root: Branch, source_file: SourceFile) -> list[Sheet]:
    """Return a table for each list or map of codes in a tree. Raises Unreadable without one."""
    sheets = list(_sheets(root, (), source_file))
    if not sheets:
        raise unreadable("no_list", f"This file contains no list of codes. {ALLOWED}", SourcePlace(root.line))
    return sheets


def cell_of(value: Any) -> str:
    """Return a value as the text of a cell: lists in lines, maps as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(_parts(value))
    return json.dumps(value, ensure_ascii=False)


def _sheets(branch: Branch, path: tuple[str, ...], source_file: SourceFile) -> Iterator[Sheet]:
    value = branch.value
    section = " / ".join(key for key in path if _word(key) not in _WRAPPERS)
    if isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            yield sheet_of(_objects(branch), source_file.limits, section)
        elif len(value) > 1 and all(isinstance(item, list) for item in value):
            yield _sheet_of_lists(branch, section)
        elif not value and not path:
            yield sheet_of([], source_file.limits, section)
    elif isinstance(value, dict) and _is_map_of_numbers(value, path):
        entries = [Entry(child.line, {CODE: cell_of(child.value), NAME: child.key}) for child in branch.children()]
        yield sheet_of(entries, source_file.limits, section)
    elif isinstance(value, dict) and _is_code_map(value, path):
        yield sheet_of(_codes(branch), source_file.limits, section)
    elif isinstance(value, dict) and not path and is_header(list(value)[:_SAMPLE], ColumnMap()) and _is_flat(value):
        # A list of one.
        yield sheet_of(_entries([(branch.line, value)]), source_file.limits)
    elif isinstance(value, dict):
        yield from _sheets_inside(branch, path, source_file)


def _sheets_inside(branch: Branch, path: tuple[str, ...], source_file: SourceFile) -> Iterator[Sheet]:
    for child in branch.children():
        if isinstance(child.value, dict | list) and child.value:
            if len(path) == _MAX_DEPTH:
                tell(source_file, child.line, f"{child.key} is nested too deeply and was left out.", child.key)
                return
            yield from _sheets(child, (*path, child.key), source_file)


def _is_code_map(value: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether the keys of a map are codes: they look like codes, or their values are what a code has."""
    keys, values = list(value)[:_SAMPLE], list(value.values())[:_SAMPLE]
    if not keys:
        return False
    like_codes = sum(is_like_code(key) or key.lstrip("-").isdigit() for key in keys)
    if all(isinstance(item, dict) for item in values):
        if all(_has_numbered_keys(item) for item in values):
            # The codes are one level deeper: `{"ERRORS": {"101": "...", "102": "..."}}`.
            return False
        records = sum(_is_record(item) for item in values)
        return 2 * records >= len(values) and (
            2 * like_codes >= len(keys) or (records == len(values) and len(values) > 1)
        )
    if any(isinstance(item, list) and any(isinstance(part, dict | list) for part in item) for item in values):
        return False
    if any(isinstance(item, dict) for item in values):
        return 2 * like_codes >= len(keys) and all(_is_record(item) for item in values if isinstance(item, dict))
    texts = [item for item in values if isinstance(item, str)]
    is_prose = 2 * sum(" " in text or not text.isascii() for text in texts) > len(values)
    in_codes = any(any(word in _word(key) for word in ("code", "error", "fault", "alarm")) for key in path)
    digits = sum(any(map(str.isdigit, key)) for key in keys)
    is_named = 2 * like_codes >= len(keys) and (is_prose or in_codes or 2 * digits >= len(keys))
    return is_named or (is_prose and in_codes)


def _has_numbered_keys(value: Mapping[str, Any]) -> bool:
    keys = list(value)[:_SAMPLE]
    return len(keys) > 1 and all((any(map(str.isdigit, key)) and is_like_code(key)) or key.isdigit() for key in keys)


def _is_map_of_numbers(value: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a map has a number for each name: `{"E_DOOR": 101}`. Names in small letters count only in `errors`."""
    keys, numbers = list(value)[:_SAMPLE], [cell_of(item) for item in list(value.values())[:_SAMPLE]]
    in_codes = any(any(word in _word(key) for word in ("code", "error", "fault", "alarm")) for key in path)
    name = _ANY_NAME if in_codes else _CAPITALS
    return (
        len(keys) > 1
        and 2 * sum(any(map(str.isdigit, key)) for key in keys) < len(keys)
        and all(name.fullmatch(key) for key in keys)
        and all(_WHOLE_NUMBER.fullmatch(number) for number in numbers)
        and len(set(numbers)) == len(numbers)
    )


def _is_flat(value: Mapping[str, Any]) -> bool:
    return not any(isinstance(item, dict | list) for item in value.values())


def _is_record(value: Mapping[str, Any]) -> bool:
    """Whether a map has the texts of one code, rather than codes or further maps."""
    keys = list(value)[:_SAMPLE]
    if any(target_of(str(key)) and _is_text(value[key]) for key in keys):
        return True
    scalars = sum(not isinstance(item, dict | list) for item in value.values())
    return scalars > 0 and not any(is_like_code(str(key)) for key in keys)


def _is_text(value: Any) -> bool:
    """Whether a value is a text, perhaps in several languages, rather than a map of codes."""
    return not isinstance(value, dict) or (_is_flat(value) and not any(is_like_code(str(key)) for key in value))


def _objects(branch: Branch) -> list[Entry]:
    rows: list[tuple[int, dict[str, Any]]] = []
    for child in branch.children():
        if not isinstance(child.value, dict):
            raise unreadable(
                "no_object", f"This entry of the list is not an object. {ALLOWED}", SourcePlace(child.line)
            )
        rows.append((child.line, child.value))
    return _entries(rows)


def _codes(branch: Branch) -> list[Entry]:
    """Return the entries of a map. Where its values have a code of their own, a key is the name of that code."""
    children = list(branch.children())
    records = [child.value for child in children if isinstance(child.value, dict)]
    labels = {str(key) for record in records for key in record}
    code_key = next((key for key in labels if is_header([key], ColumnMap())), "")
    own = [cell_of(record.get(code_key)) for record in records] if code_key else []
    has_own = len(own) == len(children) and all(own) and len(set(own)) == len(own)
    is_named = 2 * sum(any(map(str.isdigit, child.key)) for child in children) < len(children)
    has_own = has_own and (is_named or own == [child.key for child in children])
    # A field with the header of a code is not the code, where the key is.
    key_name = NAME if has_own else f"Return {CODE}" if code_key else CODE
    rows = []
    for child in children:
        texts = child.value if isinstance(child.value, dict) else {MESSAGE.lower(): child.value}
        same = has_own and cell_of(texts.get(code_key)) == child.key
        # A field that is called like the key's column keeps its name.
        name = key_name.lower() if key_name.lower() not in texts else key_name
        rows.append((child.line, texts if same else {name: child.key, **texts}))
    return _entries(rows)


def _entries(rows: list[tuple[int, dict[str, Any]]]) -> list[Entry]:
    """Return objects as entries. The texts of objects inside them keep the name of the innermost key."""
    if not any(isinstance(value, dict) for _, row in rows for value in row.values()):
        return [Entry(line, {str(key): cell_of(value) for key, value in row.items()}) for line, row in rows]
    flat = [(line, dict(_leaves(row, ()))) for line, row in rows]
    paths = list(dict.fromkeys(path for _, row in flat for path in row))
    # Where a name repeats, as in several languages, English or else the first one has it.
    in_order = sorted(paths, key=lambda path: (len(path) > 1, "en" not in path), reverse=True)
    owners = {_name(path): path for path in in_order}
    names = {path: name if owners[name := _name(path)] == path else ".".join(path) for path in paths}
    # The first entry names all columns, with the texts of other languages last.
    first = {names[path]: flat[0][1].get(path) for path in sorted(paths, key=lambda path: owners[_name(path)] != path)}
    rest = [Entry(line, {names[path]: text for path, text in row.items()}) for line, row in flat[1:]]
    return [Entry(flat[0][0], first), *rest]


def _name(path: tuple[str, ...]) -> str:
    """Return the name of a text inside objects: the innermost key that a column may have, or else the innermost key."""
    return next((key for key in reversed(path) if target_of(key)), path[-1])


def _leaves(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, item in value.items():
        if isinstance(item, dict) and item and len(path) < _FLAT_DEPTH:
            yield from _leaves(item, (*path, str(key)))
        else:
            yield (*path, str(key)), cell_of(item)


def _sheet_of_lists(branch: Branch, section: str) -> Sheet:
    rows: list[Record] = [(child.line, [cell_of(item) for item in child.value]) for child in branch.children()]

    def records(report: Report) -> list[Record]:
        return rows

    return Sheet(records, section=section, line=branch.line)


def _parts(values: list[Any]) -> Iterator[str]:
    """Yield the text of each value in nested lists. One join is enough, however deep they are."""
    pending = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list) and value:
            pending += reversed(value)
        else:
            yield "" if value == [] else cell_of(value)


def _word(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").lower()
