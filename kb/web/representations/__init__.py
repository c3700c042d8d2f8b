"""Representations of cards, tables and notes: Markdown and JSON."""
