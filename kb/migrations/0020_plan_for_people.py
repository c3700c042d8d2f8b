"""What a plan shows of each row, renamed sections and columns, and codes that only rolled-back imports brought."""

import django.db.models.deletion
from django.db import migrations, models

from kb.migrations._online import AddCheckOnline


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0019_watched_sources"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "code",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="tombstone",
                        serialize=False,
                        to="kb.returncode",
                    ),
                ),
                ("identity", models.CharField(help_text="What a later import finds it by.", max_length=256)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.RemoveConstraint(
            model_name="importrow",
            name="import_row_kind_known",
        ),
        migrations.AddField(
            model_name="importrow",
            name="extent",
            field=models.CharField(
                blank=True,
                choices=[
                    ("words", "Words"),
                    ("columns", "Other columns, no words"),
                    ("cosmetic", "Only spelling, punctuation, white space or links"),
                    ("section", "Only the section"),
                    ("heading", "Only the name of another column"),
                ],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="weight",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="How much the code matters to support: incidents, notes, look-ups."
            ),
        ),
        migrations.AddField(
            model_name="tableimport",
            name="extents",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="Rows by extent: how far they change a code.",
            ),
        ),
        migrations.AlterField(
            model_name="importrow",
            name="kind",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("changed", "Changed"),
                    ("conflict", "In conflict"),
                    ("retired", "Retired"),
                    ("restored", "Restored"),
                    ("moved", "Moved"),
                    ("section", "Section renamed"),
                    ("reordered", "Order changed"),
                    ("duplicate", "Listed twice"),
                    ("error", "Error"),
                    ("warning", "Warning"),
                    ("column", "Column"),
                    ("range", "Range of codes"),
                ],
                max_length=10,
            ),
        ),
        AddCheckOnline(
            model_name="importrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "new",
                            "changed",
                            "conflict",
                            "retired",
                            "restored",
                            "moved",
                            "section",
                            "reordered",
                            "duplicate",
                            "error",
                            "warning",
                            "column",
                            "range",
                        ],
                    )
                ),
                name="import_row_kind_known",
            ),
        ),
    ]
