"""Two people's edits of one text, woven together where they do not touch each other."""

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from kb.text.editing.diff import WORDS

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_MAX_PAIRS = 1_000_000
"""Pairs of lines or words that are compared at most: around 0.1 s."""
_WORDS_APART = 3

Finer = Callable[[str, str, str], str | None]


class _Edit(NamedTuple):
    """One side replaced `base[start:end]` with `new`."""

    start: int
    end: int
    new: list[str]


def weave(base: str, theirs: str, mine: str) -> str | None:
    """Return the text with both people's edits; None where both changed the same place in different ways.

    Edits are told apart by line; where both touched the same or neighbouring lines, by word. Words that are woven
    into one line have three unchanged words between them: closer than that, two right edits make a wrong sentence.
    """
    return _woven(_LINES.findall(base), _LINES.findall(theirs), _LINES.findall(mine), _a_line_apart, _weave_words)


def _weave_words(base: str, theirs: str, mine: str) -> str | None:
    return _woven(WORDS.findall(base), WORDS.findall(theirs), WORDS.findall(mine), _words_apart, _no_finer)


def _no_finer(base: str, theirs: str, mine: str) -> None:
    return None


def _a_line_apart(between: Sequence[str]) -> bool:
    return len(between) > 0


def _words_apart(between: Sequence[str]) -> bool:
    return "\n" in "".join(between) or sum(word[0].isalnum() for word in between) >= _WORDS_APART


def _woven(
    base: list[str], theirs: list[str], mine: list[str], apart: Callable[[Sequence[str]], bool], finer: Finer
) -> str | None:
    if len(base) * max(len(theirs), len(mine)) > _MAX_PAIRS:
        return None
    woven, done = "", 0
    for a, b in _regions(base, _edits(base, theirs), _edits(base, mine), apart):
        start, end = min(edit.start for edit in (*a, *b)), max(edit.end for edit in (*a, *b))
        region = _settled(base[start:end], _applied(base, a, start, end), _applied(base, b, start, end), finer)
        if region is None:
            return None
        woven, done = woven + "".join(base[done:start]) + region, end
    return woven + "".join(base[done:])


def _settled(base: list[str], theirs: str, mine: str, finer: Finer) -> str | None:
    before = "".join(base)
    if theirs in (mine, before):
        return mine
    return theirs if mine == before else finer(before, theirs, mine)


def _edits(base: list[str], side: list[str]) -> list[_Edit]:
    codes = SequenceMatcher(None, base, side, autojunk=False).get_opcodes()
    return [_Edit(i, j, side[k:m]) for tag, i, j, k, m in codes if tag != "equal"]


def _applied(base: list[str], edits: list[_Edit], start: int, end: int) -> str:
    parts: list[str] = []
    for edit in edits:
        parts += [*base[start : edit.start], *edit.new]
        start = edit.end
    return "".join([*parts, *base[start:end]])


def _regions(
    base: list[str], theirs: list[_Edit], mine: list[_Edit], apart: Callable[[Sequence[str]], bool]
) -> list[tuple[list[_Edit], list[_Edit]]]:
    """Return both sides' edits in groups, each with enough unchanged text before it."""
    tagged = sorted([(edit, 0) for edit in theirs] + [(edit, 1) for edit in mine], key=lambda pair: pair[0][:2])
    groups: list[tuple[list[_Edit], list[_Edit]]] = []
    reach = 0
    for edit, side in tagged:
        if not groups or (edit.start >= reach and apart(base[reach : edit.start])):
            groups.append(([], []))
        groups[-1][side].append(edit)
        reach = max(reach, edit.end)
    return groups
