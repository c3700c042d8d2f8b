"""Notes have their texts without accents and case, so that both databases find `eclair` in `Éclair`."""

import unicodedata

from django.db import migrations, models

SOURCES = ("title", "issue", "environment", "cause", "resolution", "customer_reply", "phrasings")
_PARTS = "CREATE INDEX kb_note_parts ON kb_troubleshootingnote USING gin ({} gin_trgm_ops)"
_OLD = f"upper(({' ||   || '.join(SOURCES[:-1])}))"
_PAGE = 500


def fold_case(text):
    """Return text without accents, width and case."""
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare).casefold()


def fill(apps, schema_editor):
    """Write the folded texts of the notes."""
    notes = apps.get_model("kb", "TroubleshootingNote").objects
    ids = list(notes.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _PAGE):
        page = list(notes.filter(pk__in=ids[start : start + _PAGE]))
        for note in page:
            note.folded_text = "\n".join(fold_case(getattr(note, name)) for name in SOURCES)
        notes.bulk_update(page, ["folded_text"])


def _index(columns):
    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql" and _has_parts(schema_editor):
            schema_editor.execute("DROP INDEX kb_note_parts", params=None)
            schema_editor.execute(_PARTS.format(columns), params=None)

    return change


def _has_parts(schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_class WHERE relname = 'kb_note_parts'")
        return cursor.fetchone() is not None


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0011_phrasings"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE kb_troubleshootingnote ADD COLUMN folded_text text DEFAULT '' NOT NULL",
            "ALTER TABLE kb_troubleshootingnote DROP COLUMN folded_text",
            state_operations=[
                migrations.AddField(
                    "troubleshootingnote", "folded_text", models.TextField(db_default="", default="", editable=False)
                )
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(_index("folded_text"), _index(_OLD)),
    ]
