"""Let the database refuse a code whose section belongs to another table.

A code names both its table and its section (readers filter and sort by table), so the two could disagree. Django
has no composite foreign keys; PostgreSQL gets a real one, SQLite a pair of triggers.
"""

from django.db import migrations

_SQLITE = """
CREATE TRIGGER kb_code_section_{when} BEFORE {event} ON kb_returncode
WHEN NOT EXISTS (SELECT 1 FROM kb_section WHERE id = NEW.section_id AND table_id = NEW.table_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: the section belongs to another table'); END
"""
_EVENTS = {"insert": "INSERT", "update": "UPDATE OF section_id, table_id"}
_POSTGRES = """
ALTER TABLE kb_returncode ADD CONSTRAINT code_section_of_table
FOREIGN KEY (section_id, table_id) REFERENCES kb_section (id, table_id) DEFERRABLE INITIALLY DEFERRED
"""


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_POSTGRES)
        return
    for when, event in _EVENTS.items():
        schema_editor.execute(_SQLITE.format(when=when, event=event))


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE kb_returncode DROP CONSTRAINT code_section_of_table")
        return
    for when in _EVENTS:
        schema_editor.execute(f"DROP TRIGGER kb_code_section_{when}")


class Migration(migrations.Migration):
    dependencies = [("kb", "0001_initial")]
    operations = [migrations.RunPython(add, remove, elidable=False)]
