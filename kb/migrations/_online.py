"""Operations that PostgreSQL does while people work. SQLite has only one way.

Not those of `django.contrib.postgres`, which need psycopg on SQLite, too.
"""

from django.db import migrations


def _way(schema_editor):
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}


class AddIndexOnline(migrations.AddIndex):
    """Adds an index without a lock that keeps writers waiting."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.add_index(model, self.index, **_way(schema_editor))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Remove it."""
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, **_way(schema_editor))


class RemoveIndexOnline(migrations.RemoveIndex):
    """Removes an index without a lock that keeps writers waiting."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Remove it."""
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            schema_editor.remove_index(model, index, **_way(schema_editor))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Add it."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            schema_editor.add_index(model, index, **_way(schema_editor))


class AddCheckOnline(migrations.AddConstraint):
    """Adds a check that PostgreSQL does not hold against the rows that are there: a later migration validates it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add it."""
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None)
