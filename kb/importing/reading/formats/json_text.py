"""JSON: a list of objects, alone or in a wrapper such as {"results": [...]}, or one object after another (NDJSON).

Each record carries the line on which its object begins.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from kb.importing.reading.sheets import Limits, Number, Record, Report, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

_SPACE = re.compile(r"[ \t\n\r]*")
_WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
_Object = tuple[int, dict[str, Any]]
_ALLOWED = 'Allowed: a list of objects, or an object that contains one, such as {"codes": [...]}.'


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the only table of a JSON document. Raises Unreadable without one."""
    return [_sheet(source_file.text, source_file.limits, lines=False)]


def read_lines(source_file: SourceFile) -> list[Sheet]:
    """Return the only table of NDJSON. Raises Unreadable without one."""
    return [_sheet(source_file.text, source_file.limits, lines=True)]


def _sheet(text: str, limits: Limits, lines: bool) -> Sheet:
    try:
        objects = list(_limited(_lines(text) if lines else _objects(text, _list_start(text)), limits))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        reason = getattr(error, "msg", "") or "it is nested too deeply, or contains a number that is too long"
        place = SourcePlace(line) if line else None
        raise unreadable("broken_json", f"This is not valid JSON: {reason}. {_ALLOWED}", place) from error
    header = list(dict.fromkeys(key for _, obj in objects for key in obj))

    def records(report: Report) -> Iterator[Record]:
        yield objects[0][0] if objects else 1, header
        for line, obj in objects:
            yield line, [_cell(obj[key]) if key in obj else None for key in header]

    return Sheet(records)


def _limited(objects: Iterable[_Object], limits: Limits) -> Iterator[_Object]:
    for count, (line, obj) in enumerate(objects):
        if count == limits.rows:
            message = f"The file has more than {limits.rows} rows, the limit."
            raise unreadable("too_many_rows", message, SourcePlace(line))
        yield line, obj


def _number(text: str) -> Number:
    number = _WHOLE_NUMBER.fullmatch(text)
    return Number(number[1] if number else text)


# Numbers stay text, so that a long one keeps all its digits.
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=_number, parse_constant=str)


def _list_start(text: str) -> int:
    """Return where the list of objects begins: the document itself, or the first such list in its top object."""
    at = _skip(text, 0)
    if text[at : at + 1] == "[":
        return at
    if text[at : at + 1] != "{":
        raise unreadable("no_list", f"This JSON contains no list of codes. {_ALLOWED}", SourcePlace(1))
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        _key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if text[at : at + 1] == "[" and text.startswith("{", _skip(text, at + 1)):
            return at
        _value, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    raise unreadable("no_list", f"This JSON contains no list of codes. {_ALLOWED}", SourcePlace(1))


def _objects(text: str, at: int) -> Iterator[_Object]:
    line, line_offset = 1, 0
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        line, line_offset = line + text.count("\n", line_offset, at), at
        value, at = _object(text, at, line)
        yield line, value
        at = _skip(text, at)
        if text[at : at + 1] not in (",", "]"):
            raise json.JSONDecodeError("a comma or the end of the list is missing", text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at


def _lines(text: str) -> Iterator[_Object]:
    line, line_offset, at = 1, 0, _skip(text, 0)
    while at < len(text):
        line, line_offset = line + text.count("\n", line_offset, at), at
        value, at = _object(text, at, line)
        yield line, value
        at = _skip(text, at)


def _object(text: str, at: int, line: int) -> tuple[dict[str, Any], int]:
    value, end = _DECODER.raw_decode(text, at)
    if not isinstance(value, dict):
        raise unreadable("no_object", f"This entry of the list is not an object. {_ALLOWED}", SourcePlace(line))
    return value, end


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(_parts(value))
    return json.dumps(value, ensure_ascii=False)


def _parts(values: list[Any]) -> Iterator[str]:
    """Yield the text of each value in nested lists. One join is enough, however deep they are."""
    pending = [values]
    while pending:
        value = pending.pop()
        if isinstance(value, list) and value:
            pending += reversed(value)
        else:
            yield "" if value == [] else _cell(value)
