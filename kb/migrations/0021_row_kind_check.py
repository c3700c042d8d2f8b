"""PostgreSQL reads the rows for the new check of their kind, without a lock that keeps writers waiting."""

from django.db import migrations


def validate(apps, schema_editor):
    """Let PostgreSQL check the rows that are there."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE kb_importrow VALIDATE CONSTRAINT import_row_kind_known")


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0020_plan_for_people"),
    ]

    operations = [
        migrations.RunPython(validate, migrations.RunPython.noop),
    ]
