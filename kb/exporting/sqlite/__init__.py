"""What a reader may read as one SQLite database that any SQLite tool can open and search.

schema.sql   its tables, views and full-text index
finish.sql   runs after the rows: deletes links to rows that are left out, builds the indexes
readme.py    its README table
rows.py      its rows
writer.py    `write_database` and `export_database`
"""

from kb.exporting.sqlite.writer import CONTENT_TYPE, export_database, write_database

__all__ = ["CONTENT_TYPE", "export_database", "write_database"]
