"""Three-way merge of one text: the vendor's text before, the vendor's text now, and ours."""

from enum import StrEnum


class MergeOutcome(StrEnum):
    """Which text to use after the vendor publishes again."""

    OURS = "ours"
    """The vendor changed nothing: ours stays."""
    THEIRS = "theirs"
    """Only the vendor changed the text, or both changed it to the same."""
    CONFLICT = "conflict"
    """Both changed it, to different texts: a person has to choose."""


def three_way(before: str, theirs: str, ours: str) -> MergeOutcome:
    """Return which text to use. `before` and `theirs` are the vendor's, `ours` is support's."""
    if theirs == before:
        return MergeOutcome.OURS
    return MergeOutcome.THEIRS if ours in (before, theirs) else MergeOutcome.CONFLICT
