"""The order of a table after a roll-back. It is one for the whole table: no code gets its place back alone."""

from kb.importing import stage
from kb.importing.applying.journal_rows import database_time
from kb.importing.planning.comparison import CODE_FORMS
from kb.models import ImportState, TableImport, sql
from kb.models.fields import VENDOR_TEXTS


def restore(original: TableImport, reversal: TableImport) -> None:
    """Give a table the order from before an import, unless a later one that still counts changed it: then that stays.

    Where imports before it were rolled back while its order stayed, their order goes with it. Codes that are newer than
    the order come last, in the order in which they came. Each code that moves gets a row in `reversal`.
    """
    first = first_to_undo(original)
    if first is None:
        return
    stage.create_places()
    _store_former_places(first)
    _place_codes(first)
    _store_moves(reversal)
    sql.run("UPDATE kb_returncode SET position = p.place FROM kb_place AS p WHERE p.code_id = kb_returncode.id")
    stage.drop()


def would_move(original: TableImport) -> bool:
    """Whether a roll-back of an import gives its table another order."""
    return original.rows.filter(before__has_key="position").exists() and first_to_undo(original) is not None


def first_to_undo(original: TableImport) -> TableImport | None:
    """Return the earliest import whose order goes: every order since is rolled back. None where an order stays."""
    assert original.table is not None
    first = None
    for table_import in original.table.imports.in_force().filter(rolls_back=None).order_by("-pk"):
        if not table_import.rows.filter(before__has_key="position").exists():
            continue
        if table_import.state == ImportState.APPLIED and table_import.pk != original.pk:
            break
        first = table_import
    return first


def _store_former_places(first: TableImport) -> None:
    """Store where each code was before `first`: what the first row says that moved it since."""
    sql.run(
        """
        INSERT INTO kb_former (code_id, position)
        SELECT return_code_id, position FROM (
            SELECT r.return_code_id, CAST(r.before ->> 'position' AS integer) AS position,
                row_number() OVER (PARTITION BY r.return_code_id ORDER BY r.table_import_id, r.id) AS nth
            FROM kb_importrow AS r JOIN kb_tableimport AS i ON i.id = r.table_import_id
            WHERE i.table_id = %s AND i.id >= %s AND i.state IN ('applied', 'rolled_back')
            AND r.return_code_id IS NOT NULL AND r.before ->> 'position' IS NOT NULL
        ) AS moves WHERE nth = 1
        """,
        first.table_id,
        first.pk,
    )


def _place_codes(first: TableImport) -> None:
    """Store the place of each code that moves: its former one, or the next that is free."""
    at = database_time(first.applied_at)
    sql.run(
        """
        INSERT INTO kb_place (code_id, place)
        SELECT id, place FROM (
            SELECT id, position, n + max(former - n) OVER (ORDER BY n) AS place
            FROM (
                SELECT id, position, former,
                    row_number() OVER (ORDER BY newer_since IS NOT NULL, newer_since, former, id) AS n
                FROM (
                    SELECT c.id, c.position, CASE WHEN c.created_at >= %s THEN c.created_at END AS newer_since,
                        coalesce(f.position, c.position) AS former
                    FROM kb_returncode AS c LEFT JOIN kb_former AS f ON f.code_id = c.id WHERE c.table_id = %s
                ) AS formers
            ) AS numbered
        ) AS placed WHERE place <> position
        """,
        at,
        first.table_id,
    )


def _store_moves(reversal: TableImport) -> None:
    json_object = "jsonb_build_object" if sql.is_postgres() else "json_object"
    sql.run(
        f"""
        INSERT INTO kb_importrow (
            table_import_id, kind, sheet, section_id, section_name, {", ".join(CODE_FORMS)}, position, return_code_id,
            code_version, before, {", ".join(VENDOR_TEXTS)}, extra, disposition, fixer, message, fields, conflicts,
            resolution, edited
        )
        SELECT %s, 'reordered', '', c.section_id, n.name, {", ".join(f"c.{name}" for name in CODE_FORMS)}, p.place,
            c.id, c.version, {json_object}('position', c.position), {", ".join(["''"] * len(VENDOR_TEXTS))}, '{{}}',
            'unknown', 'unknown', '', '[]', '[]', '', '{{}}'
        FROM kb_place AS p JOIN kb_returncode AS c ON c.id = p.code_id JOIN kb_section AS n ON n.id = c.section_id
        ORDER BY p.place
        """,  # noqa: S608
        reversal.pk,
    )
