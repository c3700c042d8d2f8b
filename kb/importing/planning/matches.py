"""Compare a staged file with its table in SQL: the code of each row, and the rows that change something.

Each step sets `kind` on the staged rows that it decides. Rows without a kind at the end change nothing.
"""

from kb.models import CodeTable, sql
from kb.models.fields import VENDOR_TEXTS

_MAX_NAMES = 20
"""Most sections that a message names."""

ONE_IN_TABLE = """
    SELECT identity,
        CASE WHEN count(*) = 1 THEN min(id) ELSE min(CASE WHEN retired_at IS NULL THEN id END) END AS id,
        CASE WHEN count(*) = 1 THEN min(section_id) ELSE min(CASE WHEN retired_at IS NULL THEN section_id END) END
            AS section_id
    FROM kb_returncode WHERE table_id = %s AND identity IN (
        SELECT identity FROM kb_staging WHERE kind IS NULL AND code_id IS NULL
    )
    GROUP BY identity HAVING count(*) = 1 OR sum(CASE WHEN retired_at IS NULL THEN 1 ELSE 0 END) = 1
"""
"""The codes that a table has once, or once among those that are not retired."""

ONE_IN_FILE = """
    s.identity IN (SELECT identity FROM kb_staging WHERE kind IS NULL GROUP BY identity HAVING count(*) = 1)
"""


def create_index() -> None:
    """Index the staged rows by code."""
    sql.run("CREATE INDEX kb_staging_code ON kb_staging (identity, section_name)")
    _renew_statistics()


def index_matches() -> None:
    """Index the staged rows by the code that they match, and renew the statistics: all kinds were empty before."""
    sql.run("CREATE INDEX kb_staging_code_id ON kb_staging (code_id)")
    _renew_statistics()


def _renew_statistics() -> None:
    # Of the texts, PostgreSQL would sort thousands, and no plan depends on them. SQLite looks at indexes alone.
    columns = "(ord, section_name, section_id, identity, kind, code_id)" if sql.is_postgres() else ""
    sql.run(f"ANALYZE kb_staging {columns}")


def mark_duplicates() -> None:
    """Mark rows that repeat a section and code, except the first; otherwise the last would replace the others."""
    sql.run("""
        UPDATE kb_staging SET kind = 'duplicate', first = d.first
        FROM (
            SELECT identity, section_name, min(ord) AS first FROM kb_staging WHERE kind IS NULL
            GROUP BY identity, section_name HAVING count(*) > 1
        ) AS d
        WHERE kb_staging.identity = d.identity AND kb_staging.section_name = d.section_name
        AND kb_staging.kind IS NULL AND kb_staging.ord > d.first
    """)


def match_in_section(table: CodeTable) -> None:
    """Match rows to the codes of their section."""
    sql.run(
        """
        UPDATE kb_staging SET code_id = c.id FROM kb_returncode AS c
        WHERE c.table_id = %s AND c.section_id = kb_staging.section_id AND c.identity = kb_staging.identity
        AND kb_staging.kind IS NULL
        """,
        table.pk,
    )


def match_other_sections(table: CodeTable) -> None:
    """Match the other rows of a complete file to a code that the table has once, in a section that lacks it now."""
    sql.run(
        f"""
        UPDATE kb_staging AS s SET code_id = c.id FROM ({ONE_IN_TABLE}) AS c
        WHERE s.identity = c.identity AND s.kind IS NULL AND s.code_id IS NULL AND {ONE_IN_FILE}
        """,  # noqa: S608
        table.pk,
    )


def hint_at_other_section(table: CodeTable) -> None:
    """Set a message on the rows of a file of a part whose code is in another section."""
    sql.run(
        """
        UPDATE kb_staging SET message = 'The table has this code in another section, where this file does not move it.'
        WHERE kind IS NULL AND code_id IS NULL
        AND identity IN (SELECT c.identity FROM kb_returncode AS c WHERE c.table_id = %s)
        """,
        table.pk,
    )


