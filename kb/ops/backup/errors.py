"""What copies of the database raise."""


class CopyRefused(Exception):
    """A copy could not be made or restored; the message says why, for a person."""


class WouldReplace(CopyRefused):
    """Something is there already, and nobody said that it may go."""
