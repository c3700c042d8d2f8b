"""On PostgreSQL, an import's rows have room to be linked with their new codes.

Each new code's row is written again once the code has its id. Without room in its page, both of the table's indexes had
to learn of the new place. This holds for new pages: the table is not written again.
"""

from django.db import migrations


def _set(room):
    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE kb_importrow {room}")

    return change


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0009_number_order"),
    ]

    operations = [
        migrations.RunPython(_set("SET (fillfactor = 50)"), _set("RESET (fillfactor)")),
    ]
