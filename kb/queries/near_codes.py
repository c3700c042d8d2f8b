"""Codes one edit away from a text."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, router

from kb.models import CodeTable, ReturnCode, Section
from kb.models.code_rows import codes_by_id, with_forms
from kb.models.codes import PUBLISHED
from kb.models.sql import MAX_VALUES, batches, marks, rows
from kb.models.visibility import Audience, Person, Reader, condition, reader
from kb.text.codes import forms as text_code

MAX_TEXTS = 50
"""Most texts of one request beside which codes are looked for: a text has up to 1,500 variants."""

MAX_NEAR = 6
"""Most codes near one text."""

_IS_PUBLIC = f" AND t.audience = '{Audience.PUBLIC}'"
_BESIDE = (
    "SELECT (SELECT max(c.sort_key) FROM kb_returncode AS c WHERE c.table_id = t.id AND c.sort_key <= %s),"
    " (SELECT min(c.sort_key) FROM kb_returncode AS c WHERE c.table_id = t.id AND c.sort_key >= %s)"
    " FROM kb_codetable AS t WHERE t.id > 0"
)
_NEAR_MANY = (
    "SELECT c.canonical, c.sort_key, c.id, c.identity"  # noqa: S608
    " FROM kb_returncode AS c JOIN kb_codetable AS t ON t.id = c.table_id + 0"
    f" WHERE {{near}} AND {{conditions}} AND {PUBLISHED}"
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
    written, names = _as_written(variants)
    near, values = near + written, values + names
    sql = _NEAR.format(near=near, conditions=conditions)
    return [pk for (pk,) in _rows(sql, *values, *of_table, *of_section, limit)]


def near_codes(texts: Mapping[str, str], user: Person | None, table: int | None) -> dict[str, list[ReturnCode]]:
    """Return the codes that a reader may read and that are one edit away from texts, by the texts' keys, in order.

    One query, and one for every 10,000 variants: nine digits have 200.
    """
    level = reader(user)
    if level == Reader.NOTHING:
        return {key: [] for key in texts}
    variants = {key: text_code.one_edit_variants(text) for key, text in texts.items()}
    ids = _near_ids(variants, level, table)
    codes = codes_by_id([*{pk for of in ids.values() for pk in of}], user, is_brief=True)
    return {key: [codes[pk] for pk in ids[key] if pk in codes] for key in texts}


def _as_written(variants: Mapping[str, set[str]]) -> tuple[str, list[str]]:
    """Return the condition, with its parameters, that keeps codes whose own spelling is one edit away."""
    forms = [form for form, texts in variants.items() if texts]
    if not forms:
        return "", []
    texts = sorted({text for form in forms for text in variants[form]})
    # Adding '' keeps a database from reading the index of spellings.
    return f" AND (c.canonical || '' NOT IN ({marks(forms)}) OR c.identity || '' IN ({marks(texts)}))", [*forms, *texts]


def _near_ids(variants: Mapping[str, Mapping[str, set[str]]], level: Reader, table: int | None) -> dict[str, list[int]]:
    where, tables = condition(level, "t.audience"), [] if table is None else [table]
    where += " AND t.id = %s" if tables else ""
    by_form: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for batch in batches(sorted({form for forms in variants.values() for form in forms}), MAX_VALUES):
        near, values = with_forms(batch)
        for form, *place in _rows(_NEAR_MANY.format(near=near, conditions=where), *values, *tables):
            by_form[form].append((place[0], place[1], place[2]))
    return {key: _nearest(forms, by_form) for key, forms in variants.items()}


def _nearest(forms: Mapping[str, set[str]], by_form: Mapping[str, list[tuple[str, int, str]]]) -> list[int]:
    places = [
        (key, pk)
        for form, texts in forms.items()
        for key, pk, written in by_form.get(form, ())
        if not texts or written in texts
    ]
    return [pk for _, pk in sorted(places)[:MAX_NEAR]]


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
