"""Indexes for the filters and orders of the list of codes. `code_number` is gone: `code_natural_in_table` serves numbers."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class AddIndex(AddIndexConcurrently):
    """Adds an index; on PostgreSQL without a lock that keeps writers waiting."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        kind = super() if schema_editor.connection.vendor == "postgresql" else super(AddIndexConcurrently, self)
        kind.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        kind = super() if schema_editor.connection.vendor == "postgresql" else super(AddIndexConcurrently, self)
        kind.database_backwards(app_label, schema_editor, from_state, to_state)


class RemoveIndex(RemoveIndexConcurrently):
    """Removes an index; on PostgreSQL without a lock that keeps writers waiting."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        kind = super() if schema_editor.connection.vendor == "postgresql" else super(RemoveIndexConcurrently, self)
        kind.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        kind = super() if schema_editor.connection.vendor == "postgresql" else super(RemoveIndexConcurrently, self)
        kind.database_backwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("kb", "0004_finished_answers"),
    ]

    operations = [
        RemoveIndex(
            model_name="returncode",
            name="code_number",
        ),
        RemoveIndex(
            model_name="returncode",
            name="code_updated",
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["updated_at", "id"], name="code_updated"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["table", "updated_at", "id"], name="code_updated_in_table"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["created_at"], name="code_created"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["table", "id"], name="code_in_table"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["identity"], name="code_beginning", opclasses=["varchar_pattern_ops"]),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["disposition", "table", "position", "id"], name="code_disposition"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(fields=["fixer", "table", "position", "id"], name="code_fixer"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(
                condition=models.Q(("retired_at__isnull", False)), fields=["retired_at"], name="code_retired"
            ),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("version__gt", 1)), fields=["version"], name="code_edited"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("successor__isnull", False)), fields=["id"], name="code_replaced"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("disposition_origin", "staff")), fields=["id"], name="code_decided"),
        ),
        AddIndex(
            model_name="returncode",
            index=models.Index(condition=models.Q(("fixer_origin", "staff")), fields=["id"], name="code_assigned"),
        ),
    ]
