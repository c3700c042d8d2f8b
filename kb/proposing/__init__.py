"""Proposals: changes of a validated note that wait beside it, while its live words stay as they are.

open -> accepted, or returned to its author, who revises it into open again; withdrawn ends it.
"""

from kb.proposing.rules import actions_for, has_moved, preview, waiting, why_not, why_not_propose, words_of
from kb.proposing.verbs import (
    MAX_COMMENT,
    NoteMoved,
    Saved,
    accept,
    propose,
    rebase,
    revise,
    save_or_propose,
    send_back,
    withdraw,
)

__all__ = [
    "MAX_COMMENT",
    "NoteMoved",
    "Saved",
    "accept",
    "actions_for",
    "has_moved",
    "preview",
    "propose",
    "rebase",
    "revise",
    "save_or_propose",
    "send_back",
    "waiting",
    "why_not",
    "why_not_propose",
    "withdraw",
    "words_of",
]
