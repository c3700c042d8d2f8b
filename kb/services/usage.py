"""Counts of look-ups and of searches without an answer.

# Note [Buffered counts]
A look-up only adds to a dictionary in memory, so counting never delays it or makes it fail. A thread of each process
writes the sums every few seconds, with upserts that add, so that several processes count together. If the database
fails, the sums stay in memory for the next try. A process that dies loses the counts of a few seconds.
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

MAX_BUFFERED = 10_000
"""Most distinct counts in memory. Further ones are dropped, so that memory does not grow."""

_MASKED = 1000
"""Most characters of a text that are masked before it is cut to its stored length."""

Records = list[tuple[Counter[Any], list[Any]]]
"""What was counted: a counter and the keys that it got, in order."""

log = logging.getLogger(__name__)
_lock = threading.Lock()
_codes: Counter[tuple[int, date]] = Counter()
_misses: Counter[tuple[str, date]] = Counter()
_tokens: dict[int, datetime] = {}
_recorder: ContextVar[Records | None] = ContextVar("noted", default=None)
_writer: threading.Thread | None = None
_stop = threading.Event()


def count_codes(code_ids: Iterable[int]) -> None:
    """Count a look-up of each of these codes. See Note [Buffered counts]."""
    _add(_codes, code_ids)


def count_miss(query: str, user: Person | None) -> None:
    """Count a search of support staff without an answer, masked and cut to 64 characters.

    Searches of the public are not counted: anybody could fill the queue with any text.
    """
    repeat_counts(records_of_miss(query, user))


def count_token(token_id: int) -> None:
    """Record that a token was used now."""
    with _lock:
        _tokens[token_id] = timezone.now()
    _start_writer()


def flush() -> bool:
    """Write the buffered counts; return whether that worked. If not, they stay buffered."""
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
        # Only the kind of error is logged: its message may quote a search.
        log.warning("counts kept for later: %s", type(error).__name__)
        with _lock:
            _codes.update(codes)
            _misses.update(misses)
            _tokens.update(tokens)
            _show_buffered()
        return False
    return True


@contextmanager
def record_counts() -> Iterator[Records]:
    """Record the counts of a `with` block, so that a cached response can repeat them each time it is sent."""
    records: Records = []
    token = _recorder.set(records)
    try:
        yield records
    finally:
        _recorder.reset(token)


def records_of(code_ids: Iterable[int]) -> Records:
    """Return the counts of a look-up of these codes, for `repeat_counts`."""
    return [(_codes, list(code_ids))]


def records_of_miss(query: str, user: Person | None) -> Records:
    """Return the counts of a search without an answer, for `repeat_counts`. See `count_miss`."""
    if reader(user) != Reader.INTERNAL:
        return []
    # Here, because its patterns take a tenth of the time of a command of the shell, and few searches are misses.
    from kb.text.safety.mask import mask

    # Python allows lone surrogates and NUL in a text; a database does not.
    readable = query[:_MASKED].replace("\x00", "").encode(errors="replace").decode()
    text = " ".join(mask(readable).split())[:MISS_LENGTH]
    return [(_misses, [text])] if text else []


def repeat_counts(records: Records) -> None:
    """Count recorded look-ups and misses again."""
    for counter, keys in records:
        _add(counter, keys)


def _add(counter: Counter[Any], keys: Iterable[Any]) -> None:
    keys = list(keys)
    if (records := _recorder.get()) is not None:
        records.append((counter, keys))
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
    """Add to the look-ups of codes; `counts` is by the code's id and the day (UTC)."""
    # A restored database may lack some of the codes.
    has_note = _note_flags({code for code, _ in counts})
    rows = [(code, day, n, n if has_note[code] else 0) for (code, day), n in counts.items() if code in has_note]
    add_counts(CodeUse, ("code_id", "day"), ["lookups", "covered"], rows)


def _note_flags(codes: set[int]) -> dict[int, bool]:
    """Return by id whether each existing code has a validated note now, seconds after its look-up."""
    if not codes:
        return {}
    notes = TroubleshootingNote.objects.filter(state=NoteState.VALIDATED)
    codes_with_flag = ReturnCode.objects.filter(pk__in=codes).order_by().with_any_note(notes)
    return dict(codes_with_flag.values_list("pk", "has_any_note"))  # type: ignore[misc]


def _start_writer() -> None:
    global _writer
    if not settings.KB_USAGE_FLUSH_SECONDS:
        return
    with _lock:
        # Also checked after a fork, because the child process does not have the thread.
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
