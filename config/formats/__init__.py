"""Formats of this site, in place of a language's."""
