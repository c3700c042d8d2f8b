"""Bring a proposal up to date: apply its changes to the live note's current text."""

from typing import Any, NamedTuple

from kb.text.editing.merge_edits import weave


class Rebased(NamedTuple):
    """The new values by field, and the fields that a person has to decide; these have the proposal's value."""

    words: dict[str, Any]
    conflicts: list[str]


def rebase(base: dict[str, Any], live: dict[str, Any], mine: dict[str, Any]) -> Rebased:
    """Return the live values with the changes from `base` to `mine` on top. Lists are links: sets of ids."""
    words: dict[str, Any] = {}
    conflicts = []
    for name, proposal in mine.items():
        if isinstance(proposal, list):
            words[name] = _links(base[name], live[name], proposal)
            continue
        text = weave(base[name], live[name], proposal)
        words[name] = proposal if text is None else text
        if text is None:
            conflicts.append(name)
    return Rebased(words, conflicts)


def _links(base: list[int], live: list[int], mine: list[int]) -> list[int]:
    """Return the live links, plus the links that the proposal adds, minus those that it drops. Links never conflict."""
    new, gone = set(mine) - set(base), set(base) - set(mine)
    return sorted((set(live) | new) - gone)
