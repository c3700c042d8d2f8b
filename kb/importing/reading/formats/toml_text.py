"""TOML: tables of codes, as JSON has them. `tomllib` gives no lines, so each key gets the next line that has it."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from kb.importing.reading.formats.trees import Branch, sheets_of_tree
from kb.importing.reading.sheets import Number, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

MAX_BYTES = 5_000_000
"""Most characters of a document: the parser of the standard library is slow."""

_KEY = re.compile(r"""^[ \t]*+(?:\[{1,2})?([^\n=\]#]{1,300}+)""", re.MULTILINE)
_PLACE = re.compile(r"at line (\d{1,9}), column (\d{1,9})")
# The parser would turn `0x80` and `1_000` into other digits than those that the vendor wrote.
_NUMBER = re.compile(
    r"\"{3}.*?\"{3}|'{3}.*?'{3}|\"(?:[^\"\\\n]|\\.)*+\"?|'[^'\n]*+'?|\#[^\n]*+"
    r"|(?<=[=\[,])([ \t]{0,9})([+-]?(?:0[xob]\w{1,64}|\d{1,30}(?:_\d{1,30}){1,30}))(?=[ \t]{0,9}(?:[,\]}\n\#]|\Z))",
    re.DOTALL,
)
_VALUE_LINE = re.compile(
    r"""[\w."'-]{1,80}[ \t]{0,9}=[ \t]{0,9}(?:(?:"[^"\n]{0,2000}+"|-?\d[\d._]{0,30}+|true|false)[ \t]{0,99}|[\[{].*+)"""
)


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of a TOML document. Raises Unreadable without one."""
    text = source_file.text
    if len(text) > MAX_BYTES:
        raise unreadable("too_many_bytes", f"This TOML has more than {MAX_BYTES} characters, the limit. Use CSV.")
    keys = list(_KEY.finditer(text))
    if any(key[1].count(".") > 40 for key in keys):
        raise unreadable("too_deep", "This TOML is nested more than 40 levels deep, the limit.")
    try:
        document = tomllib.loads(_NUMBER.sub(_as_text, text.removeprefix("\ufeff")), parse_float=Number)
    except (ValueError, RecursionError) as error:
        reason = str(error) or "it is nested too deeply"
        place = _PLACE.search(reason)
        where = SourcePlace(int(place[1])) if place else None
        raise unreadable("broken_toml", f"This is not valid TOML: {reason}.", where) from error
    lines: dict[str, list[int]] = {}
    line, at = 1, 0
    for key in keys:
        line, at = line + text.count("\n", at, key.start(1)), key.start(1)
        lines.setdefault(_last_word(key[1].strip()), []).append(line)
    return sheets_of_tree(_branch("", 1, document, lines), source_file)


def _as_text(match: re.Match[str]) -> str:
    return f'{match[1]}"{match[2]}"' if match[2] else match[0]


def _last_word(key: str) -> str:
    """Return the last word of a key such as `errors."E 1"`."""
    quoted = key[-1:] in ('"', "'")
    return key[:-1].rpartition(key[-1])[2] if quoted else key.rpartition(".")[2].strip()


def begins(sample: str) -> bool:
    """Whether each line that has an equals sign is a key with a value of TOML."""
    lines = [line.strip() for line in sample.split("\n")[:200]]
    pairs = [line for line in lines if "=" in line and not line.startswith(("#", "["))]
    return len(pairs) > 1 and all(_VALUE_LINE.fullmatch(line) for line in pairs)


def _branch(key: str, line: int, value: Any, lines: dict[str, list[int]]) -> Branch:
    def children() -> Iterator[Branch]:
        if isinstance(value, dict):
            for name, item in value.items():
                yield _branch(name, _next(lines, name, line), _plain(item), lines)
        at = line
        for item in value if isinstance(value, list) else ():
            yield _branch("", at, _plain(item), lines)
            # The next table of a list begins with its name again.
            at = _next(lines, key, at + 1)

    return Branch(key, line, _plain(value), children)


def _next(lines: dict[str, list[int]], key: str, line: int) -> int:
    """Return the first line from this one on that has a key; the line itself without one."""
    places = lines.get(key, [])
    at = bisect_right(places, line - 1)
    return places[at] if at < len(places) else line


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers stay numbers, dates become text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return Number(str(value))
    return value if isinstance(value, str | bool) else str(value)
