"""Ignore searches without an answer."""

from kb.models import IgnoredMiss
from kb.services import journal
from kb.services.journal import By

CHANGE_MISS = "kb.change_miss"
_NO_EDITOR = "You can read searches without an answer, but not ignore them."


def ignore_miss(text: str, by: By) -> IgnoredMiss:
    """Say that a text which nothing is found for asks for nothing. Raises NotAllowed."""
    by.require(CHANGE_MISS, _NO_EDITOR)
    with journal.entry(by) as entry:
        known = IgnoredMiss.objects.filter(text=text).first()
        return known or entry.create(IgnoredMiss(text=text, ignored_by=by.account))


def heed_miss(ignored: IgnoredMiss, by: By) -> None:
    """Take it back that a text asks for nothing. Raises NotAllowed."""
    by.require(CHANGE_MISS, _NO_EDITOR)
    with journal.entry(by) as entry:
        entry.delete(entry.lock(IgnoredMiss, ignored.pk))
