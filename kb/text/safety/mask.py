"""Hide secrets and personal data in a pasted text before any of it is shown or logged."""

import re
from collections.abc import Iterator

from kb.text.safety import contacts, identities, passwords, payments, vendor_keys
from kb.text.safety.rules import BULLET, HIDDEN, Rule, plain

__all__ = ["BULLET", "mask"]

_RULES_BY_CLUES: dict[tuple[str, ...], list[Rule]] = {}
for _rules in (vendor_keys.RULES, passwords.RULES, payments.RULES, identities.RULES, contacts.RULES):
    for _rule in _rules:
        _RULES_BY_CLUES.setdefault(_rule.clues, []).append(_rule)
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
    for clues, rules in _RULES_BY_CLUES.items():
        for rule in rules if any(map(low.__contains__, clues)) else ():
            for match in _matches(rule.pattern, low):
                yield from rule.spans(match)


def _matches(pattern: re.Pattern[str], low: str) -> Iterator[re.Match[str]]:
    """Yield the matches in order. A short value is read again, because it may be the name of the next value.

    An example is `password:` on a line of its own before `password: hunter2`.
    """
    at = 0
    while match := pattern.search(low, at):
        yield match
        first, last = match.span()
        start, end = match.span(match.lastindex or 0)
        at = start if first < start and end - start <= _LONGEST_NAME else last
