"""Synonyms get an audience. Groups from before steer every search, as they did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0002_check_complete"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalsynonym",
            name="audience",
            field=models.CharField(
                choices=[("internal", "Internal"), ("public", "Public")],
                db_default="public",
                default="internal",
                help_text="Whose searches it steers. An internal word can show in what a public search finds.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="synonym",
            name="audience",
            field=models.CharField(
                choices=[("internal", "Internal"), ("public", "Public")],
                db_default="public",
                default="internal",
                help_text="Whose searches it steers. An internal word can show in what a public search finds.",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="synonym",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["internal", "public"])), name="synonym_audience_known"
            ),
        ),
    ]
