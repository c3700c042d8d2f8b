"""Exports: a code table as a file, or a snapshot as an SQLite database."""
