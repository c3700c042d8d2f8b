"""Errors of copies of the database."""


class CopyRefused(Exception):
    """A copy could not be made or restored. The message tells a person why."""


class WouldReplace(CopyRefused):
    """A file or a database exists already, and the caller did not allow its replacement."""
