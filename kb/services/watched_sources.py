"""Name the source of a table, and keep how it answered.

Sources are part of the configuration: they are not in the feed. The admin's log says who changed them.
"""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from kb.models import WatchedSource
from kb.services.journal import By, NotAllowed, StaleEdit, set_fields

CLAIM = timedelta(minutes=30)
"""How long one process has a source to itself. Afterwards another one may ask, in case the first was killed."""

WAIT = timedelta(hours=1)
"""How long a source waits after its first failure; then twice as long, each time."""

FAILURES_UNTIL_TASK = 3
"""Temporary failures in a row after which somebody has to look."""

_LONGEST_WAIT = timedelta(days=1)
_PLACE = ("kind", "address", "ref", "path", "complete")
_NO_ANSWER: dict[str, Any] = {
    **dict.fromkeys(("answered_from", "etag", "last_modified", "sha256", "rows_digest", "format"), ""),
    "row_count": 0,
}
_NO_PROBLEM: dict[str, Any] = {
    "failures": 0,
    "problem": "",
    "problem_kind": "",
    "problem_since": None,
    "needs_attention": False,
    "upload": None,
}


def save_source(source: WatchedSource, version: int | None, values: dict[str, Any], by: By) -> WatchedSource:
    """Create a source (version None) or change one; a new place is asked as if for the first time.

    Raises StaleEdit, NotAllowed.
    """
    _require(by)
    with transaction.atomic():
        if version is None:
            current = source
            for name, value in values.items():
                setattr(current, name, value)
        else:
            current = _lock(source.pk, version)
            if {*_PLACE} & {*set_fields(current, values)}:
                set_fields(current, _NO_ANSWER | _NO_PROBLEM | {"due_at": timezone.now()})
            current.version += 1
        _check(current)
        current.save()
    return current


def delete_source(source: WatchedSource, version: int, by: By) -> None:
    """Stop watching a source; its plans stay. Raises StaleEdit, NotAllowed."""
    _require(by)
    with transaction.atomic():
        _lock(source.pk, version).delete()


def claim(pk: int, by: By, *, is_due_only: bool = False) -> WatchedSource | None:
    """Return a source that this process alone may ask now; None where another one does, or where it is not due.

    Raises NotAllowed.
    """
    _require(by)
    now = timezone.now()
    sources = WatchedSource.objects.filter(pk=pk).unclaimed(now)
    sources = sources.due(now) if is_due_only else sources
    if not sources.update(claimed_until=now + CLAIM):
        return None
    return WatchedSource.objects.select_related("table", "plan", "upload").get(pk=pk)


def record_answer(claimed: WatchedSource, **values: Any) -> bool:
    """Store a good answer, which ends the source's task. Return whether the claim still held."""
    now = timezone.now()
    due_at = now + timedelta(hours=claimed.every_hours)
    return _record(claimed, _NO_PROBLEM | values | {"asked_at": now, "due_at": due_at})


def record_trouble(
    claimed: WatchedSource, problem: str, kind: str, *, is_temporary: bool, retry_after: int = 0, **values: Any
) -> bool:
    """Store why there is no good answer; many failures in a row are one task. Return whether the claim still held."""
    now, failures = timezone.now(), claimed.failures + 1
    wait = min(WAIT * 2 ** min(failures - 1, 10), max(_LONGEST_WAIT, timedelta(hours=claimed.every_hours)))
    trouble = {
        "asked_at": now,
        "due_at": now + max(wait, timedelta(seconds=retry_after)),
        "failures": failures,
        "problem": problem,
        "problem_kind": kind,
        "problem_since": claimed.problem_since or now,
        "needs_attention": not is_temporary or failures >= FAILURES_UNTIL_TASK,
    }
    return _record(claimed, values | trouble)


def forget_answer() -> dict[str, Any]:
    """Return the values of a source whose last answer does not count: it is read again in full."""
    return {name: _NO_ANSWER[name] for name in ("answered_from", "etag", "last_modified", "sha256")}


def _record(claimed: WatchedSource, values: dict[str, Any]) -> bool:
    # Somebody may have changed the source meanwhile: then its answer is one of another place.
    mine = WatchedSource.objects.filter(pk=claimed.pk, claimed_until=claimed.claimed_until, version=claimed.version)
    if mine.update(**values, claimed_until=None):
        return True
    WatchedSource.objects.filter(pk=claimed.pk, claimed_until=claimed.claimed_until).update(claimed_until=None)
    return False


def _lock(pk: int, version: int) -> WatchedSource:
    current = WatchedSource.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    if current.version != version:
        raise StaleEdit(current, version)
    return current


def _check(source: WatchedSource) -> None:
    try:
        source.full_clean()
    except ValidationError as error:
        raise NotAllowed(" ".join(error.messages)) from None


def _require(by: By) -> None:
    if by.user is not None:
        by.require("kb.import_table", "You need permission to import tables.")
