"""Revisions of codes lose the indexes that no query uses: each lengthened every import."""

from django.db import migrations, models


def without_index(name, to, **more):
    """Return a foreign key of a revision that has no index."""
    key = models.ForeignKey(
        blank=True,
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        to=to,
        **more,
    )
    return migrations.AlterField(model_name="historicalreturncode", name=name, field=key)


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0005_list_indexes"),
    ]

    operations = [
        without_index("section", "kb.section"),
        without_index("successor", "kb.returncode", help_text="For a retired code: the code that took its place."),
        without_index("table", "kb.codetable"),
    ]
