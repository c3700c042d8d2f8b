"""Keep the vectors of the codes up to date: see `sentences`.

A vector comes from the code's own texts, which every reader of its table may read. So one vector serves all readers,
and words of notes never change what the public finds.

# Note [Waiting vectors]
The vectors of a few codes are made in the transaction of the edit. Those of many, as of an import, would take minutes
in it. Their codes wait: an old vector is emptied in the transaction, and a thread makes the new ones after it,
`BATCH` at a time. A search finds waiting codes by their words. `manage.py reindex` makes all that are missing, and
`manage.py reindex --check` counts them.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import blake2b

from django.db import DatabaseError, connection, transaction

from kb.models.sql import among, batches, marks, rows, run, run_each, value
from kb.searching import sentences, store
from kb.searching.tokenizer import fold, words_in

AT_ONCE = 20
"""Most codes whose vectors are made in the transaction of an edit: each takes about 10 ms."""

BATCH = 64
_PAGE = 2_000
_TEXTS = ("symbol", "description", "possible_reasons", "suggested_actions")
_PREFIXES = {"code", "err", "errcode", "error", "errors", "status"}
_UPSERT = (
    "INSERT INTO kb_codevector (code_id, model, vector, digest, stamp) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (code_id) DO UPDATE"
    " SET model = excluded.model, vector = excluded.vector, digest = excluded.digest, stamp = excluded.stamp"
)
_MISSING = (
    "SELECT c.id FROM kb_returncode AS c LEFT JOIN kb_codevector AS v ON v.code_id = c.id AND v.model = %s"
    " WHERE c.id > %s AND (v.digest IS NULL OR v.digest = '') ORDER BY c.id LIMIT %s"
)

log = logging.getLogger(__name__)
_thread: threading.Thread | None = None
_hurry = threading.Event()


def text_of(symbol: str, description: str, *others: str) -> str:
    """Return the text that a code's vector is made of: the words of the symbol, then the other texts.

    Words that the symbols of a whole table share, as `ERRCODE` in `ERRCODE_DISK_FULL`, say nothing about the code.
    """
    described = description.replace("_", " ")
    names = [word for text in words_in(fold(symbol.replace("_", " "))) for word in (text.parts or (text.whole,))]
    name = " ".join([word for word in names if word not in _PREFIXES])
    return "\n".join(filter(None, ["" if name == described.lower() else name, described, *others]))


def refresh(code_ids: Collection[int]) -> None:
    """Update the vectors of codes whose texts changed, inside the transaction that changed them.

    See Note [Waiting vectors]. Call it after `store.lock`, which also keeps the stamps in order.
    """
    if not sentences.is_on():
        return
    changed: dict[int, str] = {}
    for page in batches(sorted(code_ids), _PAGE):
        texts, stored = _texts(page), _stored(page)
        changed |= {pk: text for pk, text in texts.items() if not _is_of(text, *stored.get(pk, ("", b"")))}
    if len(changed) <= AT_ONCE:
        _write(changed)
    else:
        _empty(list(changed))
        transaction.on_commit(start_catching_up)


def catch_up(rest: Callable[[float], object] = lambda seconds: None) -> int:
    """Make the vectors that are missing, and return how many. Each batch has a transaction of its own.

    `rest` is called after each batch with the seconds that it took.
    """
    count = last = 0
    while sentences.is_on() and (page := _missing(last, BATCH)):
        start, last = time.monotonic(), page[-1]
        texts = _texts(page)
        fresh = dict(zip(texts, sentences.embed(list(texts.values())), strict=True))
        with transaction.atomic():
            store.lock()
            now = _texts(page)
            # Somebody may have edited a text meanwhile: that edit made its vector.
            _store([(pk, text, fresh[pk]) for pk, text in texts.items() if now.get(pk) == text])
        count += len(texts)
        rest(time.monotonic() - start)
    return count


def repair_vectors() -> None:
    """Make the vectors that are missing, old or damaged."""
    if not sentences.is_on():
        return
    with transaction.atomic():
        store.lock()
        for page in batches([pk for pk, _ in _wrong()], _PAGE):
            _empty(page)
    catch_up()


def differences() -> Iterator[str]:
    """Yield what is wrong with the vectors, as sentences; nothing if the extra is not installed."""
    if not sentences.is_on():
        return
    for pk, _ in _wrong():
        yield f"code {pk}: its vector is out of date or damaged"
    if missing := lag():
        yield f"{missing} codes have no vector yet, so search finds them by their words only"


def lag() -> int:
    """Return how many codes have no vector yet; 0 if the extra is not installed."""
    if not sentences.is_on():
        return 0
    count = value("SELECT count(*) FROM kb_codevector WHERE model = %s AND digest <> ''", sentences.MODEL)
    return max(0, int(value("SELECT count(*) FROM kb_returncode")) - int(count))


def start_catching_up() -> None:
    """Make the missing vectors in a thread of this process, unless one does already."""
    global _thread
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_catch_up_slowly, name="vectors", daemon=True)
        _thread.start()


def wait_for_vectors() -> None:
    """Wait until the thread of this process has made all vectors, before a command of the shell ends."""
    if _thread is not None:
        _hurry.set()
        _thread.join()


def _catch_up_slowly() -> None:
    """Make the missing vectors in half of the time, so that requests get the rest, unless somebody waits for them."""
    try:
        catch_up(_hurry.wait)
    except DatabaseError as error:
        log.warning("vectors wait for the next import or reindex: %s", type(error).__name__)
    finally:
        connection.close()


def _wrong() -> Iterator[tuple[int, str]]:
    """Yield the codes with a vector that is not of their texts, or damaged."""
    last = 0
    sql = (
        "SELECT code_id FROM kb_codevector WHERE model = %s AND digest <> '' AND code_id > %s ORDER BY code_id LIMIT %s"
    )
    while page := [pk for (pk,) in rows(sql, sentences.MODEL, last, _PAGE)]:
        last = page[-1]
        texts, stored = _texts(page), _stored(page)
        yield from ((pk, text) for pk, text in texts.items() if pk in stored and not _is_of(text, *stored[pk]))


def _missing(after: int, limit: int) -> list[int]:
    return [pk for (pk,) in rows(_MISSING, sentences.MODEL, after, limit)]


def _texts(pks: Sequence[int]) -> dict[int, str]:
    """Return the texts of codes by id."""
    condition, values = among("id", pks)
    wanted = set(pks)
    sql = f"SELECT id, {', '.join(_TEXTS)} FROM kb_returncode WHERE {condition} ORDER BY id"  # noqa: S608
    return {pk: text_of(*texts) for pk, *texts in rows(sql, *values) if pk in wanted}


def _stored(pks: Sequence[int]) -> dict[int, tuple[str, bytes]]:
    """Return the digests and vectors of codes by id."""
    condition, values = among("code_id", pks)
    sql = f"SELECT code_id, digest, vector FROM kb_codevector WHERE model = %s AND {condition}"  # noqa: S608
    return {pk: (digest, bytes(vector)) for pk, digest, vector in rows(sql, sentences.MODEL, *values)}


def _is_of(text: str, digest: str, vector: bytes) -> bool:
    return digest == _digest(text, vector)


def _digest(text: str, vector: bytes) -> str:
    return blake2b(text.encode("utf-8", "ignore") + b"\0" + vector, digest_size=8).hexdigest()


def _write(texts: dict[int, str]) -> None:
    if texts:
        fresh = sentences.embed(list(texts.values()))
        _store([(pk, text, vector) for (pk, text), vector in zip(texts.items(), fresh, strict=True)])


def _store(vectors: Sequence[tuple[int, str, bytes]]) -> None:
    stamp = _stamp()
    if vectors:
        lines = [(pk, sentences.MODEL, vector, _digest(text, vector), stamp) for pk, text, vector in vectors]
        run_each(_UPSERT, lines)


def _empty(pks: Sequence[int]) -> None:
    """Empty the vectors of codes: see Note [Waiting vectors]."""
    stamp = _stamp()
    for page in batches(pks, _PAGE):
        sql = f"UPDATE kb_codevector SET vector = %s, digest = '', stamp = %s WHERE code_id IN ({marks(page)})"  # noqa: S608
        run(sql, b"", stamp, *page)


def _stamp() -> int:
    """Return a number that is larger than all stamps, also than that of a row that is gone."""
    return max(int(value("SELECT coalesce(max(stamp), 0) FROM kb_codevector")) + 1, time.time_ns() // 1000)
