"""Exports: one table as a file, or everything as an SQLite database."""
