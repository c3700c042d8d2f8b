"""Codes that a file has one by one, each with named texts, rather than in rows: they become one table."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from kb.importing.reading.columns import EXTRA, ColumnMap, find_columns
from kb.importing.reading.sheets import Limits, Record, Report, Sheet, SourcePlace, unreadable

CODE, NAME, MESSAGE, SECTION = "Code", "Name", "Message", "Section"
"""Headers of what a file has without a header of its own."""

_NAME_CODE = re.compile(
    r"[A-Z][A-Z0-9]{0,40}(?:[_.:/-][A-Z0-9]{1,40}){1,9}|[A-Za-z][A-Za-z0-9]{0,40}(?:[_/][A-Za-z0-9-]{1,40}){1,9}"
)
_CAMEL_CODE = re.compile(r"(?:[A-Z][a-z0-9]{1,30}){2,9}|[a-z][a-z0-9]{0,30}(?:[A-Z][a-z0-9]{1,30}){1,9}")
_DIGITS_CODE = re.compile(r"[-A-Za-z0-9_.:/#]{1,64}")
_DIGIT_GROUPS = re.compile(r"\d{3}(?:\.\d{3}){1,3}")
"""Codes such as `000.100.110`, which are no version."""

_LOCALE = re.compile(r"[a-z]{2}[_-](?:[A-Z]{2}|[A-Z][a-z]{3})")
"""The name of a language and its country or script, such as `en_US`."""

_NO_CODE = re.compile(
    r"[vV]\d{1,5}(?:\.\d{1,5}){0,3}|\d{1,5}(?:\.\d{1,5}){1,3}\.?|(?:19|20)\d\d(?:-\d\d?){1,2}|\d{1,3}[.)]|[A-Za-z]{0,2}"
)


class Entry(NamedTuple):
    """One code: the line on which it begins, and its texts by their headers."""

    line: int
    texts: Mapping[str, str | None]


def sheet_of(entries: Iterable[Entry], limits: Limits, section: str = "") -> Sheet:
    """Return the table of the entries; its header has the names of all their texts. Raises Unreadable above a limit."""
    rows: list[Entry] = []
    header: dict[str, None] = {}
    for entry in entries:
        if len(rows) == limits.rows:
            message = f"The file has more than {limits.rows} rows, the limit."
            raise unreadable("too_many_rows", message, SourcePlace(entry.line))
        rows.append(entry)
        header.update(dict.fromkeys(entry.texts))
        if len(header) > 10 * limits.columns:
            message = f"The codes of this file have more than {10 * limits.columns} different texts, the limit."
            raise unreadable("too_many_columns", message, SourcePlace(entry.line))
    if SECTION in header and not any(row.texts.get(SECTION) for row in rows):
        del header[SECTION]

    def records(report: Report) -> Iterator[Record]:
        yield rows[0].line if rows else 1, list(header)
        for line, texts in rows:
            yield line, [texts.get(name) for name in header]

    return Sheet(records, section=section, line=rows[0].line if rows else 0)


def is_like_code(text: str) -> bool:
    """Whether a word looks like a code: it has digits, or parts as `AUTH_FAILED` and `auth/invalid-email` have."""
    if _DIGIT_GROUPS.fullmatch(text):
        return True
    if len(text) > 64 or not text or _NO_CODE.fullmatch(text) or _LOCALE.fullmatch(text):
        return False
    if any(map(str.isdigit, text)):
        return bool(_DIGITS_CODE.fullmatch(text)) and text[-1] not in ".:/"
    return bool(_NAME_CODE.fullmatch(text) or _CAMEL_CODE.fullmatch(text))


@lru_cache(maxsize=2_000)
def target_of(label: str) -> str:
    """Return the target of a column with this header; "" for an unknown one."""
    target = next(iter(find_columns([label], ColumnMap())[0].targets.values()))
    return "" if target == EXTRA else target
