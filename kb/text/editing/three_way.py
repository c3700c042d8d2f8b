"""Three-way merge of one text: what the vendor said before, what the vendor says now, and what support made of it."""

from enum import StrEnum


class MergeOutcome(StrEnum):
    """What becomes of our text when the vendor publishes again."""

    OURS = "ours"
    """The vendor said nothing new: ours stays."""
    THEIRS = "theirs"
    """Only the vendor moved, or both arrived at the same words."""
    CONFLICT = "conflict"
    """Both moved, to different words: somebody has to choose."""


def three_way(before: str, theirs: str, ours: str) -> MergeOutcome:
    """Say which text stands; `before` and `theirs` are the vendor's, `ours` is support's."""
    if theirs == before:
        return MergeOutcome.OURS
    return MergeOutcome.THEIRS if ours in (before, theirs) else MergeOutcome.CONFLICT
