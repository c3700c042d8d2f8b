"""What to do about a code, and who can fix it, derived from the vendor's own words.

The words decide only if they name exactly one action. If they name two ("try again, or contact support") or none, the
result is `unknown`, and support staff decide.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kb.text.word_lists import WordFile, one_of

DISPOSITIONS = {
    "retry_now": "Retry now",
    "retry_later": "Retry later",
    "fix_request": "Fix the request",
    "contact_vendor": "Contact the vendor",
    "change_plan": "Change the plan",
    "no_action": "No action needed",
    "unknown": "Not decided",
}
FIXERS = {"customer": "Customer", "us": "Us", "vendor": "Vendor", "unknown": "Not decided"}

_FIXER_OF = {"fix_request": "customer", "change_plan": "customer", "contact_vendor": "vendor"}


class DerivedDisposition(NamedTuple):
    """A derived disposition and fixer; keys of DISPOSITIONS and FIXERS."""

    disposition: str
    fixer: str


UNDECIDED = DerivedDisposition("unknown", "unknown")

_MAX_TEXT = 4_000
_PART = re.compile(r"\([^()]*\) ?| \.\.\. |\.\.\.|.")
_GAPS = {" ... ": r" [\w ]{0,80}", "...": "[^。]{0,20}"}


def _signs(phrase: str) -> list[str]:
    """Return the parts of a phrase as patterns. `words.toml` explains the syntax of phrases."""
    signs: list[str] = []
    for part in _PART.findall(phrase):
        optional = part[0] == "("
        inner = _signs(part.replace("(", "").replace(")", "")) if optional else [_GAPS.get(part) or re.escape(part)]
        signs += [f"(?:{''.join(inner)})?"] if optional else inner
    return signs


def _cue(phrases: Iterable[str]) -> str:
    """Return the pattern for any of the phrases: whole words, except in scripts without spaces."""
    spaced = [_signs(phrase) for phrase in phrases if phrase[0] < "\u2e80"]
    joined = [_signs(phrase) for phrase in phrases if phrase[0] >= "\u2e80"]
    return "|".join([rf"\b(?:{one_of(spaced)})\b"] * bool(spaced) + [one_of(joined)] * bool(joined))


def _clues(phrases: Iterable[str]) -> tuple[str, ...]:
    """Return texts of which each match of the phrases contains one. Finding them is ten times faster than a cue."""
    runs = dict.fromkeys(max(re.split(r"\([^()]*\)|\.\.\.", phrase), key=len).strip() for phrase in phrases)
    return tuple(run for run in runs if not any(other != run and other in run for other in runs))


_CUES = [
    (name, _clues(phrases), re.compile(_cue(phrases), re.IGNORECASE))
    for name, phrases in WordFile(Path(__file__).with_name("words.toml")).groups("cues").items()
]


@lru_cache(maxsize=4096)
def derive_disposition(suggested_actions: str) -> DerivedDisposition:
    """Return the disposition and the fixer that the vendor's suggested actions name."""
    rest, names = suggested_actions[:_MAX_TEXT], []
    # Like a cue, this treats the long s (ſ) as an s.
    folded = rest.casefold()
    for name, clues, cue in _CUES:
        if any(clue in folded for clue in clues):
            # Remove the text of each cue before trying the next one, because "contact support to upgrade the package"
            # is one action (change the plan), not two.
            rest, hits = cue.subn(" ", rest)
            names += [name] * bool(hits)
    if len(names) != 1:
        return UNDECIDED
    return DerivedDisposition(names[0], _FIXER_OF.get(names[0], "unknown"))
