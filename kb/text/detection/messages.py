"""Lines of a text that have the message of a code: matched with templates, and the words that fill the holes.

Words are compared and signs are not, so that white space, quotes and line prefixes do not matter. Each step looks at a
bounded number of words, so the time grows only with the text.
"""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kb.text.detection.templates import CJK, Hole, Template, words_of
from kb.text.word_lists import WordFile, lower_case

MAX_ANCHORS = 20_000
"""Most different anchors of a text. Reading stops there."""

MAX_PLACES = 500
"""Most places of one anchor that are compared with templates. Further places are left out."""

FREE = 5.0
"""From this weight on, a template may be a part of a sentence. A lighter one needs a sign before it and after it."""

MAX_WORDS = 16
"""Most words that fill one hole."""

_MAX_FILLED = 160
_LETTERS = rf"[^\W\d_{CJK}]{{1,24}}+"
_GAP = r"(?:_|[^\w\n]){1,6}+"
_THREE = re.compile(rf"(?<![^\W_])(?=({_LETTERS}){_GAP}({_LETTERS}){_GAP}({_LETTERS})(?![^\W_{CJK}])){_LETTERS}")
_FOUR = re.compile(rf"(?=([{CJK}]{{4}}))[{CJK}]")
_WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
_BEFORE_WORDS = frozenset(WordFile(Path(__file__).parent / "words" / "messages.toml").words("before"))
_SIGNS_BEFORE = r"\n\r:\])}>|\"'`“‘«„=;.!?*•#/\\»”’–—：，。、；」『【】』（）-"
_SIGNS_AFTER = r"\n\r.,;:!?)\]}\"'`”’»|<(\[{\\–—：，。、；！？「」』】（）-"
_BEFORE = re.compile(rf"(?:\A|[{_SIGNS_BEFORE}])[ \t]{{0,8}}\Z|(?<![^\W_])(?P<word>[^\W\d_]{{1,16}})[ \t]{{1,8}}\Z")
_AFTER = re.compile(rf"[ \t]{{0,8}}(?:\Z|[{_SIGNS_AFTER}])|[ \t]{{1,4}}(?:at|in|on) (?:character|line|position|row)\b")
_CHUNK = re.compile(r"([^\s\"'`“”‘’«»„,;()\[\]{}=|]{1,160}+)[\"'`”’»)\],]{0,3}[ \t]{0,4}\Z")
_QUOTED_BEFORE = re.compile(r"[\"'`“‘«„]([^\"'`“”‘’«»„\n]{1,160}+)[\"'`”’»“][ \t]{0,4}\Z")
_QUOTED_AFTER = re.compile(r"[ \t:=]{0,4}\\?[\"'`“‘«„]([^\"`”“’»«\n\\]{1,160}+)\\?[\"'`”’»“]")
_END = re.compile(r"[\n\r;|\"”]|[,.:!?](?=\s|\Z)|\s[(\[<-]|\Z")
_SIGNS = " \t\r\"'`“”„‘’‚«»()[]{}<>:=,;.\\"


class MessagePlace(NamedTuple):
    """Where a text has a message, and what fills its holes, by their names."""

    start: int
    end: int
    filled: tuple[tuple[str, str], ...]


def anchors(text: str) -> tuple[list[str], int | None]:
    """Return the words of the anchors that a text may have; and the end of what was read, None for the whole text."""
    low = lower_case(text)
    words = _anchors(low, len(low))
    if len(words) <= MAX_ANCHORS:
        return words, None
    # Texts with so many are rare: half of the text at a time is near enough.
    stop = len(low)
    while len(words) > MAX_ANCHORS:
        stop //= 2
        words = _anchors(low, stop)
    return words, stop


def _anchors(low: str, stop: int) -> list[str]:
    threes = map(" ".join, dict.fromkeys(_THREE.findall(low, 0, stop)))
    return [*threes, *dict.fromkeys(_FOUR.findall(low, 0, stop))]


