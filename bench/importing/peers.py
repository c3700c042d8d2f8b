"""The peers of our import: stock django-import-export, and SQL that does nothing but load and upsert."""

import csv
import time
from itertools import islice
from pathlib import Path

import tablib
from django.db import connection
from import_export import resources

from kb.models import CodeTable, ReturnCode, Section, sql

TEXTS = ("description", "possible_reasons", "suggested_actions")
_STAGED = ("section", "code", *TEXTS)


class StockResource(resources.ModelResource):
    """The resource that the package's documentation would have us write."""

    table: CodeTable
    section: Section

    class Meta:
        model = ReturnCode
        import_id_fields = ("code",)
        fields = ("code", *TEXTS)

    def get_queryset(self):
        """Look codes up in one table."""
        return ReturnCode.objects.filter(table=self.table)

    def before_save_instance(self, instance, row, **kwargs):
        """Set the table and section of a code."""
        instance.table, instance.section = self.table, self.section


def stock(path: Path, table: CodeTable, rows: int) -> tuple[float, float]:
    """Import `rows` of a file as its admin does; return the seconds of its preview and of its import."""
    with path.open(newline="") as file:
        data = tablib.Dataset(*[line[1:] for line in islice(csv.reader(file), 1, rows + 1)], headers=["code", *TEXTS])
    resource = StockResource()
    resource.table = table
    resource.section, _ = Section.objects.get_or_create(table=table, name="", slug="all")
    seconds = []
    for dry in (True, False):
        start = time.perf_counter()
        result = resource.import_data(data, dry_run=dry, raise_errors=True, use_transactions=True)
        seconds.append(time.perf_counter() - start)
        assert not result.has_errors()
    return seconds[0], seconds[1]


def plainest(path: Path, table: CodeTable) -> float:
    """Load a file into a staging table and upsert the codes: no plan, no merge, no history, no feed."""
    start = time.perf_counter()
    with sql.long_statements(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain_staging")
        cursor.execute(f"CREATE TEMPORARY TABLE plain_staging ({', '.join(f'{name} text' for name in _STAGED)})")
        _load(cursor, path)
        cursor.execute(
            "INSERT INTO kb_section (table_id, name, slug, position, version)"
            " SELECT DISTINCT CAST(%s AS bigint), section, replace(section, ' ', '-'), 0, 1 FROM plain_staging"
            " WHERE true ON CONFLICT DO NOTHING",
            [table.pk],
        )
        names = [*TEXTS, *(f"vendor_{name}" for name in TEXTS)]
        values = ", ".join(f"s.{name}" for name in (*TEXTS, *TEXTS))
        cursor.execute(
            f"""
            INSERT INTO kb_returncode (
                table_id, section_id, code, identity, canonical, number, sort_key, position, symbol, vendor_symbol,
                {", ".join(names)}, extra, disposition, disposition_origin, fixer, fixer_origin, version,
                created_at, updated_at
            )
            SELECT n.table_id, n.id, s.code, s.code, s.code, CAST(s.code AS bigint), s.code, 0, '', '', {values},
                '{{}}', 'unknown', 'vendor', 'unknown', 'vendor', 1, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP
            FROM plain_staging AS s JOIN kb_section AS n ON n.table_id = %s AND n.name = s.section WHERE true
            ON CONFLICT (table_id, section_id, identity)
            DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}
            """,
            [table.pk],
        )
    return time.perf_counter() - start


def _load(cursor, path: Path) -> None:
    with path.open(newline="") as file:
        rows = islice(csv.reader(file), 1, None)
        if connection.vendor == "postgresql":
            with cursor.copy("COPY plain_staging FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        cursor.execute("SAVEPOINT load")
        cursor.executemany("INSERT INTO plain_staging VALUES (%s, %s, %s, %s, %s)", rows)
        cursor.execute("RELEASE load")
