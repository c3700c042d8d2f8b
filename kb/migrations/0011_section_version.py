"""Give sections a version, so that no edit of one is lost."""

from importlib import import_module

from django.db import migrations, models

_triggers = import_module("kb.migrations.0002_section_of_table")


def take_away(apps, schema_editor):
    # SQLite makes a table anew to add a column, and refuses to rename it while a trigger names it.
    if schema_editor.connection.vendor == "sqlite":
        _triggers.remove(apps, schema_editor)


def put_back(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        _triggers.add(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0010_usage_feedback"),
    ]
    operations = [
        migrations.RunPython(take_away, put_back),
        migrations.AddField("section", "version", models.PositiveIntegerField(default=1, editable=False)),
        migrations.RunPython(put_back, take_away),
    ]
