"""Exports: a code table as a file, or an SQLite database of everything that a reader may read."""
