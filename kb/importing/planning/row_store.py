"""Store the rows of a plan, page by page, so that nobody waits for a long transaction."""

from collections.abc import Iterable

from kb.importing import stage
from kb.importing.planning import comparison, matches, other_tables, strangers, twins
from kb.importing.planning.other_columns import ColumnRenames
from kb.importing.reading.sources import Problem
from kb.models import CodeTable, ImportRow, ReturnCode, RowKind, Section, TableImport, sql
from kb.models.fields import VENDOR_TEXTS
from kb.models.table_imports import STRANGE
from kb.text.codes.disposition import UNDECIDED, derive_disposition


def store_problems(table_import: TableImport, problems: Iterable[Problem]) -> None:
    """Store the problems of the file as rows."""
    _store(_problem_row(table_import, problem) for problem in problems)


def _problem_row(table_import: TableImport, problem: Problem) -> ImportRow:
    row = ImportRow(table_import=table_import, kind=RowKind.ERROR, message=problem.message)
    if problem.severity == "warning":
        row.kind = RowKind.WARNING
    if problem.place is not None:
        row.line, row.sheet = problem.place.line, problem.place.sheet[:100]
    return row


def store_duplicates(table_import: TableImport) -> None:
    """Store the rows that repeat a code; each message names the line that counts."""
    message = f"s.code || ' appears twice: ' || {_place('f')} || ' is used, not ' || {_place('s')} || '.'"
    _store_broken(table_import, "duplicate", message, "JOIN kb_staging AS f ON f.ord = s.first")


def _place(row: str) -> str:
    """Return the SQL for the words of a row's place."""
    return f"'line ' || {row}.line || CASE {row}.sheet WHEN '' THEN '' ELSE ' of sheet ' || {row}.sheet END"


def store_errors(table_import: TableImport) -> None:
    """Store the rows that can be read but do not fit into the table."""
    _store_broken(table_import, "error", "s.message")


def _store_broken(table_import: TableImport, kind: str, message: str, join: str = "") -> None:
    """Store the staged rows of a kind that is never applied. In SQL, because every row of a file may be one."""
    texts = ", ".join(["''"] * len(VENDOR_TEXTS))
    for after, last in stage.spans(kind):
        sql.run(
            f"""
            INSERT INTO kb_importrow (
                table_import_id, kind, line, sheet, section_name, code, identity, message, canonical, sort_key,
                position, {", ".join(VENDOR_TEXTS)}, extra, disposition, fixer, fields, conflicts, before, resolution,
                edited
            )
            SELECT %s, s.kind, s.line, substr(s.sheet, 1, 100), substr(s.section_name, 1, 200), substr(s.code, 1, 64),
                substr(s.identity, 1, 256), {message}, '', '', 0, {texts}, '{{}}', 'unknown', 'unknown', '[]', '[]',
                '{{}}', '', '{{}}'
            FROM kb_staging AS s {join} WHERE s.kind = %s AND s.ord > %s AND s.ord <= %s ORDER BY s.ord
            """,  # noqa: S608
            table_import.pk,
            kind,
            after,
            last,
        )


def only_section(table: CodeTable) -> Section | None:
    """Return the table's only section, for new codes of a file without sections; None unless it has exactly one."""
    sections = Section.objects.filter(table=table.pk)[:2]
    return sections[0] if len(sections) == 1 else None


def store_new(table_import: TableImport, position: str, section: Section | None) -> None:
    """Store the new codes. Those of a file without sections go into `section`."""
    if section is not None:
        sql.run("UPDATE kb_staging SET section_id = %s, section_name = %s WHERE kind = 'new'", section.pk, section.name)
    columns = ("line", "sheet", "section_id", "section_name", *comparison.CODE_FORMS, "extra")
    texts = ", ".join(f"coalesce(s.{name}, '')" for name in VENDOR_TEXTS)
    for after, last in stage.spans("new"):
        stage.fill("kb_verdict", ("ord", "disposition", "fixer"), _verdicts(after, last))
        sql.run(
            f"""
            INSERT INTO kb_importrow (
                table_import_id, kind, {", ".join(columns)}, {", ".join(VENDOR_TEXTS)}, position, disposition, fixer,
                message, fields, conflicts, before, resolution, edited
            )
            SELECT %s, 'new', {", ".join(f"s.{name}" for name in columns)}, {texts}, {position},
                coalesce(v.disposition, 'unknown'), coalesce(v.fixer, 'unknown'), coalesce(s.message, ''),
                '[]', '[]', '{{}}', '', '{{}}'
            FROM kb_staging AS s LEFT JOIN kb_verdict AS v ON v.ord = s.ord
                LEFT JOIN kb_returncode AS c ON c.id = s.code_id
            WHERE s.kind = 'new' AND s.ord > %s AND s.ord <= %s ORDER BY s.ord
            """,  # noqa: S608
            table_import.pk,
            after,
            last,
        )
    # New codes replace no text: they need a second yes only where they are those of another table.
    _store_warnings(table_import, twins.doubts(table_import, RowKind.NEW))
    _ask_twice(table_import, other_tables.doubts(table_import))