class MessageText:
    """The words of a text, with the places of some anchors."""

    def __init__(self, text: str, anchors_: Collection[str]) -> None:
        """Find the places of the anchors with these words, MAX_PLACES of each at most."""
        self.text = text
        pieces = [(match.start(), match[0]) for match in _WORD.finditer(lower_case(text))]
        self.starts = [start for start, _ in pieces]
        self.words = tuple(word for _, word in pieces)
        self.places: dict[str, list[int]] = {one: [] for one in anchors_}
        firsts: dict[str, list[tuple[tuple[str, ...], list[int]]]] = {}
        for one, places in self.places.items():
            words = words_of(one)
            firsts.setdefault(words[0], []).append((words, places))
        for n, word in enumerate(self.words):
            for words, places in firsts.get(word, ()):
                if len(places) < MAX_PLACES and self.words[n : n + len(words)] == words:
                    places.append(n)

    def matches(self, template: Template, anchor: str) -> Iterator[MessagePlace]:
        """Yield the places of a template's message; `anchor` has the words of its anchor."""
        after = -1
        for place in self.places[anchor]:
            spans = self._spans(template, place)
            if spans and spans[0][0] > after and (message_place := self._place(template, spans)):
                after = spans[-1][1]
                yield message_place

    def _spans(self, template: Template, place: int) -> list[tuple[int, int]] | None:
        """Return the first and last word of each run if the text has all of them around an anchor's place."""
        part, offset = template.anchor
        run = template.parts[part]
        first = place - offset
        if first < 0 or self.words[first : first + len(run)] != run:
            return None
        spans = [(first, first + len(run) - 1)]
        for other in template.parts[part + 1 :]:
            if not isinstance(other, Hole):
                at = self._next(other, spans[-1][1] + 1)
                if at is None:
                    return None
                spans.append((at, at + len(other) - 1))
        for other in reversed(template.parts[:part]):
            if not isinstance(other, Hole):
                at = self._previous(other, spans[0][0])
                if at is None:
                    return None
                spans.insert(0, (at, at + len(other) - 1))
        return spans if all(self._is_one_line(*span) for span in spans) else None

    def _next(self, run: tuple[str, ...], start: int) -> int | None:
        """Return where a run comes within a hole's length after a word."""
        places = range(start, min(start + MAX_WORDS, len(self.words) - len(run)) + 1)
        return next((n for n in places if self.words[n] == run[0] and self.words[n : n + len(run)] == run), None)

    def _previous(self, run: tuple[str, ...], end: int) -> int | None:
        last = end - len(run)
        places = range(last, max(last - MAX_WORDS, 0) - 1, -1) if last >= 0 else ()
        return next((n for n in places if self.words[n] == run[0] and self.words[n : n + len(run)] == run), None)

    def _is_one_line(self, first: int, last: int) -> bool:
        return "\n" not in self.text[self.starts[first] : self.starts[last]]

    def _end_of(self, word: int) -> int:
        return self.starts[word] + len(self.words[word])

    def _place(self, template: Template, spans: list[tuple[int, int]]) -> MessagePlace | None:
        """Return the place with what fills the holes; None if one has nothing plausible, or the sentence is another."""
        start, end = self.starts[spans[0][0]], self._end_of(spans[-1][1])
        filled: list[tuple[str, str]] = []
        gaps = iter(pairwise(spans))
        for n, hole in enumerate(template.parts):
            if not isinstance(hole, Hole):
                continue
            if n == 0:
                span = self._before(start)
                start = span[0] if span else start
            elif n == len(template.parts) - 1:
                span = self._after(end)
                end = span[1] if span else end
            else:
                (_, left), (right, _) = next(gaps)
                span = self._between(self._end_of(left), self.starts[right])
            if span is None:
                return None
            filled += _named(hole, self.text[slice(*span)])
        is_apart = template.weight >= FREE or (self._begins(template, start) and self._is_over(template, end))
        return MessagePlace(start, end, tuple(filled)) if is_apart else None

    def _between(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the text between two runs without signs around it; None for nothing, too much, or several lines."""
        piece = self.text[start:end]
        if len(piece) > _MAX_FILLED + 16 or "\n" in piece:
            return None
        inner = piece.strip(_SIGNS)
        at = start + piece.find(inner)
        return (at, at + len(inner)) if inner else None

    def _before(self, end: int) -> tuple[int, int] | None:
        before = self.text[max(0, end - _MAX_FILLED) : end]
        match = _QUOTED_BEFORE.search(before) or _CHUNK.search(before.rstrip(" \t:"))
        if not match:
            return None
        shift = end - len(before)
        return match.start(1) + shift, match.end(1) + shift

    def _after(self, start: int) -> tuple[int, int] | None:
        if quoted := _QUOTED_AFTER.match(self.text, start):
            return quoted.span(1)
        stop = start + 4
        while start < min(stop, len(self.text)) and self.text[start] in " \t:=([<":
            start += 1
        end = _END.search(self.text, start, start + _MAX_FILLED)
        return self._between(start, end.start()) if end else None

    def _begins(self, template: Template, start: int) -> bool:
        """Whether a message begins here: at the start of a line, after a sign, or after the level of a log."""
        if isinstance(template.parts[0], Hole):
            return True
        match = _BEFORE.search(self.text[max(0, start - 40) : start])
        if not match:
            return False
        return match["word"] is None or lower_case(match["word"]) in _BEFORE_WORDS

    def _is_over(self, template: Template, end: int) -> bool:
        return isinstance(template.parts[-1], Hole) or _AFTER.match(self.text, end) is not None


def _named(hole: Hole, text: str) -> Iterator[tuple[str, str]]:
    """Yield what fills each of the holes that only signs separate, by their names."""
    rest = text
    for name, separator in zip(hole.names, (*hole.separators, ""), strict=True):
        sign = separator.strip()
        piece, rest = rest.split(sign, 1) if sign and sign in rest else (rest, "")
        if piece := piece.strip(_SIGNS):
            yield name, piece
