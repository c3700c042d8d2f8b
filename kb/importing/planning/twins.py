"""Codes of a file that have the words of other stored codes: all texts shifted by a row, or all codes written anew."""

from kb.models import RowKind, TableImport, sql

_LEAST = 3
"""Least codes of which something is said: two may have changed places."""

_MANY = 10
"""So many codes are no chance, however many others there are."""

Doubt = tuple[int, str]
"""A number of codes, and what to say of them."""

_MESSAGES = {
    RowKind.CHANGED: (
        "{count} codes get the description that other codes had, such as {code} that of {other}. Are the texts in the"
        " wrong rows?"
    ),
    RowKind.NEW: (
        "{count} new codes are like stored codes that the file does not have, such as {code} and {other}. Are they the"
        " same codes, written in another way?"
    ),
}


def doubts(table_import: TableImport, kind: RowKind) -> list[Doubt]:
    """Return what to say of the new or changed codes of a file, where many are like other codes of the table."""
    all_rows = sql.value("SELECT count(*) FROM kb_staging WHERE kind = %s", kind)
    if all_rows < _LEAST or table_import.table is None:
        return []
    query = _TWINS if kind == RowKind.CHANGED else f"{_TWINS} UNION {_SPELT}"
    pk = table_import.table.pk
    parameters = [pk, kind, kind, pk, kind][: query.count("%s")]
    for count, code, other in sql.rows(_COUNT.format(query), *parameters):
        if count >= _MANY or (count >= _LEAST and count * 2 >= all_rows):
            return [(count, _MESSAGES[kind].format(count=count, code=code, other=other))]
    return []


_TWINS = """
    SELECT s.ord, s.code, c.code AS other FROM (
        SELECT vendor_description AS words, min(id) AS id, min(code) AS code, min(identity) AS identity
        FROM kb_returncode WHERE table_id = %s AND retired_at IS NULL AND vendor_description <> ''
        AND vendor_description IN (SELECT description FROM kb_staging WHERE kind = %s)
        GROUP BY vendor_description HAVING count(*) = 1
    ) AS c JOIN kb_staging AS s ON s.description = c.words
    WHERE s.kind = %s AND c.id <> coalesce(s.code_id, 0) AND c.identity <> s.identity
    AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.code_id = c.id AND o.description = c.words)
"""
_SPELT = """
    SELECT s.ord, s.code, c.code FROM kb_returncode AS c JOIN kb_staging AS s
        ON s.canonical = c.canonical AND s.identity <> c.identity
    WHERE c.table_id = %s AND c.retired_at IS NULL AND s.kind = %s
    AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.code_id = c.id)
"""
_COUNT = """
    SELECT count(*) OVER (), min(code), min(other) FROM ({}) AS twins GROUP BY ord ORDER BY ord LIMIT 1
"""
