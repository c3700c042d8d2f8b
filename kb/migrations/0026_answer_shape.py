"""Answers of the API know their shape: the next step of `migrate` builds those of an older one again, page by page.

Servers of the previous release go on reading them, and write the older shape, which the new ones do not read.
"""

from django.db import migrations, models

from kb.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    # An index online is no part of a transaction.
    atomic = False

    dependencies = [
        ("kb", "0025_search_parts"),
    ]

    operations = [
        migrations.AddField(
            model_name="finishedanswer",
            name="shape",
            field=models.SmallIntegerField(
                db_default=1,
                default=2,
                help_text="Servers of an earlier release store another, which is not read.",
            ),
        ),
        AddIndexOnline(
            model_name="finishedanswer",
            index=models.Index(
                condition=models.Q(("shape__lt", 2)),
                fields=["code"],
                name="answer_of_older_shape",
            ),
        ),
    ]
