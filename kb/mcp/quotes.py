"""Texts as data between marks, and answers that stay small.

# Note [Data]
A vendor's text or a note may say "ignore what you were told". An assistant has to tell such words from ours, so every
text that somebody wrote stands between `<data>` and `</data>`, and contains neither mark. Without marks are what is
handed back to a tool or opened: codes, slugs and addresses; and what is ours: states, numbers and dates.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from kb.text.safety.escape import without_controls

MAX_BYTES = 8_000
"""Bytes of one answer, in UTF-8."""

LENGTHS = (1_500, 500, 150, 40)
"""Bytes of one text: the first as a rule, the others until the first item of an answer fits."""

_MARK = re.compile(r"<(?=\s*+(?:/\s*+)?data\b)", re.IGNORECASE)

Item = TypeVar("Item", bound=BaseModel)


def data(text: str, length: int = LENGTHS[0]) -> str:
    """Return a text between marks, cut to a number of bytes; nothing for an empty one. See Note [Data]."""
    clean = without_controls(text).strip()
    if not clean:
        return ""
    # U+2039 looks like the mark's first character and is none.
    return f"<data>{cut(_MARK.sub('‹', clean), length)}</data>"


def cut(text: str, length: int) -> str:
    """Return a text of at most so many bytes, an ellipsis saying that there is more."""
    whole = text.encode(errors="replace")
    return text if len(whole) <= length else whole[: length - 3].decode(errors="ignore").rstrip() + "…"


def pieces(text: str, length: int = LENGTHS[0]) -> Iterable[str]:
    """Yield a text in pieces of at most so many bytes; put together again, they are the text."""
    rest = text.encode(errors="replace")
    while rest:
        piece = rest[:length].decode(errors="ignore")
        yield piece
        rest = rest[len(piece.encode()) :]


def dumped(answer: BaseModel) -> dict[str, Any]:
    """Return an answer as JSON has it, without what it does not know."""
    return answer.model_dump(mode="json", exclude_none=True)


def size(answer: BaseModel) -> int:
    """Return how many bytes an answer takes."""
    return len(json.dumps(dumped(answer), ensure_ascii=False).encode())


def fitting(makers: Sequence[Callable[[int], Item]], room: int) -> list[Item]:
    """Return the items that fit into a room, the first ones; each is made with the length of its texts.

    The first item is made with shorter texts until it fits, so that whoever goes on always gets on.
    """
    taken: list[Item] = []
    for maker in makers:
        item = _first(maker, room) if not taken else maker(LENGTHS[0])
        room -= size(item) + 2
        if taken and room < 0:
            break
        taken.append(item)
    return taken


def _first(maker: Callable[[int], Item], room: int) -> Item:
    for length in LENGTHS:
        item = maker(length)
        if size(item) <= room:
            break
    return item
