"""Other columns that are new in a file, or that it calls by another name. The plan says so once, not in each row."""

from kb.importing.planning.weights import FIRST
from kb.importing.reading.sources import Problem
from kb.models import CodeTable, ImportRow, RowKind, TableImport, sql
from kb.models.table_imports import Extent

_MAX_COLUMNS = 20
"""Most new, and most lost, columns whose values are compared."""

ColumnRenames = dict[str, str]
"""The new headers of stored columns, by their former ones."""


def new_columns(table: CodeTable, extra_columns: set[str]) -> tuple[list[str], ColumnRenames]:
    """Return the other columns of a file that no code has yet: those that are new, and those that have a new name."""
    stored = _stored_columns(table) if extra_columns else set()
    fresh, lost = sorted(extra_columns - stored), sorted(stored - extra_columns)
    renames: ColumnRenames = {}
    if 0 < len(fresh) <= _MAX_COLUMNS and len(lost) <= _MAX_COLUMNS:
        for name in lost:
            same = [header for header in fresh if header not in renames.values() and _is_same(name, header)]
            if len(same) == 1:
                renames[name] = same[0]
    return [header for header in fresh if header not in renames.values()], renames


def without_new_columns(problems: list[Problem], *, has_line: bool) -> list[Problem]:
    """Return the problems of a file without its new columns, where the plan itself tells of them."""
    return [problem for problem in problems if problem.kind != "new_column"] if has_line else problems


def _stored_columns(table: CodeTable) -> set[str]:
    keys = "jsonb_object_keys(c.extra) AS e(key)" if sql.is_postgres() else "json_each(c.extra) AS e"
    listed = "c.table_id = %s AND c.retired_at IS NULL AND CAST(c.extra AS text) <> '{}'"
    names = sql.rows(f"SELECT DISTINCT e.key FROM kb_returncode AS c, {keys} WHERE {listed}", table.pk)  # noqa: S608
    return {key for (key,) in names}


def _is_same(name: str, header: str) -> bool:
    """Whether nine of ten codes of a file have under a new header what the table has under a lost one."""
    if '"' in name + header or "\\" in name + header:
        return False
    before, now = ("c.extra ->> %s", "s.extra ->> %s")
    paths = (name, header) if sql.is_postgres() else (f'$."{name}"', f'$."{header}"')
    both, same = sql.rows(
        f"""
        SELECT count(*), sum(CASE WHEN before = now THEN 1 ELSE 0 END) FROM (
            SELECT {before} AS before, {now} AS now FROM kb_staging AS s JOIN kb_returncode AS c ON c.id = s.code_id
        ) AS pairs WHERE before IS NOT NULL OR now IS NOT NULL
        """,  # noqa: S608
        *paths,
    )[0]
    return bool(both > 0 and 10 * (same or 0) >= 9 * both)


def store_columns(table_import: TableImport, fresh: list[str], renames: ColumnRenames) -> None:
    """Store one row for each new column, and for each with a new name."""
    rows = []
    for name, header in renames.items():
        codes = table_import.rows.filter(extra__has_key=header, extent__gt="").count()
        rows.append((header, f"The column {name} is now {header}: {_codes(codes)}."))
    for header in fresh:
        codes = table_import.rows.filter(extra__has_key=header).count()
        rows.append((header, f"The column {header} is new: {_codes(codes)}."))
    ImportRow.objects.bulk_create(
        ImportRow(table_import=table_import, kind=RowKind.COLUMN, message=message, fields=[header], weight=FIRST)
        for header, message in rows
    )


def _codes(number: int) -> str:
    return f"{number} code{'' if number == 1 else 's'}"


def extent_of(extra: dict[str, str], now: dict[str, str], renames: ColumnRenames) -> Extent:
    """Return whether a code's other columns change, or only their names."""
    return Extent.HEADING if {renames.get(name, name): text for name, text in extra.items()} == now else Extent.COLUMNS
