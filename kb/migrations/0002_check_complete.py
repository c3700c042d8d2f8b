"""Refuse a database that has only some of the migrations that 0001_schema replaces.

Django would leave 0001_schema out and say that nothing is to be done.
"""

from django.core.management import CommandError
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def check(apps, schema_editor):
    replaced = MigrationLoader(None).disk_migrations["kb", "0001_schema"].replaces
    applied = MigrationRecorder(schema_editor.connection).applied_migrations()
    missing = [name for app, name in replaced if (app, name) not in applied]
    if missing:
        raise CommandError(
            f"The database lacks migrations of the release before: {', '.join(missing)}."
            " Run manage.py migrate of that release first, then of this one."
        )


class Migration(migrations.Migration):
    dependencies = [("kb", "0001_schema")]
    operations = [migrations.RunPython(check, migrations.RunPython.noop)]
