"""Bringing a proposal up to date: what it changes, on top of what the live note says by now."""

from typing import Any, NamedTuple

from kb.text.editing.merge_edits import weave


class Rebased(NamedTuple):
    """The words that result, field by field, and the fields that somebody has to decide (they hold the proposal's)."""

    words: dict[str, Any]
    conflicts: list[str]


def rebased(base: dict[str, Any], live: dict[str, Any], mine: dict[str, Any]) -> Rebased:
    """Put what was proposed (`mine`, made from `base`) on top of the live words. Lists are links: sets of numbers."""
    words: dict[str, Any] = {}
    conflicts = []
    for name, proposed in mine.items():
        if isinstance(proposed, list):
            words[name] = _links(base[name], live[name], proposed)
            continue
        woven = weave(base[name], live[name], proposed)
        words[name] = proposed if woven is None else woven
        if woven is None:
            conflicts.append(name)
    return Rebased(words, conflicts)


def _links(base: list[int], live: list[int], mine: list[int]) -> list[int]:
    """Add what the proposal added and leave out what it left out: links never conflict."""
    added, left_out = set(mine) - set(base), set(base) - set(mine)
    return sorted((set(live) | added) - left_out)
