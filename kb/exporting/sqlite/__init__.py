"""A copy of what a reader may read, as one SQLite file that any SQLite tool opens and searches.

schema.sql   its tables, views and full-text index
finish.sql   what is done when the rows are in
readme.py    the page that the file carries
rows.py      which rows go in
write.py     `write_snapshot` and `open_snapshot`
"""

from kb.exporting.sqlite.writer import CONTENT_TYPE, open_snapshot, write_snapshot

__all__ = ["CONTENT_TYPE", "open_snapshot", "write_snapshot"]
