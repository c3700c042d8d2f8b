"""Counting look-ups and misses, without slowing or breaking an answer.

# Note [Buffered counts]
A look-up adds to a dictionary in memory and is done. A thread of each process writes the sums every few seconds, by
upserts that add, so that several processes count together. A database that fails keeps the sums in memory for the
next try; a process that dies loses a few seconds of counts, which is the price of never making an agent wait.
"""

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from kb.models import ApiToken, CodeUse, Miss, ReturnCode, TroubleshootingNote
from kb.models.counters import add_counts
from kb.models.notes import NoteState
from kb.models.usage import MISS_LENGTH
from kb.models.visibility import Person, Reader, reader
from kb.ops import metrics
from kb.text.safety.mask import mask

MAX_BUFFERED = 10_000
"""Distinct counts kept in memory; beyond it new ones are dropped rather than let memory grow."""

_READ = 1000
"""Characters of a missed text that are masked before it is cut."""

log = logging.getLogger(__name__)
_lock = threading.Lock()
_codes: Counter[tuple[int, date]] = Counter()
_misses: Counter[tuple[str, date]] = Counter()
_tokens: dict[int, datetime] = {}
_noted: ContextVar[list[tuple[Counter, list[Any]]] | None] = ContextVar("noted", default=None)
_writer: threading.Thread | None = None
_stop = threading.Event()


def count_codes(code_ids: Iterable[int]) -> None:
    """Count a look-up of each of these codes. See Note [Buffered counts]."""
    _add(_codes, code_ids)


def count_miss(query: str, user: Person | None) -> None:
    """Count a query of support's that nothing was found for, masked and cut to 64 characters.

    What the public types is not kept: anybody could fill the queue, and name there what they like.
    """
    if reader(user) != Reader.INTERNAL:
        return
    # Lone surrogates and NUL are text to Python and an error to a database.
    readable = query[:_READ].replace("\x00", "").encode(errors="replace").decode()
    text = " ".join(mask(readable).split())[:MISS_LENGTH]
    if text:
        _add(_misses, [text])


def count_token(token_id: int) -> None:
    """Remember that a token was used just now."""
    with _lock:
        _tokens[token_id] = timezone.now()
    _start_writer()


def flush() -> bool:
    """Write what is buffered; return whether it was written. What was not stays buffered."""
    with _lock:
        codes, misses, tokens = dict(_codes), dict(_misses), dict(_tokens)
        _codes.clear()
        _misses.clear()
        _tokens.clear()
        _show_buffered()
    try:
        with transaction.atomic():
            add_lookups(codes)
            add_counts(Miss, ("text", "day"), ["lookups"], [(*key, n) for key, n in misses.items()])
            for token_id, used_at in tokens.items():
                ApiToken.objects.filter(pk=token_id).update(last_used_at=used_at)
    except Exception as error:
        # Its message may quote what was asked for: the kind of error is enough.
        log.warning("counts kept for later: %s", type(error).__name__)
        with _lock:
            _codes.update(codes)
            _misses.update(misses)
            _tokens.update(tokens)
            _show_buffered()
        return False
    return True


@contextmanager
def collected() -> Iterator[list[tuple[Counter, list[Any]]]]:
    """Note what is counted meanwhile, so that an answer that is kept counts again each time it is given."""
    noted: list[tuple[Counter, list[Any]]] = []
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def restore_counts(noted: list[tuple[Counter, list[Any]]]) -> None:
    """Count what was noted once more."""
    for counter, keys in noted:
        _add(counter, keys)


def _add(counter: Counter, keys: Iterable) -> None:
    keys = list(keys)
    if (noted := _noted.get()) is not None:
        noted.append((counter, keys))
    today = timezone.now().date()
    with _lock:
        for key in keys:
            if len(counter) < MAX_BUFFERED or (key, today) in counter:
                counter[(key, today)] += 1
        _show_buffered()
    _start_writer()


def _show_buffered() -> None:
    metrics.BUFFERED.set(len(_codes) + len(_misses))


def add_lookups(counts: dict[tuple[int, date], int]) -> None:
    """Add to how often each code was looked up on a day (UTC); the key is the code's number and the day."""
    # A code may be gone from a restored database; its count then has nothing to point at.
    covered = _covered({code for code, _ in counts})
    rows = [(code, day, n, n if covered[code] else 0) for (code, day), n in counts.items() if code in covered]
    add_counts(CodeUse, ("code_id", "day"), ["lookups", "covered"], rows)


def _covered(codes: set[int]) -> dict[int, bool]:
    """Return whether each of the codes that are there has a validated note: as it is now, seconds after the look-up."""
    if not codes:
        return {}
    notes = TroubleshootingNote.objects.filter(state=NoteState.VALIDATED)
    known = ReturnCode.objects.filter(pk__in=codes).order_by().with_any_note(notes)
    return dict(known.values_list("pk", "has_any_note"))  # type: ignore[misc]


def _start_writer() -> None:
    global _writer
    if not settings.KB_USAGE_FLUSH_SECONDS:
        return
    with _lock:
        # Dead after a fork, too: a thread does not follow into the child.
        if _writer is None or not _writer.is_alive():
            _writer = threading.Thread(target=_run, name="usage", daemon=True)
            _writer.start()


def _run() -> None:
    while not _stop.wait(settings.KB_USAGE_FLUSH_SECONDS):
        flush()
        connection.close()


@atexit.register
def _finish() -> None:
    if _writer is not None:
        _stop.set()
        _writer.join(2)
        flush()
