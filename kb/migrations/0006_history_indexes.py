"""Revisions of codes lose the indexes that no query uses: each lengthened every import."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0005_list_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="historicalreturncode",
            name="section",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="kb.section",
            ),
        ),
        migrations.AlterField(
            model_name="historicalreturncode",
            name="successor",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="For a retired code: the code that took its place.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="kb.returncode",
            ),
        ),
        migrations.AlterField(
            model_name="historicalreturncode",
            name="table",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="kb.codetable",
            ),
        ),
    ]