def _hint_at_repeated_code() -> None:
    """Set a message on a number in two sections: usually two different codes, sometimes a mistake."""
    sql.run("""
        UPDATE kb_staging SET message = 'Listed in section ' || o.section_name || ' too, on line ' || o.line || '.'
        FROM (
            SELECT identity, min(ord) AS ord FROM kb_staging GROUP BY identity HAVING count(*) > 1
        ) AS d JOIN kb_staging AS o ON o.ord = d.ord
        WHERE kb_staging.identity = d.identity AND kb_staging.section_name <> o.section_name
        AND kb_staging.ord > d.ord AND kb_staging.kind = 'new' AND kb_staging.message IS NULL
    """)


def match_in_table(table: CodeTable) -> None:
    """Match the rows of a file without sections; a code in several sections is an error, never a guess."""
    sql.run(
        f"""
        UPDATE kb_staging SET code_id = c.id, section_id = c.section_id FROM ({ONE_IN_TABLE}) AS c
        WHERE kb_staging.identity = c.identity AND kb_staging.kind IS NULL
        """,  # noqa: S608
        table.pk,
    )
    names = "string_agg(name, ', ' ORDER BY nth)" if sql.is_postgres() else "group_concat(name, ', ')"
    sql.run(
        f"""
        UPDATE kb_staging SET kind = 'error', message = kb_staging.code || ' is in several sections of this table ('
            || d.names || CASE WHEN d.n > {_MAX_NAMES} THEN ' and ' || (d.n - {_MAX_NAMES}) || ' others' ELSE '' END
            || ') and the file does not say which one: add a section column.'
        FROM (
            SELECT identity, {names} AS names, max(n) AS n FROM (
                SELECT c.identity, CASE n.name WHEN '' THEN '(no section)' ELSE n.name END AS name,
                    row_number() OVER (PARTITION BY c.identity ORDER BY n.position, n.id) AS nth,
                    count(*) OVER (PARTITION BY c.identity) AS n
                FROM kb_returncode AS c JOIN kb_section AS n ON n.id = c.section_id
                WHERE c.table_id = %s AND c.identity IN (
                    SELECT identity FROM kb_staging WHERE kind IS NULL AND code_id IS NULL
                )
            ) AS places WHERE nth <= {_MAX_NAMES} GROUP BY identity
        ) AS d WHERE kb_staging.identity = d.identity AND kb_staging.kind IS NULL AND kb_staging.code_id IS NULL
        """,  # noqa: S608
        table.pk,
    )


def match_tombstones(table: CodeTable, has_sections: bool) -> None:
    """Match the other rows to codes that only rolled-back imports brought, so that these return with their notes."""
    place = "AND c.section_name = kb_staging.section_name" if has_sections else ""
    sql.run(
        f"""
        UPDATE kb_staging SET code_id = c.id, section_id = c.section_id FROM (
            SELECT max(c.id) AS id, c.section_id, n.name AS section_name, x.identity FROM kb_tombstone AS x
            JOIN kb_returncode AS c ON c.id = x.code_id JOIN kb_section AS n ON n.id = c.section_id
            WHERE c.table_id = %s GROUP BY c.section_id, n.name, x.identity
        ) AS c
        WHERE c.identity = kb_staging.identity AND kb_staging.kind IS NULL AND kb_staging.code_id IS NULL {place}
        """,  # noqa: S608
        table.pk,
    )


