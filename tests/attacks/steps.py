"""The steps that a regular expression takes in a text: counted, so that no clock and no busy machine decides.

`Steps` tries the same ways in the same order as `re`. Runs of one set of characters are read by `re` itself and count
one step for each character.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

Way = Callable[[int], int]
"""Try the rest of a pattern from a position: where it ends, or -1."""

_SINGLE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)


class TooManySteps(Exception):
    """A pattern took more steps than are allowed."""


class Steps:
    """A pattern that counts its steps."""

    def __init__(self, pattern: re.Pattern, to_the_end: bool = False) -> None:
        """With `to_the_end`, a match must reach the end of the text, as in `fullmatch`."""
        source, flags = pattern.pattern, pattern.flags
        if isinstance(source, bytes):
            source, flags = source.decode("latin-1"), flags | re.ASCII
        tree = _parser.parse(source, flags)
        self._flags, self._state = tree.state.flags, tree.state
        self._text, self._groups = "", {}
        self.count, self._most = 0, 0
        self._from = self._sequence(list(tree), self._at_end if to_the_end else lambda at: at)

    def spans(self, text: str, is_anchored: bool = False, most: int = 10**9) -> list[tuple[int, int]]:
        """Return where the pattern matches; with `is_anchored`, only at the beginning. Raises TooManySteps."""
        self._text, self.count, self._most = text, 0, most
        limit = sys.getrecursionlimit()
        # A repeated group nests one call in another; Python's own calls need no more of the machine's stack.
        sys.setrecursionlimit(10**6)
        try:
            return list(self._spans(is_anchored))
        finally:
            sys.setrecursionlimit(limit)

    def _spans(self, is_anchored: bool) -> Iterator[tuple[int, int]]:
        text, start = self._text, 0
        while start <= len(text):
            self._step()
            end = self._from(start)
            if end >= 0:
                yield start, end
            if is_anchored:
                return
            # As in `finditer`; of an empty match right after another one `re` has its own rule.
            start = max(end, start + 1)

    def _step(self, steps: int = 1) -> None:
        self.count += steps
        if self.count > self._most:
            raise TooManySteps

    def _at_end(self, at: int) -> int:
        return at if at == len(self._text) else -1

    def _plain(self, items: Sequence[Any]) -> Callable[[int], re.Match | None]:
        """Return what matches these items with `re`: they can match in one way only."""
        pattern = _compiler.compile(_parser.SubPattern(self._state, list(items)), self._flags)
        return lambda at: pattern.match(self._text, at)

    def _sequence(self, items: list[Any], then: Way) -> Way:
        at = len(items)
        while at:
            end, at = at, at - 1
            if items[at][0] in _SINGLE:
                while at and items[at - 1][0] in _SINGLE:
                    at -= 1
                then = self._letters(items[at:end], then)
            else:
                then = self._part(*items[at], then)
        return then

    def _letters(self, items: list[Any], then: Way) -> Way:
        matches, width = self._plain(items), len(items)

        def way(at: int) -> int:
            self._step()
            return then(at + width) if matches(at) else -1

        return way

    def _part(self, kind: object, value: Any, then: Way) -> Way:
        if kind is op.BRANCH:
            return self._branch(value[1], then)
        if kind is op.SUBPATTERN:
            return self._group(value[0], list(value[3]), then)
        if kind is op.ATOMIC_GROUP:
            return self._atomic(list(value), then)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            return self._look(*value, kind is op.ASSERT, then)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, body = value[0], value[1] if value[1] is not op.MAXREPEAT else 10**9, list(value[2])
            if len(body) == 1 and body[0][0] in _SINGLE:
                return self._run(kind, low, high, body, then)
            return (
                self._all_times(low, high, body, then)
                if kind is op.POSSESSIVE_REPEAT
                else self._times(kind is op.MAX_REPEAT, low, high, body, then)
            )
        if kind is op.GROUPREF:
            return self._reference(value, then)
        matches = self._plain([(kind, value)])
        return lambda at: then(at) if matches(at) else -1

    def _branch(self, branches: list[Any], then: Way) -> Way:
        ways = [self._sequence(list(branch), then) for branch in branches]

        def way(at: int) -> int:
            for one in ways:
                self._step()
                end = one(at)
                if end >= 0:
                    return end
            return -1

        return way

    def _group(self, number: int | None, body: list[Any], then: Way) -> Way:
        if number is None:
            return self._sequence(body, then)
        starts: list[int] = []

        def closed(at: int) -> int:
            before, start = self._groups.get(number), starts.pop()
            self._groups[number] = self._text[start:at]
            end = then(at)
            starts.append(start)
            if end < 0:
                self._groups[number] = before
            return end

        inner = self._sequence(body, closed)

        def way(at: int) -> int:
            starts.append(at)
            end = inner(at)
            starts.pop()
            return end

        return way

    def _atomic(self, body: list[Any], then: Way) -> Way:
        inner = self._sequence(body, lambda at: at)

        def way(at: int) -> int:
            end = inner(at)
            return then(end) if end >= 0 else -1

        return way

    def _look(self, direction: int, body: Any, is_wanted: bool, then: Way) -> Way:
        inner, width = self._sequence(list(body), lambda at: at), body.getwidth()[0] if direction < 0 else 0

        def way(at: int) -> int:
            is_there = at >= width and inner(at - width) >= 0
            return then(at) if is_there == is_wanted else -1

        return way

    def _run(self, kind: object, low: int, high: int, body: list[Any], then: Way) -> Way:
        """Return the way of one set of characters, repeated."""
        highest = op.MAXREPEAT if high == 10**9 else high
        repeat = _parser.SubPattern(self._state, body)
        longest = self._plain([(op.POSSESSIVE_REPEAT, (0, highest, repeat))])

        def way(at: int) -> int:
            match = longest(at)
            length = match.end() - at if match else 0
            if kind is op.POSSESSIVE_REPEAT:
                self._step(length + 1)
                return then(at + length) if length >= low else -1
            if kind is op.MAX_REPEAT:
                self._step(length + 1)
            numbers = range(length, low - 1, -1) if kind is op.MAX_REPEAT else range(low, length + 1)
            for number in numbers:
                self._step()
                end = then(at + number)
                if end >= 0:
                    return end
            return -1

        return way

    def _all_times(self, low: int, high: int, body: list[Any], then: Way) -> Way:
        inner = self._sequence(body, lambda at: at)

        def way(at: int) -> int:
            number = 0
            while number < high:
                self._step()
                end = inner(at)
                if end < 0 or (end == at and number >= low):
                    break
                number, at = number + 1, end
            return then(at) if number >= low else -1

        return way

    def _times(self, is_greedy: bool, low: int, high: int, body: list[Any], then: Way) -> Way:
        number, last = 0, -1

        def again(at: int) -> int:
            nonlocal number, last
            before = number, last
            number, last = number + 1, at
            end = inner(at)
            if end < 0:
                number, last = before
            return end

        def loop(at: int) -> int:
            self._step()
            if number < low:
                return again(at)
            may_repeat = number < high and at != last
            if is_greedy and may_repeat and (end := again(at)) >= 0:
                return end
            if (end := then(at)) >= 0:
                return end
            return again(at) if may_repeat and not is_greedy else -1

        def way(at: int) -> int:
            nonlocal number, last
            before = number, last
            number, last = 0, -1
            end = loop(at)
            number, last = before
            return end

        inner = self._sequence(body, loop)
        return way

    def _reference(self, number: int, then: Way) -> Way:
        def way(at: int) -> int:
            self._step()
            text = self._groups.get(number)
            return then(at + len(text)) if text is not None and self._text.startswith(text, at) else -1

        return way
