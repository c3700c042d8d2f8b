"""An index that PostgreSQL's search lacks where it was made before: see `postgres.LATER`."""

from django.db import migrations

from kb.searching import postgres


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in postgres.LATER:
            for n in (0, 1):
                schema_editor.execute(statement.format("CONCURRENTLY", n), params=None)


class Migration(migrations.Migration):
    # Nobody waits for an index that is made concurrently, which no transaction can do.
    atomic = False
    dependencies = [("kb", "0033_code_order")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop, elidable=False)]
