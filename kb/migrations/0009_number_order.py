"""Tables know whether their codes are in the order of their numbers."""

from django.db import migrations, models

IN_ORDER = """
    UPDATE kb_codetable SET is_in_number_order = NOT EXISTS (
        SELECT 1 FROM (
            SELECT number, id, lag(number) OVER places AS number_before, lag(id) OVER places AS id_before
            FROM kb_returncode AS c WHERE c.table_id = kb_codetable.id AND c.number IS NOT NULL
            WINDOW places AS (ORDER BY c.position, c.id)
        ) AS pairs WHERE number < number_before OR (number = number_before AND id < id_before)
    )
"""


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0008_search_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="codetable",
            name="is_in_number_order",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text=(
                    "Whether the codes with a number are in its order. An import keeps it: see kb.answers.number_order."
                ),
            ),
        ),
        migrations.RunSQL(IN_ORDER, migrations.RunSQL.noop),
    ]
