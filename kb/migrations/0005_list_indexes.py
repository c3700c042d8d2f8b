"""Indexes for the filters and orders of the list of codes. `code_number` is gone: `code_natural_in_table` serves numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0004_finished_answers"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="returncode",
            name="code_number",
        ),
        migrations.RemoveIndex(
            model_name="returncode",
            name="code_updated",
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["updated_at", "id"], name="code_updated"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["table", "updated_at", "id"], name="code_updated_in_table"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["created_at"], name="code_created"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["table", "id"], name="code_in_table"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["identity"], name="code_beginning", opclasses=["varchar_pattern_ops"]),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["disposition", "table", "position", "id"], name="code_disposition"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(fields=["fixer", "table", "position", "id"], name="code_fixer"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(
                condition=models.Q(("retired_at__isnull", False)), fields=["retired_at"], name="code_retired"
            ),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("version__gt", 1)), fields=["version"], name="code_edited"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("successor__isnull", False)), fields=["id"], name="code_replaced"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("disposition_origin", "staff")), fields=["id"], name="code_decided"),
        ),
        migrations.AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("fixer_origin", "staff")), fields=["id"], name="code_assigned"),
        ),
    ]