def _verdicts(after: int, last: int) -> list[tuple[int, str, str]]:
    """Return (ord, disposition, fixer) of the new codes whose texts determine them."""
    texts = sql.rows(
        "SELECT ord, suggested_actions FROM kb_staging"
        " WHERE kind = 'new' AND suggested_actions <> '' AND ord > %s AND ord <= %s",
        after,
        last,
    )
    verdicts = ((ord_, derive_disposition(actions)) for ord_, actions in texts)
    return [(ord_, *verdict) for ord_, verdict in verdicts if verdict is not UNDECIDED]


def store_changed(table_import: TableImport, position: str, extra_columns: set[str], renames: ColumnRenames) -> None:
    """Store the codes that the file changes; staged rows that change nothing become `same`."""
    changes_seen = strangers.Strangers()
    for after, last in stage.spans("changed"):
        changes = sql.rows(
            f"""
            SELECT s.ord, s.code_id, s.line, s.sheet, s.section_id, s.section_name, {position}, s.code,
                {", ".join(f"s.{name}" for name in VENDOR_TEXTS)}, s.extra
            FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id
            WHERE s.kind = 'changed' AND s.ord > %s AND s.ord <= %s ORDER BY s.ord
            """,  # noqa: S608
            after,
            last,
        )
        codes = ReturnCode.objects.select_related("section", "tombstone").in_bulk([line[1] for line in changes])
        rows = {
            line[0]: comparison.changed_row(table_import, codes[line[1]], line, extra_columns, renames)
            for line in changes
        }
        _store(row for row in rows.values() if row.fields or "position" in row.before)
        for line in changes:
            if rows[line[0]].kind != RowKind.NEW:
                changes_seen.look(rows[line[0]], codes[line[1]])
        unchanged_ords = [ord_ for ord_, row in rows.items() if not row.fields and "position" not in row.before]
        for batch in sql.batches(unchanged_ords, 500):
            sql.run(f"UPDATE kb_staging SET kind = 'same' WHERE ord IN ({', '.join(map(str, batch))})")  # noqa: S608
    doubts = changes_seen.doubts(sql.value("SELECT count(*) FROM kb_staging WHERE code_id IS NOT NULL"))
    for name in filter(changes_seen.changed.__contains__, VENDOR_TEXTS):
        doubts += twins.doubts(table_import, RowKind.CHANGED, name)
    _ask_twice(table_import, doubts)


def store_garbled(table_import: TableImport, garbled: list[int], foreign_count: int) -> None:
    """Store the warning about new rows with letters of a wrong encoding: where most are, somebody has to agree."""
    store = _ask_twice if 2 * len(garbled) > foreign_count else _store_warnings
    store(table_import, strangers.new_garbled(garbled))


def _ask_twice(table_import: TableImport, doubts: list[twins.Doubt]) -> None:
    """Store doubts of which somebody has to say that the file is the right one."""
    if doubts:
        table_import.counts[STRANGE] = max(table_import.counts.get(STRANGE, 0), *(count for count, _ in doubts))
        _store_warnings(table_import, doubts)


def _store_warnings(table_import: TableImport, doubts: list[twins.Doubt]) -> None:
    store_problems(table_import, [Problem(None, "strange", message, severity="warning") for _, message in doubts])


def store_reordered(table_import: TableImport) -> None:
    """Store the codes that change only their position, so that a roll-back can restore it."""
    json_object = "jsonb_build_object" if sql.is_postgres() else "json_object"
    empty_texts = ", ".join(["''"] * len(VENDOR_TEXTS))
    for after, last in stage.spans("reordered"):
        sql.run(
            f"""
            INSERT INTO kb_importrow (
                table_import_id, kind, line, sheet, section_id, section_name,
                {", ".join(comparison.CODE_FORMS)}, position, return_code_id,
                code_version, before, {", ".join(VENDOR_TEXTS)}, extra,
                disposition, fixer, message, fields, conflicts, resolution, edited
            )
            SELECT %s, 'reordered', s.line, coalesce(s.sheet, ''), c.section_id, n.name,
                {", ".join(f"c.{name}" for name in comparison.CODE_FORMS)}, s.place, c.id, c.version,
                {json_object}('position', c.position), {empty_texts}, '{{}}', 'unknown', 'unknown',
                '', '[]', '[]', '', '{{}}'
            FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id JOIN kb_section AS n ON n.id = c.section_id
            WHERE s.kind = 'reordered' AND s.ord > %s AND s.ord <= %s ORDER BY s.ord
            """,  # noqa: S608
            table_import.pk,
            after,
            last,
        )


def store_missing(table_import: TableImport) -> None:
    """Store the codes that a complete file no longer lists: the plan retires them and never deletes them."""
    after = 0
    while True:
        ids = sql.rows(
            f"SELECT c.id {matches.MISSING_CODES} AND c.id > %s ORDER BY c.id LIMIT %s",
            table_import.table_id,
            after,
            stage.BATCH,
        )
        if not ids:
            return
        after = ids[-1][0]
        codes = ReturnCode.objects.select_related("section").filter(pk__in=[pk for (pk,) in ids]).order_by("pk")
        _store(_missing_row(table_import, code) for code in codes)


def _missing_row(table_import: TableImport, code: ReturnCode) -> ImportRow:
    row = comparison.unchanged_row(table_import, code, RowKind.RETIRED)
    row.fields, row.before = ["retired_at"], {"retired_at": None}
    row.message = "The file no longer lists it."
    return row


def _store(rows: Iterable[ImportRow]) -> None:
    for batch in sql.batches(rows, stage.BATCH):
        ImportRow.objects.bulk_create(batch)
