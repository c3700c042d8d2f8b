"""One edit of many rows, in one transaction. Rows that refuse it are skipped and listed with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from kb.models import Proposal
from kb.services import journal
from kb.services.journal import By, NotAllowed, StaleEdit

MAX_ROWS = 1000
"""Rows of one bulk edit: one transaction edits so many in a few seconds, and nobody waits for long."""

STALE = "somebody else saved it after you selected it"
GONE = "it no longer exists, or you do not have access to it"


@dataclass
class BulkResult:
    """What a bulk edit did."""

    edited: list[Any] = field(default_factory=list)
    unchanged: list[Any] = field(default_factory=list)
    """Rows that already had the new values."""
    proposals: list[Proposal] = field(default_factory=list)
    """Proposals that wait for a reviewer instead."""
    refusals: dict[str, list[Any]] = field(default_factory=dict)
    """Rows that were left out, by reason."""

    def add(self, saved: Any, version: int) -> None:
        """Add what a verb returned for a row that was opened in a version."""
        if isinstance(saved, Proposal):
            self.proposals.append(saved)
        else:
            (self.unchanged if saved.version == version else self.edited).append(saved)

    def skip(self, row: Any, reason: str) -> None:
        """Add a row that was left out."""
        self.refusals.setdefault(reason, []).append(row)


def edit_each(
    rows: QuerySet[Any], versions: Mapping[int, int], verb: Callable[[Any, int, By], Any], by: By
) -> BulkResult:
    """Apply a verb to the rows that a user chose; `versions` has the version of each row that the user saw.

    A row that the verb refuses stays as it is; the others are written together.
    """
    current = rows.in_bulk(list(versions))
    result = BulkResult()
    with journal.entry(by):
        # In the same order as imports: two that lock the same rows must not wait for each other.
        for pk, version in sorted(versions.items()):
            if pk not in current:
                result.skip(f"number {pk}", GONE)
                continue
            try:
                saved = verb(current[pk], version, by)
            except StaleEdit:
                result.skip(current[pk], STALE)
            except NotAllowed as refusal:
                result.skip(current[pk], str(refusal))
            else:
                result.add(saved, version)
    return result
