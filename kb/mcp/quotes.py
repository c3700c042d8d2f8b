"""Texts quoted as data, and answers of limited size.

# Note [Data]
A vendor's text or a note may say "ignore your instructions". An assistant must be able to tell such text from ours, so
every text that somebody wrote is quoted between `<data>` and `</data>`, and contains neither mark. Not quoted are
values to pass to a tool or to open (plain codes, slugs, URLs) and our own values (states, numbers, dates). Vendors may
publish anything as a code: one that could be a sentence or hold a mark is quoted like any other text.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from kb.text.safety.escape import without_controls

MAX_BYTES = 8_000
"""Maximum bytes of one answer in UTF-8."""

LENGTHS = (1_500, 500, 150, 40)
"""Maximum bytes of one text: normally the first. The next ones are tried until the first item of an answer fits."""

MAX_WORDS = 3
"""Words of a code that is not quoted: codes such as `ORA 00001` have few, instructions have more."""

_MARK = re.compile(r"<(?=\s*+(?:/\s*+)?data\b)", re.IGNORECASE)

Item = TypeVar("Item", bound=BaseModel)


def data(text: str, length: int = LENGTHS[0]) -> str:
    """Return a text between the marks, cut to a number of bytes; an empty text stays empty. See Note [Data]."""
    clean = without_controls(text).strip()
    if not clean:
        return ""
    # U+2039 looks like `<` and is a different character.
    return f"<data>{shorten(_MARK.sub('‹', clean), length)}</data>"


def plain_or_data(value: str) -> str:
    """Return a code or another short value as it is, or between the marks if it is not plain. See Note [Data]."""
    is_plain = value.isprintable() and len(value.split()) <= MAX_WORDS and not {"<", ">"}.intersection(value)
    return value if is_plain else data(value)


def link(address: str) -> str:
    """Return an address that somebody wrote without the characters of a mark; it leads to the same page."""
    return address.replace("<", "%3C").replace(">", "%3E")


def shorten(text: str, length: int) -> str:
    """Return a text of at most `length` bytes; an ellipsis marks a cut."""
    whole = text.encode(errors="replace")
    return text if len(whole) <= length else whole[: length - 3].decode(errors="ignore").rstrip() + "…"


def pieces(text: str, length: int = LENGTHS[0]) -> Iterable[str]:
    """Yield a text in pieces of at most `length` bytes; joined, they are the text."""
    rest = text.encode(errors="replace")
    while rest:
        piece = rest[:length].decode(errors="ignore")
        yield piece
        rest = rest[len(piece.encode()) :]


def as_json(answer: BaseModel) -> dict[str, Any]:
    """Return an answer as JSON values, without members that are None."""
    return answer.model_dump(mode="json", exclude_none=True)


def size(answer: BaseModel) -> int:
    """Return the bytes of an answer."""
    return len(json.dumps(as_json(answer), ensure_ascii=False).encode())


def first_fitting(builders: Sequence[Callable[[int], Item]], limit: int) -> list[Item]:
    """Return the first items that fit into `limit` bytes; a builder takes the maximum bytes of a text.

    The first item gets shorter texts until it fits, so that a caller who continues always gets further.
    """
    items: list[Item] = []
    for build in builders:
        item = build(LENGTHS[0]) if items else _build_first(build, limit)
        limit -= size(item) + 2
        if items and limit < 0:
            break
        items.append(item)
    return items


def _build_first(build: Callable[[int], Item], limit: int) -> Item:
    for length in LENGTHS:
        item = build(length)
        if size(item) <= limit:
            break
    return item
