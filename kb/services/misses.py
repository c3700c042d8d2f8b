"""Ignore searches without an answer."""

from kb.models import IgnoredMiss
from kb.services import journal
from kb.services.journal import By, NotAllowed


def ignore_miss(text: str, by: By) -> IgnoredMiss:
    """Say that a text which nothing is found for asks for nothing. Raises NotAllowed."""
    _refuse_without(by, "kb.change_miss")
    with journal.entry(by) as entry:
        known = IgnoredMiss.objects.filter(text=text).first()
        return known or entry.create(IgnoredMiss(text=text, ignored_by=by.account))


def heed_miss(ignored: IgnoredMiss, by: By) -> None:
    """Take it back that a text asks for nothing. Raises NotAllowed."""
    _refuse_without(by, "kb.change_miss")
    with journal.entry(by) as entry:
        entry.delete(entry.lock(IgnoredMiss, ignored.pk))


def _refuse_without(by: By, permission: str) -> None:
    if by.user is None or not by.user.has_perm(permission):
        raise NotAllowed("You can read searches without an answer, but not ignore them.")
