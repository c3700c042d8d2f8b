"""Formats of this site. They replace those of the language."""
