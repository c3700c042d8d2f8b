"""PostgreSQL orders canonical forms by their bytes, as SQLite does.

Then the index of a whole code finds its beginning too.

Outside Django's state, because SQLite knows no collation of that name.
"""

from django.db import migrations

COLUMNS = ("kb_returncode", "kb_importrow")


def by_bytes(apps, schema_editor):
    _collate(schema_editor, ' COLLATE "C"')


def by_language(apps, schema_editor):
    _collate(schema_editor, "")


def _collate(schema_editor, collation):
    if schema_editor.connection.vendor == "postgresql":
        for table in COLUMNS:
            schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN canonical TYPE varchar(256){collation}")


class Migration(migrations.Migration):
    dependencies = [("kb", "0021_search")]
    operations = [migrations.RunPython(by_bytes, by_language, elidable=False)]
