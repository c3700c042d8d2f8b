"""Hide secrets and personal data in a pasted text before any of it is shown or logged."""

import re
from collections.abc import Iterator

from kb.text.safety import commands, contacts, identities, logins, once, passwords, payments, private_keys, vendor_keys
from kb.text.safety.rules import BULLET, HIDDEN, Names, Rule, plain

__all__ = ["BULLET", "mask"]

_RULES_BY_CLUES: dict[tuple[str, ...], list[Rule]] = {}
for _module in (private_keys, vendor_keys, passwords, commands, once, payments, identities, contacts):
    for _rule in _module.RULES:
        _RULES_BY_CLUES.setdefault(_rule.clues, []).append(_rule)
_LETTERS = re.compile("[a-z]+")
_LETTERS_OF_CLUES = {
    clue: max(_LETTERS.findall(clue), key=len, default="") if clue.isascii() else ""
    for clues in (*_RULES_BY_CLUES, *(names.clues for names in (*passwords.NAMES, *logins.NAMES)))
    for clue in clues
}
_NOT_BREAK = re.compile(r"[^\r\n]")
_LONGEST_NAME = 40
_MOST_ROUNDS = 8
"""What is hidden may be what kept a rule from another secret, so a text is read again until nothing more is hidden."""


def mask(text: str) -> str:
    """Return the text with secrets and personal data as bullets, of the same length and with the same lines."""
    low = plain(text)
    for _ in range(_MOST_ROUNDS):
        spans = _merged(sorted(_secrets(low)))
        before, low = low, _hidden(low, spans, HIDDEN)
        if low == before:
            break
        text = _hidden(text, spans, BULLET)
    return text


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the places in order, without the parts that stand in an earlier place."""
    merged, at = [], 0
    for start, end in spans:
        if end > at:
            merged.append((start if start > at else at, end))
            at = end
    return merged


def _hidden(text: str, spans: list[tuple[int, int]], sign: str) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [text[at:start], _NOT_BREAK.sub(sign, text[start:end])]
        at = end
    return "".join([*pieces, text[at:]])


def _secrets(low: str) -> Iterator[tuple[int, int]]:
    words = " ".join({*_LETTERS.findall(low)})
    for clues, rules in _RULES_BY_CLUES.items():
        for rule in rules if _has_any(clues, low, words) else ():
            for match in _matches(rule.pattern, low):
                yield from rule.spans(match)
    for names in (*passwords.NAMES, *logins.NAMES):
        if _has_any(names.clues, low, words):
            yield from _secrets_behind(names, low)


def _has_any(clues: tuple[str, ...], low: str, words: str) -> bool:
    """Whether a text has one of the clues. Its different words, a much shorter text, tell most that it has not."""
    for clue in clues:
        letters = _LETTERS_OF_CLUES[clue]
        if letters in words and (letters == clue or clue in low):
            return True
    return False


def _secrets_behind(names: Names, low: str) -> Iterator[tuple[int, int]]:
    """Yield what the tails hide behind each name. A name within a long value of a tail is part of that value."""
    starts = [0] * len(names.tails)
    for name in names.pattern.finditer(low):
        for number, tail in enumerate(names.tails):
            if name.start() >= starts[number] and (match := tail.pattern.match(low, name.end())):
                yield from tail.spans(match)
                starts[number] = _next(match)


def _matches(pattern: re.Pattern[str], low: str) -> Iterator[re.Match[str]]:
    """Yield the matches in order."""
    at = 0
    while match := pattern.search(low, at):
        yield match
        at = _next(match)


def _next(match: re.Match[str]) -> int:
    """Return where to read on. A short value is read again, because it may be the name of the next value.

    An example is `password:` on a line of its own before `password: hunter2`.
    """
    start, end = match.span(match.lastindex or 0)
    return start if match.start() < start and end - start <= _LONGEST_NAME else match.end()
