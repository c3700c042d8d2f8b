"""An index of the symbols of codes, for look-ups of a symbol in any case."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper


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


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("kb", "0006_history_indexes"),
    ]

    operations = [
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(Upper("symbol"), condition=models.Q(("symbol__gt", "")), name="code_symbol"),
        ),
    ]
