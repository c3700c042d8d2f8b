"""Compare a staged file with its table, in SQL: which code each row is about, and whether it says anything new.

Each step sets `kind` on the staged rows that it decides; what is left without a kind repeats the table word for word.
"""

from django.db import connection

from kb.importing import stage
from kb.models import CodeTable
from kb.models.fields import VENDOR_TEXTS


def create_index() -> None:
    """Make the staged rows quick to find by code."""
    stage.run("CREATE INDEX kb_staging_code ON kb_staging (identity, section_name)")
    stage.run("ANALYZE kb_staging")


def mark_duplicates() -> None:
    """Only the first of the rows with one section and code counts: the last must not win in silence."""
    stage.run("""
        UPDATE kb_staging SET kind = 'duplicate', first = d.first
        FROM (
            SELECT identity, section_name, min(ord) AS first FROM kb_staging WHERE kind IS NULL
            GROUP BY identity, section_name HAVING count(*) > 1
        ) AS d
        WHERE kb_staging.identity = d.identity AND kb_staging.section_name = d.section_name
        AND kb_staging.kind IS NULL AND kb_staging.ord > d.first
    """)


def match_in_section(table: CodeTable) -> None:
    """Match rows to the codes of the section that they name."""
    stage.run(
        """
        UPDATE kb_staging SET code_id = c.id FROM kb_returncode AS c
        WHERE c.table_id = %s AND c.section_id = kb_staging.section_id AND c.identity = kb_staging.identity
        AND kb_staging.kind IS NULL
        """,
        table.pk,
    )


def match_other_sections(table: CodeTable, complete: bool) -> None:
    """Match what is left to a code that the table has once, in a section that no longer lists it.

    Only a complete file shows that: in another one the same number may as well be a second code.
    """
    if not complete:
        _hint_at_namesakes(table)
        return
    stage.run(
        f"""
        UPDATE kb_staging SET code_id = c.id FROM ({_ONE_IN_TABLE}) AS c
        WHERE kb_staging.identity = c.identity AND kb_staging.kind IS NULL AND kb_staging.code_id IS NULL
        AND (SELECT count(*) FROM kb_staging AS o WHERE o.identity = kb_staging.identity AND o.kind IS NULL) = 1
        """,  # noqa: S608
        table.pk,
    )


def _hint_at_namesakes(table: CodeTable) -> None:
    stage.run(
        """
        UPDATE kb_staging SET message = 'The table has this code in another section: only a complete file can move it.'
        WHERE kind IS NULL AND code_id IS NULL
        AND EXISTS (SELECT 1 FROM kb_returncode AS c WHERE c.table_id = %s AND c.identity = kb_staging.identity)
        """,
        table.pk,
    )


def _hint_at_twins() -> None:
    """One number in two sections is two codes, and often what the vendor means; sometimes it is a slip."""
    stage.run("""
        UPDATE kb_staging SET message = 'Listed in section ' || o.section_name || ' too, on line ' || o.line || '.'
        FROM kb_staging AS o WHERE o.identity = kb_staging.identity AND o.section_name <> kb_staging.section_name
        AND o.ord < kb_staging.ord AND kb_staging.kind = 'new' AND kb_staging.message IS NULL
    """)


def match_in_table(table: CodeTable) -> None:
    """Match the rows of a file without sections; a code that the table has in several is nobody's guess."""
    stage.run(
        f"""
        UPDATE kb_staging SET code_id = c.id, section_id = c.section_id FROM ({_ONE_IN_TABLE}) AS c
        WHERE kb_staging.identity = c.identity AND kb_staging.kind IS NULL
        """,  # noqa: S608
        table.pk,
    )
    stage.run(
        """
        UPDATE kb_staging SET kind = 'error', message = 'ambiguous' WHERE kind IS NULL AND code_id IS NULL
        AND EXISTS (SELECT 1 FROM kb_returncode AS c WHERE c.table_id = %s AND c.identity = kb_staging.identity)
        """,
        table.pk,
    )


def mark_differences(extra: bool) -> None:
    """Set apart what is new, and what does not repeat the vendor's last words."""
    stage.run("UPDATE kb_staging SET kind = 'new' WHERE kind IS NULL AND code_id IS NULL")
    _hint_at_twins()
    differs = (
        ["c.code <> s.code"]
        + [f"c.vendor_{name} <> s.{name}" for name in VENDOR_TEXTS]
        + (["c.extra <> s.extra"] if extra else [])
    )
    # The texts are compared in a query of their own: an UPDATE .. FROM would read each pair of rows twice.
    stage.run(f"""
        UPDATE kb_staging SET kind = 'changed' WHERE ord IN (
            SELECT s.ord FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id
            WHERE s.kind IS NULL AND (
                c.retired_at IS NOT NULL OR s.section_id IS NULL OR c.section_id <> s.section_id
                OR {" OR ".join(differs)}
            )
        )
    """)  # noqa: S608


def position_sql(table: CodeTable, complete: bool) -> str:
    """Return the SQL of a staged row's position `s` with its code `c`; mark rows that only change their place.

    A complete file sets the order, but only where it differs: gaps that retired codes leave are no difference.
    Otherwise new codes go behind the last one.
    """
    last = stage.value("SELECT coalesce(max(position), -1) FROM kb_returncode WHERE table_id = %s", table.pk)
    if complete and _order_differs():
        stage.run("""
            UPDATE kb_staging SET kind = 'reordered' WHERE kind IS NULL
            AND ord <> (SELECT position FROM kb_returncode AS c WHERE c.id = kb_staging.code_id)
        """)
        return "s.ord"
    first = stage.value("SELECT coalesce(min(ord), 0) FROM kb_staging WHERE kind = 'new'")
    return f"coalesce(c.position, s.ord + {last + 1 - first})"


MISSING_CODES = """
    FROM kb_returncode AS c WHERE c.table_id = %s AND c.retired_at IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM kb_staging AS s WHERE s.identity = c.identity AND (s.code_id = c.id OR s.kind = 'error')
    )
    AND NOT EXISTS (SELECT 1 FROM kb_mentioned AS m WHERE m.identity = c.identity)
"""
"""Current codes that the file does not list, not even in a row with an error."""

_ONE_IN_TABLE = """
    SELECT identity,
        CASE WHEN count(*) = 1 THEN min(id) ELSE min(CASE WHEN retired_at IS NULL THEN id END) END AS id,
        CASE WHEN count(*) = 1 THEN min(section_id) ELSE min(CASE WHEN retired_at IS NULL THEN section_id END) END
            AS section_id
    FROM kb_returncode WHERE table_id = %s AND identity IN (
        SELECT identity FROM kb_staging WHERE kind IS NULL AND code_id IS NULL
    )
    GROUP BY identity HAVING count(*) = 1 OR sum(CASE WHEN retired_at IS NULL THEN 1 ELSE 0 END) = 1
"""


def _order_differs() -> bool:
    """Whether the file lists the table's codes in another order, or puts a new one before a known one."""
    backwards = stage.value("""
        SELECT count(*) FROM (
            SELECT c.position AS here, lag(c.position) OVER (ORDER BY s.ord) AS before
            FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id
        ) AS pairs WHERE here < before
    """)
    inserted = stage.value("""
        SELECT count(*) FROM kb_staging WHERE kind = 'new'
        AND ord < (SELECT max(ord) FROM kb_staging WHERE code_id IS NOT NULL)
    """)
    return bool(backwards or inserted)


def is_postgres() -> bool:
    """Whether the database is PostgreSQL."""
    return connection.vendor == "postgresql"
