"""The codes whose vectors are nearest to a question's, from a copy of all vectors in the memory of this process.

Each search first reads what other processes and edits wrote since the last one: see `CodeVector.stamp`. With more than
`MOST` codes there is no copy: it would take too much memory and time. Then only the codes that were found by their
words are compared.
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from kb.searching import sentences, store

MOST = 50_000
"""Most codes in the copy. They take 20 MB and 20 ms of a search."""

_BLOCK = 4_096
_COUNT = "SELECT count(*) FROM kb_codevector WHERE model = %s"
_NEW = (
    "SELECT v.code_id, c.table_id, v.vector, v.stamp FROM kb_codevector AS v"
    " JOIN kb_returncode AS c ON c.id = v.code_id WHERE v.stamp > %s AND v.model = %s"
)
_SOME = "SELECT code_id, vector FROM kb_codevector WHERE model = %s AND digest <> '' AND code_id IN ({})"


@dataclass(frozen=True)
class Similarities:
    """How like a question codes are, from -1 to 1."""

    of: dict[int, float]
    """By the code's id: of the nearest codes, and of the others that were asked about."""
    nearest: Sequence[int] = ()
    """The ids of the nearest codes, the best first. Empty if there are too many codes to compare."""
    compared: int = 0
    """The number of all codes that were compared."""


class _Copy:
    """All vectors, one a row. Rows are added and changed, never removed."""

    def __init__(self) -> None:
        import numpy as np

        self.lock = threading.Lock()
        self.places: dict[int, int] = {}
        self.stamp = -1
        self.ids = np.zeros(0, dtype=np.int64)
        self.tables = np.zeros(0, dtype=np.int64)
        self.vectors = np.zeros((0, sentences.SIZE), dtype=np.int8)
        # Of an empty vector, it is infinite: then it is like nothing.
        self.lengths = np.zeros(0, dtype=np.float32)

    def read_new(self) -> None:
        """Read what was written since the last time."""
        rows = store.rows_of(_NEW, self.stamp, sentences.MODEL)
        if rows:
            self._make_room(len(self.places) + sum(row[0] not in self.places for row in rows))
            for code_id, table_id, vector, stamp in rows:
                self._put(self.places.setdefault(code_id, len(self.places)), code_id, table_id, bytes(vector))
                self.stamp = max(self.stamp, stamp)

    def _put(self, place: int, code_id: int, table_id: int, vector: bytes) -> None:
        import numpy as np

        row = np.frombuffer(vector, dtype=np.int8)
        is_whole = len(row) == sentences.SIZE and bool(row.any())
        self.ids[place], self.tables[place] = code_id, table_id
        self.vectors[place] = row if is_whole else 0
        self.lengths[place] = np.linalg.norm(row.astype(np.float32)) if is_whole else np.inf

    def _make_room(self, size: int) -> None:
        import numpy as np

        if size <= len(self.ids):
            return
        # A first copy has the exact size, later ones some room.
        more = (size if not len(self.ids) else size + size // 8 + 16) - len(self.ids)
        self.ids = np.concatenate([self.ids, np.zeros(more, dtype=np.int64)])
        self.tables = np.concatenate([self.tables, np.zeros(more, dtype=np.int64)])
        self.vectors = np.concatenate([self.vectors, np.zeros((more, sentences.SIZE), dtype=np.int8)])
        self.lengths = np.concatenate([self.lengths, np.full(more, np.inf, dtype=np.float32)])


_lock = threading.Lock()
_copies: list[_Copy] = []


def forget() -> None:
    """Drop the copy, so that the next search reads all vectors."""
    with _lock:
        _copies.clear()


def similarities(question: Any, tables: Collection[int] | None, others: Collection[int], number: int) -> Similarities:
    """Return how like the question are the other codes and the nearest ones of these tables; None means all tables.

    `question` is a vector of `sentences.embed_question`, and `number` the most nearest codes.
    """
    copy = _current()
    if copy is None:
        return Similarities(_of_some(question, others))
    return _compare(copy, question, tables, others, number)


def _current() -> _Copy | None:
    """Return the copy with all that was written until now; None if there are too many codes."""
    with _lock:
        if not _copies:
            if store.rows_of(_COUNT, sentences.MODEL)[0][0] > MOST:
                return None
            _copies.append(_Copy())
        copy = _copies[0]
        copy.read_new()
        if len(copy.places) > MOST:
            _copies.clear()
            return None
        return copy


def _compare(
    copy: _Copy, question: Any, tables: Collection[int] | None, others: Collection[int], number: int
) -> Similarities:
    import numpy as np

    size = len(copy.places)
    alive = np.isfinite(copy.lengths[:size])
    rows = np.flatnonzero(alive if tables is None else alive & np.isin(copy.tables[:size], list(tables)))
    values = _cosines(copy, question, rows)
    few = np.argpartition(-values, number)[:number] if len(values) > number else np.arange(len(values))
    of = dict(zip(copy.ids[rows[few]].tolist(), values[few].tolist(), strict=True))
    nearest = sorted(of, key=lambda pk: (-of[pk], pk))
    places = np.array(
        [place for pk in others if pk not in of and (place := copy.places.get(pk)) is not None], dtype=int
    )
    of |= dict(zip(copy.ids[places].tolist(), _cosines(copy, question, places).tolist(), strict=True))
    return Similarities(of, nearest, len(rows))


def _cosines(copy: _Copy, question: Any, rows: Any) -> Any:
    """Return the cosine of each of these rows with the question."""
    if len(rows) > len(copy.places) / 2:
        # Slices need no copy of the rows.
        return _products(copy.vectors[: len(copy.places)], question)[rows] / copy.lengths[rows]
    return _products(copy.vectors[rows], question) / copy.lengths[rows]


def _products(vectors: Any, question: Any) -> Any:
    """Return the product of each vector with the question, block by block: as large numbers they take more room."""
    import numpy as np

    blocks = range(0, len(vectors), _BLOCK)
    parts = [vectors[at : at + _BLOCK].astype(np.float32) @ question for at in blocks]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)


def _of_some(question: Any, code_ids: Collection[int]) -> dict[int, float]:
    import numpy as np

    if not code_ids:
        return {}
    of: dict[int, float] = {}
    marks = ", ".join(["%s"] * len(code_ids))
    for pk, vector in store.rows_of(_SOME.format(marks), sentences.MODEL, *code_ids):
        row = np.frombuffer(bytes(vector), dtype=np.int8).astype(np.float32)
        if len(row) == sentences.SIZE and row.any():
            of[pk] = float(row @ question / np.linalg.norm(row))
    return of
