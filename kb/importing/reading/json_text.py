"""JSON: a list of objects, alone or in a wrapper such as {"results": [...]}, or one object after the other (NDJSON).

Each object knows its line.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from kb.importing.reading.sheets import Number, Record, Report, Sheet, SourcePlace, unreadable

_SPACE = re.compile(r"[ \t\n\r]*")
_WHOLE = re.compile(r"(-?\d+)\.0+")
_ALLOWED = 'Allowed: a list of objects, or an object that contains one, such as {"codes": [...]}.'


def sheet(text: str, lines: bool = False) -> Sheet:
    """Return the one table of a JSON document, or of `lines` of JSON. Raises Unreadable where it holds none."""
    try:
        found = list(_lines(text) if lines else _objects(text, _list_start(text)))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        why = getattr(error, "msg", "") or "it is nested too deeply, or contains a number that is too long"
        place = SourcePlace(line) if line else None
        raise unreadable("broken_json", f"This is not valid JSON: {why}. {_ALLOWED}", place) from error
    header = list(dict.fromkeys(key for _, one in found for key in one))

    def records(report: Report) -> Iterator[Record]:
        yield found[0][0] if found else 1, header
        for line, one in found:
            yield line, [_cell(one[key]) if key in one else None for key in header]

    return Sheet(records)


def _number(text: str) -> Number:
    whole = _WHOLE.fullmatch(text)
    return Number(whole[1] if whole else text)


# Numbers stay the text that they are: 660000001, and no digit is lost of a long one.
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=_number, parse_constant=str)


def _list_start(text: str) -> int:
    """Return where the list of objects begins: at the top, or as the first list in an object at the top."""
    at = _skip(text, 0)
    if text[at : at + 1] == "[":
        return at
    if text[at : at + 1] != "{":
        raise unreadable("no_list", f"This JSON contains no list of codes. {_ALLOWED}", SourcePlace(1))
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        _key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if text[at : at + 1] == "[" and text[_skip(text, at + 1) :][:1] == "{":
            return at
        _value, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    raise unreadable("no_list", f"This JSON contains no list of codes. {_ALLOWED}", SourcePlace(1))


def _objects(text: str, at: int) -> Iterator[tuple[int, dict[str, Any]]]:
    line, counted = 1, 0
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        value, at = _object(text, at, line)
        yield line, value
        at = _skip(text, at)
        if text[at : at + 1] not in (",", "]"):
            raise json.JSONDecodeError("a comma or the end of the list is missing", text, at)
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at


def _lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    line, counted, at = 1, 0, _skip(text, 0)
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        value, at = _object(text, at, line)
        yield line, value
        at = _skip(text, at)


def _object(text: str, at: int, line: int) -> tuple[dict[str, Any], int]:
    value, end = _DECODER.raw_decode(text, at)
    if not isinstance(value, dict):
        raise unreadable("no_object", f"This entry of the list is not an object. {_ALLOWED}", SourcePlace(line))
    return value, end


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence):
        return "\n".join(_cell(part) for part in value)
    return json.dumps(value, ensure_ascii=False)
