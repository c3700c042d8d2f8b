"""Hide secrets and personal data in a pasted text before any of it is shown or logged."""

import re
from collections.abc import Iterator

from kb.text.safety import (
    commands,
    contacts,
    identities,
    logins,
    manifests,
    once,
    passwords,
    payments,
    private_keys,
    vendor_keys,
)
from kb.text.safety.rules import BULLET, HIDDEN, Names, Rule, plain

__all__ = ["BULLET", "make_ready", "mask"]

_NAMES = (*passwords.NAMES, *logins.NAMES, *once.NAMES)
_RULES_BY_CLUES: dict[tuple[str, ...], list[Rule]] = {}
for _module in (private_keys, manifests, vendor_keys, passwords, commands, once, payments, identities, contacts):
    for _rule in _module.RULES:
        _RULES_BY_CLUES.setdefault(_rule.clues, []).append(_rule)
_LETTERS = re.compile("[a-z]+")
_LETTERS_OF_CLUES = {
    clue: max(_LETTERS.findall(clue), key=len, default="") if clue.isascii() else ""
    for clues in (*_RULES_BY_CLUES, *(names.clues for names in _NAMES))
    for clue in clues
}
_NOT_BREAK = re.compile(r"[^\r\n]")
_LONGEST_NAME = 40
_LINES = 3
_REACH = 6_000
"""Lines and characters around a hidden place that are read again. The longest value of a rule has 4,000 characters."""

_MOST_ROUNDS = 8
"""What is hidden may be what kept a rule from another secret, so a text is read again until nothing more is hidden."""


def mask(text: str) -> str:
    """Return the text with secrets and personal data as bullets, of the same length and with the same lines."""
    low = plain(text)
    windows = [(0, len(low))]
    for _ in range(_MOST_ROUNDS):
        spans = _merged(sorted(span for window in windows for span in _secrets_in(low, *window)))
        fresh = [(start, end) for start, end in spans if low.count(HIDDEN, start, end) < end - start]
        if not fresh:
            break
        low, text = _hidden(low, fresh, HIDDEN), _hidden(text, fresh, BULLET)
        windows = _windows(low, fresh)
    return text


def make_ready() -> None:
    """Compile every pattern: the first reader of a server should not wait for it."""
    patterns = [rule.pattern for rules in _RULES_BY_CLUES.values() for rule in rules]
    for names in _NAMES:
        patterns += [names.pattern, *(tail.pattern for tail in names.tails)]
    for pattern in patterns:
        pattern.compiled  # noqa: B018


def _secrets_in(low: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the places of secrets in a part of a text, as places in the text."""
    return ((start + first, start + last) for first, last in _secrets(low[start:end]))


def _windows(low: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the lines of some places with the lines beside them: only there can a rule find more."""
    windows: list[tuple[int, int]] = []
    for first, last in spans:
        start, end = _line_before(low, first), _line_after(low, last)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return windows


def _line_before(low: str, at: int) -> int:
    """Return where the second line above a place begins, or a place not too far before it."""
    least = max(0, at - _REACH)
    for _ in range(_LINES):
        at = low.rfind("\n", least, at)
        if at < 0:
            return least
    return at + 1


def _line_after(low: str, at: int) -> int:
    """Return where the second line below a place ends, or a place not too far behind it."""
    most = min(len(low), at + _REACH)
    for _ in range(_LINES):
        at = low.find("\n", at, most) + 1
        if not at:
            return most
    return at


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
            for match in _matches(rule.pattern.compiled, low):
                yield from rule.spans(match)
    for names in _NAMES:
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
    tails = [(number, tail.pattern.compiled.match, tail.spans) for number, tail in enumerate(names.tails)]
    starts = [0] * len(tails)
    for name in names.pattern.compiled.finditer(low):
        start, end = name.span()
        for number, match_at, spans in tails:
            if start >= starts[number] and (match := match_at(low, end)):
                yield from spans(match)
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