def mark_differences(extra: bool) -> None:
    """Mark the new codes, and the rows that differ from the vendor's last words."""
    sql.run("UPDATE kb_staging SET kind = 'new' WHERE kind IS NULL AND code_id IS NULL")
    _hint_at_repeated_code()
    conditions = (
        ["c.code <> s.code"]
        + [f"c.vendor_{name} <> s.{name}" for name in VENDOR_TEXTS]
        + (["c.extra <> s.extra"] if extra else [])
    )
    # A subquery compares the texts, because UPDATE .. FROM reads each pair of rows twice.
    sql.run(f"""
        UPDATE kb_staging SET kind = 'changed' WHERE ord IN (
            SELECT s.ord FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id
            WHERE s.kind IS NULL AND (
                c.retired_at IS NOT NULL OR s.section_id IS NULL OR c.section_id <> s.section_id
                OR {" OR ".join(conditions)}
            )
        )
    """)  # noqa: S608


def position_sql(table: CodeTable, complete: bool) -> str:
    """Return the SQL for the position of a staged row `s` with code `c`; mark codes that change only their position.

    A complete file sets the order where it differs; gaps that retired codes leave do not count. A code that the file
    does not list stays behind the one that it followed. Otherwise new codes go after the last one.
    """
    last = sql.value("SELECT coalesce(max(position), -1) FROM kb_returncode WHERE table_id = %s", table.pk)
    if complete and last >= 0 and _order_differs():
        _place_all_codes(table)
        return "s.place"
    first = sql.value("SELECT coalesce(min(ord), 0) FROM kb_staging WHERE kind = 'new'")
    return f"coalesce(c.position, s.ord + {last + 1 - first})"


MISSING_CODES = """
    FROM kb_returncode AS c WHERE c.table_id = %s AND c.retired_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM kb_staging AS s WHERE s.code_id = c.id AND s.identity IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM kb_mentioned AS m WHERE m.identity = c.identity)
"""
"""SQL of the current codes that the file does not list, not even in a row with an error.

Rows without an identity are codes that only move: the file may lack them.
"""


def _place_all_codes(table: CodeTable) -> None:
    """Give every code of the table and every new row a place of its own; mark the codes that only move."""
    sql.run(
        """
        INSERT INTO kb_place (code_id, ord, place)
        SELECT code_id, ord,
            row_number() OVER (ORDER BY coalesce(anchor, -1), position, code_id) - 1
        FROM (
            SELECT code_id, ord, position, max(ord) OVER (PARTITION BY block) AS anchor
            FROM (
                SELECT c.id AS code_id, s.ord, c.position, count(s.ord) OVER (ORDER BY c.position, c.id) AS block
                FROM kb_returncode AS c LEFT JOIN kb_staging AS s ON s.code_id = c.id WHERE c.table_id = %s
            ) AS blocks
            UNION ALL SELECT NULL, ord, 0, ord FROM kb_staging WHERE kind = 'new'
        ) AS anchors
        """,
        table.pk,
    )
    sql.run("UPDATE kb_staging SET place = p.place FROM kb_place AS p WHERE p.ord = kb_staging.ord")
    sql.run("""
        UPDATE kb_staging SET kind = 'reordered' WHERE kind IS NULL
        AND place <> (SELECT position FROM kb_returncode AS c WHERE c.id = kb_staging.code_id)
    """)
    sql.run("""
        INSERT INTO kb_staging (ord, code_id, place, kind)
        SELECT (SELECT max(ord) FROM kb_staging) + row_number() OVER (ORDER BY p.place), c.id, p.place, 'reordered'
        FROM kb_place AS p JOIN kb_returncode AS c ON c.id = p.code_id WHERE p.ord IS NULL AND p.place <> c.position
    """)


def _order_differs() -> bool:
    """Whether the file lists the table's codes in another order, or has a new code before an existing one."""
    backward_steps = sql.value("""
        SELECT count(*) FROM (
            SELECT c.position AS here, lag(c.position) OVER (ORDER BY s.ord) AS before
            FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id
        ) AS pairs WHERE here <= before
    """)
    insertions = sql.value("""
        SELECT count(*) FROM kb_staging WHERE kind = 'new'
        AND ord < (SELECT max(ord) FROM kb_staging WHERE code_id IS NOT NULL)
    """)
    return bool(backward_steps or insertions)
