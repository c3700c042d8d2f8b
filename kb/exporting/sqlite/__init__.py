"""A snapshot of what a reader may read: one SQLite file that any SQLite tool can open and search.

schema.sql   its tables, views and full-text index
finish.sql   runs after the rows: deletes links to rows that are left out, builds the indexes
readme.py    its README table
rows.py      its rows
writer.py    `write_snapshot` and `open_snapshot`
"""

from kb.exporting.sqlite.writer import CONTENT_TYPE, open_snapshot, write_snapshot

__all__ = ["CONTENT_TYPE", "open_snapshot", "write_snapshot"]
