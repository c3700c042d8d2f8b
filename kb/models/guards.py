"""Triggers of SQLite that keep a code's section in the code's table.

PostgreSQL has a composite foreign key for that. On SQLite, Django rebuilds a table to add or alter most columns. The
new table has no triggers, so `migrate` restores them each time.
"""

from typing import Any

from kb.models.sql import is_postgres, rows, run

_TRIGGER = """
CREATE TRIGGER {name} BEFORE {event} ON kb_returncode
WHEN NOT EXISTS (SELECT 1 FROM kb_section WHERE id = NEW.section_id AND table_id = NEW.table_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: the section belongs to another table'); END
"""
TRIGGERS = {"kb_code_section_insert": "INSERT", "kb_code_section_update": "UPDATE OF section_id, table_id"}
"""The event of each trigger, by name."""


def restore_triggers(**_: Any) -> None:
    """Create the missing triggers on SQLite. Does nothing before the table of codes exists."""
    if is_postgres():
        return
    present = {name for (name,) in rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')")}
    if "kb_returncode" in present:
        for name in TRIGGERS.keys() - present:
            run(_TRIGGER.format(name=name, event=TRIGGERS[name]))
