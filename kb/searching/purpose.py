"""Tell from its own words what a question is for.

Who needs a code tells what went wrong. Who asks how to do something, or about things of their own, seldom does. So such
a question needs hits with more of its words, and one that tells a problem needs fewer: see `kb.searching.coverage`.
"""

from pathlib import Path

from kb.searching.tokenizer import fold, stem, words_in
from kb.text.word_lists import WordFile

ASKS, MINE, TELLS = 0.4, 0.25, 0.15
"""What is added to the share of a question that a hit must have if it asks for something, or otherwise is about things
of the person who asks; and what is taken off if it tells a problem."""

_MOST_WORDS = 50

_FILE = WordFile(Path(__file__).with_name("words.toml"))
_POLITE = frozenset(_FILE.words("polite"))
_FIRST = frozenset((*_FILE.words("question_words"), *_FILE.words("requests")))
_AUXILIARIES = frozenset(_FILE.words("auxiliaries"))
_SUBJECTS = frozenset(_FILE.words("subjects"))
_WISHES = frozenset(_FILE.words("wishes"))
_EXPLANATIONS = frozenset(_FILE.words("explanations"))
PROBLEMS = frozenset(map(stem, (*_FILE.words("negations"), *_FILE.words("problems"))))
"""Stems of words that tell what went wrong."""


def more_needed(text: str) -> float:
    """Return what is added to the share of a question that a hit must have to answer it."""
    words = [word.whole for word in words_in(fold(text))[:_MOST_WORDS]]
    more = ASKS if _asks(words) else MINE if "my" in words else 0.0
    return more - TELLS if any(stem(word) in PROBLEMS for word in words) else more


def _asks(words: list[str]) -> bool:
    """Whether somebody asks for something: "how do I", "can you", "I would like", "order", "send me"."""
    if not _EXPLANATIONS.isdisjoint(words):
        return False
    own = [word for i, word in enumerate(words) if not _POLITE.issuperset(words[: i + 1])]
    first, second = (*own, "", "")[:2]
    if first in _AUXILIARIES:
        return second in _SUBJECTS
    if first == "when":
        # Not "when I log in, it fails".
        return second in _AUXILIARIES
    # "Send me", but not "shows me".
    is_for_me = second == "me" and not first.endswith("s")
    return first in _FIRST or is_for_me or (first == "i" and second in _WISHES)
