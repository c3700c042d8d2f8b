"""Rows of codes that a roll-back takes away, and who chose last how a file is read."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kb.migrations._online import AddCheckOnline


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0021_row_kind_check"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="importrow",
            name="import_row_kind_known",
        ),
        migrations.AddField(
            model_name="upload",
            name="chosen_by",
            field=models.ForeignKey(
                help_text="Who chose last how it is read.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
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
                    ("taken", "Taken away"),
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
                            "taken",
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
