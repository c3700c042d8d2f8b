"""One edit of many rows, in one transaction. Rows that cannot be edited are skipped and listed with the reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from kb.models import Proposal
from kb.services import journal
from kb.services.journal import By, NotAllowed, StaleEdit

MAX_ROWS = 1000
"""Most rows of one bulk edit. One transaction edits these in a few seconds, so others do not wait for long."""

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
        """Add the result of a verb for a row; `version` is the version that the user opened."""
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
    """Apply a verb to the rows that a user chose; `versions` maps each row's id to the version that the user saw.

    A row that the verb refuses stays as it is; the others are written together.
    """
    current = rows.in_bulk(list(versions))
    result = BulkResult()
    with journal.entry(by):
        # Lock rows in the same order as imports do, to avoid a deadlock.
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
