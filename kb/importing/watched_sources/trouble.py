"""Why a source has no good answer; every message is for a person."""

from kb.models import Upload

TEMPORARY = ("unreachable",)
"""Kinds that often end by themselves: somebody has to look only after several in a row."""


class SourceTrouble(Exception):
    """A source could not be asked, or its answer is not the table.

    `retry_after` is how many seconds its server asks for, `upload` the file for somebody to look at.
    """

    def __init__(self, kind: str, message: str, retry_after: int = 0, upload: Upload | None = None) -> None:
        super().__init__(message)
        self.kind, self.retry_after, self.upload = kind, retry_after, upload

    @property
    def is_temporary(self) -> bool:
        """Whether it often ends by itself."""
        return self.kind in TEMPORARY
