"""Ignore searches without an answer."""

from kb.models import IgnoredMiss
from kb.services import journal
from kb.services.journal import By

CHANGE_MISS = "kb.change_miss"
_NO_EDITOR = "You can read searches without an answer, but not ignore them."


def ignore_miss(text: str, by: By) -> IgnoredMiss:
    """Ignore a search without an answer. Raises NotAllowed."""
    by.require(CHANGE_MISS, _NO_EDITOR)
    with journal.entry(by) as entry:
        existing = IgnoredMiss.objects.filter(text=text).first()
        return existing or entry.create(IgnoredMiss(text=text, ignored_by=by.account))


def unignore_miss(ignored: IgnoredMiss, by: By) -> None:
    """Stop ignoring a search, so that it is listed again. Raises NotAllowed."""
    by.require(CHANGE_MISS, _NO_EDITOR)
    with journal.entry(by) as entry:
        entry.delete(entry.lock(IgnoredMiss, ignored.pk))
