"""Whether a file is of another table: its codes are all new, and so are their words, or their forms and their header.

New codes of the same vendor come as a file of their own as well, so that new codes alone raise no doubt.
"""

from itertools import chain

from kb.importing.planning.twins import Doubt
from kb.importing.reading.evidence import shape
from kb.importing.reading.header_names import plain
from kb.models import ImportState, TableImport, sql
from kb.models.fields import VENDOR_TEXTS
from kb.text.editing.diff import WORDS

_LEAST_STORED, _LEAST_NEW = 5, 3
_MOST_SHARED = 10
"""Percent of the codes, or words, that a file of another table shares at most."""

_LEAST_WORDS = 12
"""Least different words that show a language."""

_SAMPLES = 2_000


def doubts(table_import: TableImport) -> list[Doubt]:
    """Return what to say of a file whose codes are all new to its table; [] without a doubt."""
    table = table_import.table
    if table is None or table_import.current_codes < _LEAST_STORED:
        return []
    count, shared = sql.rows("SELECT count(*), count(code_id) FROM kb_staging WHERE kind IS NULL OR kind <> 'error'")[0]
    if count - shared < _LEAST_NEW or shared * 100 >= count * _MOST_SHARED:
        return []
    stored = list(table.codes.current().values_list("code", *(f"vendor_{name}" for name in VENDOR_TEXTS))[:_SAMPLES])
    query = f"SELECT code, {', '.join(VENDOR_TEXTS)} FROM kb_staging WHERE kind = 'new' LIMIT %s"  # noqa: S608
    new = sql.rows(query, _SAMPLES)
    words = _words(new)
    other_words = len(words) >= _LEAST_WORDS and _is_other(words, _words(stored))
    if not other_words and not (_is_other(_shapes(new), _shapes(stored)) and _has_another_code_column(table_import)):
        return []
    some = f"None of the {count}" if not shared else f"Only {shared} of the {count}"
    verb = "is" if shared <= 1 else "are"
    message = f"{some} codes of this file {verb} in the table {table}, and what else it has is different, too:"
    return [(count, f"{message} is it the right file?")]


def _is_other(now: set[str], before: set[str]) -> bool:
    return bool(now and before) and len(now & before) * 100 < len(now) * _MOST_SHARED


def _shapes(codes: list[tuple[str, ...]]) -> set[str]:
    """Return the forms of codes, with the number of digits of those that are numbers."""
    return {f"{shape(code)} {len(code) if code.isdecimal() else ''}" for code, *_ in codes}


def _words(codes: list[tuple[str, ...]]) -> set[str]:
    texts = " ".join(text for _, *texts in codes for text in texts if text)
    return {word.casefold() for word in WORDS.findall(texts) if word.isalpha()}


def _has_another_code_column(table_import: TableImport) -> bool:
    """Whether no file of the table had its codes under the header that they have now."""
    assert table_import.table is not None
    files = table_import.table.imports.filter(state=ImportState.APPLIED).exclude(columns={})
    headers = set(chain.from_iterable(map(_code_headers, files.values_list("columns", flat=True))))
    return bool(headers) and headers.isdisjoint(_code_headers(table_import.columns))


def _code_headers(columns: dict[str, str]) -> list[str]:
    return [plain(header) for header, target in columns.items() if target == "code"]
