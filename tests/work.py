"""The work of a call, counted in calls: a clock would ask how busy the machine is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# These methods of a text may look at a few of its characters; the others read it all.
_AT_A_PLACE = {"count", "startswith", "endswith", "find", "rfind", "index", "rindex"}
_CHARACTERS = 64
"""Characters that a method of a text reads in the time of a call."""


@dataclass
class Work:
    """How many calls were made."""

    calls: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count the calls of functions, in Python and in C. A method that reads a long text counts as more.

    What a regular expression does inside is not seen: `tests.attacks.steps` counts that.
    """
    result = Work()

    def count(_frame: object, event: str, called: Any) -> None:
        if event == "call":
            result.calls += 1
        elif event == "c_call":
            text = getattr(called, "__self__", None)
            is_read = isinstance(text, str | bytes) and called.__name__ not in _AT_A_PLACE
            result.calls += 1 + (len(text) // _CHARACTERS if is_read else 0)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield result
    finally:
        sys.setprofile(before)


def work(function: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of calls that one call makes."""
    with counted() as result:
        function(*arguments)
    return result.calls


def grows_faster_than_the_text(function: Callable[[str], Any], unit: str, size: int = 500) -> bool:
    """Whether four times the text takes clearly more than four times the work."""
    small, large = (work(function, (unit * (length // len(unit) + 1))[:length]) for length in (size, 4 * size))
    return large > 5 * small + 100
