"""One verb on many rows, in one transaction: what can be done is done, and the rest is said with its reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from kb.models import Proposal
from kb.services import journal
from kb.services.journal import By, NotAllowed, StaleEdit

MAX_ROWS = 1000
"""Rows that one step takes: what one transaction does in a few seconds, while nobody waits for long."""

STALE = "somebody else saved it after you selected it"
GONE = "it no longer exists, or you do not have access to it"


@dataclass
class BulkResult:
    """What a step on many rows did."""

    done: list[Any] = field(default_factory=list)
    unchanged: list[Any] = field(default_factory=list)
    """Rows that were already as they should become."""
    proposed: list[Proposal] = field(default_factory=list)
    """What waits for a reviewer instead."""
    skipped: dict[str, list[Any]] = field(default_factory=dict)
    """By reason."""

    def add(self, saved: Any, version: int) -> None:
        """Note what a verb returned for a row that was seen in a version."""
        if isinstance(saved, Proposal):
            self.proposed.append(saved)
        else:
            (self.unchanged if saved.version == version else self.done).append(saved)

    def skip(self, row: Any, reason: str) -> None:
        """Leave a row out."""
        self.skipped.setdefault(reason, []).append(row)


def each(rows: QuerySet[Any], seen: Mapping[int, int], verb: Callable[[Any, int, By], Any], by: By) -> BulkResult:
    """Apply a verb to the rows that somebody chose, each in the version that was seen.

    A row that the verb refuses is left as it is; the others are written together.
    """
    found = rows.in_bulk(list(seen))
    outcome = BulkResult()
    with journal.entry(by):
        # In one order, as imports have it: two that lock the same rows must not wait for each other.
        for pk, version in sorted(seen.items()):
            if pk not in found:
                outcome.skip(f"number {pk}", GONE)
                continue
            try:
                saved = verb(found[pk], version, by)
            except StaleEdit:
                outcome.skip(found[pk], STALE)
            except NotAllowed as refusal:
                outcome.skip(found[pk], str(refusal))
            else:
                outcome.add(saved, version)
    return outcome
