"""Indexes of the work queue: the codes with the most look-ups of a day, notes that need attention or a reviewer."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class AddIndexOnline(AddIndexConcurrently):
    """Adds an index while people work. SQLite has only one way."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add it."""
        way = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else migrations.AddIndex
        way.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Remove it."""
        way = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else migrations.AddIndex
        way.database_backwards(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexOnline(RemoveIndexConcurrently):
    """Removes an index while people work. SQLite has only one way."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Remove it."""
        way = RemoveIndexConcurrently if schema_editor.connection.vendor == "postgresql" else migrations.RemoveIndex
        way.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Add it."""
        way = RemoveIndexConcurrently if schema_editor.connection.vendor == "postgresql" else migrations.RemoveIndex
        way.database_backwards(self, app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("kb", "0004_finished_answers"),
    ]

    operations = [
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
