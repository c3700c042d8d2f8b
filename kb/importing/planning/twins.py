"""Codes of a file that have the words of other stored codes: all texts shifted by a row, or all codes written anew."""

from kb.models import RowKind, TableImport, sql
from kb.models.fields import LABELS

_LEAST = 3
"""Least codes of which something is said: two may have changed places."""

_MANY = 10
"""So many codes are no chance, however many others there are."""

Doubt = tuple[int, str]
"""A number of codes, and what to say of them."""

_MESSAGES = {
    RowKind.CHANGED: (
        "{count} codes get the {text} that other codes had, such as {code} that of {other}. Are the texts in the"
        " wrong rows?"
    ),
    RowKind.NEW: (
        "{count} new codes have the words or the number of stored codes, such as {code} of {other}. Are they the same"
        " codes, written in another way, or are columns swapped?"
    ),
}


def doubts(table_import: TableImport, kind: RowKind, name: str = "description") -> list[Doubt]:
    """Return what to say of the new or changed codes of a file, where many are like other codes of the table.

    `name` is the text to compare.
    """
    all_rows = sql.value("SELECT count(*) FROM kb_staging WHERE kind = %s", kind)
    if all_rows < _LEAST or table_import.table is None:
        return []
    twins, pk = _TWINS.format(text=name), table_import.table.pk
    query = twins if kind == RowKind.CHANGED else f"{twins} UNION {_SPELT} UNION {_SWAPPED}"
    parameters = [pk, kind, kind, *[kind, pk] * 2][: query.count("%s")]
    for count, code, other in sql.rows(_COUNT.format(query), *parameters):
        if count >= _MANY or (count >= _LEAST and count * 2 >= all_rows):
            words = {"count": count, "code": code, "other": other, "text": LABELS[name].lower()}
            return [(count, _MESSAGES[kind].format(**words))]
    return []


_TWINS = """
    SELECT s.ord, s.code, c.code AS other FROM (
        SELECT vendor_{text} AS words, min(id) AS id, min(code) AS code, min(identity) AS identity
        FROM kb_returncode WHERE table_id = %s AND retired_at IS NULL AND vendor_{text} <> ''
        AND vendor_{text} IN (SELECT {text} FROM kb_staging WHERE kind = %s)
        GROUP BY vendor_{text} HAVING count(*) = 1
    ) AS c JOIN kb_staging AS s ON s.{text} = c.words
    WHERE s.kind = %s AND c.id <> coalesce(s.code_id, 0) AND c.identity <> s.identity
    AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.code_id = c.id AND o.{text} = c.words)
"""
_SPELT = """
    SELECT s.ord, s.code, c.code FROM kb_returncode AS c JOIN kb_staging AS s
        ON s.canonical = c.canonical AND s.identity <> c.identity
    WHERE s.kind = %s AND c.table_id = %s AND c.retired_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.code_id = c.id)
"""
_SWAPPED = """
    SELECT s.ord, s.code, c.code FROM kb_returncode AS c JOIN kb_staging AS s ON s.description = c.code
    WHERE s.kind = %s AND c.table_id = %s AND c.retired_at IS NULL
"""
_COUNT = """
    SELECT count(*) OVER (), min(code), min(other) FROM ({}) AS twins GROUP BY ord ORDER BY ord LIMIT 1
"""
