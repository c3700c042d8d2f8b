"""Codes one edit away from a text."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, router

from kb.models import CodeTable, ReturnCode, Section
from kb.models.code_rows import with_forms
from kb.models.codes import PUBLISHED
from kb.models.sql import rows
from kb.models.visibility import Audience, Reader
from kb.text.codes import forms as text_code

_IS_PUBLIC = f" AND t.audience = '{Audience.PUBLIC}'"
_BESIDE = (
    "SELECT (SELECT max(c.sort_key) FROM kb_returncode AS c WHERE c.table_id = t.id AND c.sort_key <= %s),"
    " (SELECT min(c.sort_key) FROM kb_returncode AS c WHERE c.table_id = t.id AND c.sort_key >= %s)"
    " FROM kb_codetable AS t WHERE t.id > 0"
)
_NEAR = (
    "SELECT c.id FROM kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id + 0"  # noqa: S608
    f" WHERE {{near}}{{conditions}} AND {PUBLISHED}"
    # Adding '' keeps PostgreSQL from reading all codes in their natural order until it has enough.
    " ORDER BY c.sort_key || '', c.id LIMIT %s"
)


def near_ids(query: str, level: Reader, table: CodeTable | None, section: Section | None, limit: int) -> list[int]:
    """Return the ids of codes that a kind of reader may read and that are one edit away from a text, in order.

    Two queries for a text without digits, which most words of a search are, and one for others.
    """
    is_public = _IS_PUBLIC if level == Reader.PUBLIC else ""
    of_table = [] if table is None else [table.pk]
    variants = text_code.one_edit_variants(query, lambda text: _shared(text, is_public, of_table))
    if level == Reader.NOTHING or not variants:
        return []
    conditions = is_public + (" AND t.id = %s" if of_table else "")
    of_section = [] if section is None else [section.pk]
    conditions += " AND c.section_id + 0 = %s" if of_section else ""
    near, values = with_forms(sorted(variants))
    sql = _NEAR.format(near=near, conditions=conditions)
    return [pk for (pk,) in _rows(sql, *values, *of_table, *of_section, limit)]


def _shared(text: str, is_public: str, of_table: Sequence[int]) -> int:
    """Return how many characters the text shares with the beginning of a code at most.

    The codes beside it in the natural order of each table tell. A sort key has two digits for each character.
    """
    key = text_code.sort_key(text)
    tables = _rows(_BESIDE + is_public + (" AND t.id = %s" if of_table else ""), key, key, *of_table)
    return max((_common(key, other) for keys in tables for other in keys if other is not None), default=0)


def _common(key: str, other: Any) -> int:
    """Return how many characters two texts without digits share, by their sort keys."""
    digits = next((n for n, (a, b) in enumerate(zip(key, other, strict=False)) if a != b), min(len(key), len(other)))
    return max(0, digits - 1) // 2


def _rows(sql: str, *values: Any) -> list[Any]:
    return rows(sql, *values, database=connections[router.db_for_read(ReturnCode)])
