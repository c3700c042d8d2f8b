"""A kind of row for ranges of codes that a file names."""

from django.db import migrations, models

from kb.migrations._online import AddCheckOnline


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0020_plan_for_people"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="importrow",
            name="import_row_kind_known",
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
