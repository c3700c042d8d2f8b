"""Indexes of the filters and orders of codes, and of the work queue. `code_natural_in_table` serves numbers, too."""

from django.db import migrations, models

from kb.migrations._online import AddIndexOnline, RemoveIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("kb", "0004_finished_answers"),
    ]

    operations = [
        RemoveIndexOnline(
            model_name="returncode",
            name="code_number",
        ),
        RemoveIndexOnline(
            model_name="returncode",
            name="code_updated",
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["updated_at", "id"], name="code_updated"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["table", "updated_at", "id"], name="code_updated_in_table"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["created_at"], name="code_created"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["table", "id"], name="code_in_table"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["identity"], name="code_beginning", opclasses=["varchar_pattern_ops"]),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["disposition", "table", "position", "id"], name="code_disposition"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["fixer", "table", "position", "id"], name="code_fixer"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(
                condition=models.Q(("retired_at__isnull", False)), fields=["retired_at"], name="code_retired"
            ),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(condition=models.Q(("version__gt", 1)), fields=["version"], name="code_edited"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(condition=models.Q(("successor__isnull", False)), fields=["id"], name="code_replaced"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(condition=models.Q(("disposition_origin", "staff")), fields=["id"], name="code_decided"),
        ),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(condition=models.Q(("fixer_origin", "staff")), fields=["id"], name="code_assigned"),
        ),
        RemoveIndexOnline(model_name="returncode", name="code_vendor_order"),
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["table", "position", "id", "number"], name="code_vendor_order"),
        ),
        RemoveIndexOnline(model_name="codeuse", name="code_use_day"),
        AddIndexOnline(
            model_name="codeuse",
            index=models.Index(fields=["day", "-lookups", "code"], name="code_use_most"),
        ),
        AddIndexOnline(
            model_name="troubleshootingnote",
            index=models.Index(
                condition=models.Q(("verify_since__isnull", False)), fields=["verify_since"], name="note_attention"
            ),
        ),
        AddIndexOnline(
            model_name="troubleshootingnote",
            index=models.Index(
                condition=models.Q(("state", "not_validated")), fields=["updated_at"], name="note_waiting"
            ),
        ),
    ]
