"""Merge two people's edits of one text if the edits do not touch each other."""

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from kb.text.editing.diff import WORDS

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_MAX_PAIRS = 1_000_000
"""Most pairs of lines or words that are compared: around 0.1 s."""
_MIN_WORDS_BETWEEN = 3

Finer = Callable[[str, str, str], str | None]


class _Edit(NamedTuple):
    """One side replaced `base[start:end]` with `new`."""

    start: int
    end: int
    new: list[str]


def weave(base: str, theirs: str, mine: str) -> str | None:
    """Return the text with both people's edits; None if both changed the same place in different ways.

    Edits are compared by line; if both touch the same or adjacent lines, by word. Two edits of one line are merged if
    there are three unchanged words between them. If they are closer, two right edits could make a wrong sentence.
    """
    return _merge(_LINES.findall(base), _LINES.findall(theirs), _LINES.findall(mine), _is_line_between, _weave_words)


def _weave_words(base: str, theirs: str, mine: str) -> str | None:
    return _merge(WORDS.findall(base), WORDS.findall(theirs), WORDS.findall(mine), _are_words_between, _no_finer)


def _no_finer(base: str, theirs: str, mine: str) -> None:
    return None


def _is_line_between(between: Sequence[str]) -> bool:
    return len(between) > 0


def _are_words_between(between: Sequence[str]) -> bool:
    return "\n" in "".join(between) or sum(word[0].isalnum() for word in between) >= _MIN_WORDS_BETWEEN


def _merge(
    base: list[str], theirs: list[str], mine: list[str], apart: Callable[[Sequence[str]], bool], finer: Finer
) -> str | None:
    if len(base) * max(len(theirs), len(mine)) > _MAX_PAIRS:
        return None
    merged, end_before = "", 0
    for a, b in _regions(base, _edits(base, theirs), _edits(base, mine), apart):
        start, end = min(edit.start for edit in (*a, *b)), max(edit.end for edit in (*a, *b))
        region = _merge_region(base[start:end], _apply(base, a, start, end), _apply(base, b, start, end), finer)
        if region is None:
            return None
        merged, end_before = merged + "".join(base[end_before:start]) + region, end
    return merged + "".join(base[end_before:])


def _merge_region(base: list[str], theirs: str, mine: str, finer: Finer) -> str | None:
    before = "".join(base)
    if theirs in (mine, before):
        return mine
    return theirs if mine == before else finer(before, theirs, mine)


def _edits(base: list[str], side: list[str]) -> list[_Edit]:
    codes = SequenceMatcher(None, base, side, autojunk=False).get_opcodes()
    return [_Edit(i, j, side[k:m]) for tag, i, j, k, m in codes if tag != "equal"]


def _apply(base: list[str], edits: list[_Edit], start: int, end: int) -> str:
    parts: list[str] = []
    for edit in edits:
        parts += [*base[start : edit.start], *edit.new]
        start = edit.end
    return "".join([*parts, *base[start:end]])


def _regions(
    base: list[str], theirs: list[_Edit], mine: list[_Edit], apart: Callable[[Sequence[str]], bool]
) -> list[tuple[list[_Edit], list[_Edit]]]:
    """Return both sides' edits in groups, each with enough unchanged text before it."""
    by_place = sorted([(edit, 0) for edit in theirs] + [(edit, 1) for edit in mine], key=lambda pair: pair[0][:2])
    groups: list[tuple[list[_Edit], list[_Edit]]] = []
    reach = 0
    for edit, side in by_place:
        # Nothing lies between edits that overlap: the slice is empty then.
        if not groups or apart(base[reach : edit.start]):
            groups.append(([], []))
        groups[-1][side].append(edit)
        reach = max(reach, edit.end)
    return groups
