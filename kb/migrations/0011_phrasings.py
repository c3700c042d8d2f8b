"""Codes and notes have phrasings: questions by which a search finds them.

By plain SQL, because Django would copy the whole table of codes and its history on SQLite.
"""

from django.db import migrations, models

_MODELS = {
    "returncode": "table finds the code",
    "historicalreturncode": "table finds the code",
    "troubleshootingnote": "note finds it",
    "historicaltroubleshootingnote": "note finds it",
}


def _add(model, who):
    text = (
        f"What customers and agents ask, in their words: one question a line. Everybody who may read the {who} by them."
    )
    column = f"ALTER TABLE kb_{model}"
    return migrations.RunSQL(
        f"{column} ADD COLUMN phrasings text DEFAULT '' NOT NULL",
        f"{column} DROP COLUMN phrasings",
        state_operations=[
            migrations.AddField(
                model, "phrasings", models.TextField(blank=True, db_default="", default="", help_text=text)
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0010_import_row_room"),
    ]

    operations = [_add(model, who) for model, who in _MODELS.items()]
