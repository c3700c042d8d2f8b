"""Whose code it is: the words near a code that name a table's product, or another vendor's."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from kb.text.detection.context_words import context_words
from kb.text.detection.signs import has_trouble, is_data
from kb.text.word_lists import WordFile, lower_case, one_of

_GROUPS = WordFile(Path(__file__).parent / "words" / "tables.toml")
_FAMILIES = _GROUPS.groups("families")
_LABELS = _GROUPS.groups("labels")
_COMMON = frozenset(_GROUPS.groups("common")["words"])
_WORD = re.compile(r"[^\W_]{2,}")
_BEFORE, _NEAR, _FAR, _ANYWHERE = 6, 4, 2, 1
_LABEL = 32
"""Characters before a code in which a word is its label."""

_SHORT_LABEL = 16
"""The same for the name of a product without another sign: "Twilio 30007"."""

_LONG_LABEL = 64
"""The same for a label with a value of its own: `Error Domain=NSURLErrorDomain Code=3`."""

_MAX_PROPOSALS = 20
_CLAUSE_END = re.compile(r"[\"'`)\]]{0,3}(?:[.,;:!?]|\s*(?:\n|\Z))")
_REACH = 160
_MAX_PLACES = 4
_MAX_TEXT = 60_000


class TableClues:
    """The words of some tables, and where a text has them."""

    def __init__(self, text: str, names: Mapping[int, str], own: Mapping[int, str] | None = None) -> None:
        """Read the text once.

        `names` has vendor, product, name and short name of each table, by its id; `own` the words of its curators.
        """
        self.own = {key: frozenset(context_words(words)) for key, words in (own or {}).items()}
        self.words = {key: clue_words(name) | self.own.get(key, frozenset()) for key, name in names.items()}
        self.families = {key: families(f"{name} {(own or {}).get(key, '')}") for key, name in names.items()}
        self.names = {key: _own_words(name) | families(name) for key, name in names.items()}
        every = sorted({word for words in self.words.values() for word in words} | _FOREIGN)
        low = lower_case(text[:_MAX_TEXT])
        self.hits = [(match.start(), match[0]) for match in _pattern(tuple(every)).finditer(low)]

    def score(self, table: int, spans: Sequence[tuple[int, int]], text: str) -> int:
        """Return how strongly the words near a code name a table; 0 for not at all.

        A label right before the code says most. A curator's word says a little more than a name at the same place.
        """
        words, own, best = self.words[table], self.own.get(table, frozenset()), 0
        for start, end in spans[:_MAX_PLACES]:
            first = text.rfind("\n", 0, start)
            last = text.find("\n", end)
            for at, word in self.hits:
                if word in words:
                    on_line = first < at and (last < 0 or at < last)
                    near = at > start - _REACH and at < end + _REACH
                    is_label = on_line and start - _LABEL <= at < start
                    place = _NEAR if on_line and near else _FAR if on_line or near else _ANYWHERE
                    best = max(best, (_BEFORE if is_label else place) + (word in own))
        return best

    def is_near(self, table: int, spans: Sequence[tuple[int, int]], text: str) -> bool:
        """Whether words of a table or its family stand on the line of a code."""
        return not is_data(text, spans[0][0]) and self.score(table, spans, text) >= _NEAR

    def is_named_beside(self, table: int, spans: Sequence[tuple[int, int]], text: str) -> bool:
        """Whether a name of a table, or a word of its curators, stands on the line of a code."""
        words = self.names[table] | self.own.get(table, frozenset())
        first, last = text.rfind("\n", 0, spans[0][0]), text.find("\n", spans[0][1])
        return any(word in words and at > first and (last < 0 or at < last) for at, word in self.hits)

    def is_named_before(self, table: int, span: tuple[int, int], text: str) -> bool:
        """Whether the vendor or product of a table stands right before a code, on its line: "Twilio: 30007"."""
        start = span[0]
        first = max(text.rfind("\n", 0, start), start - _SHORT_LABEL)
        between = self.hits[bisect_left(self.hits, (first, "")) : bisect_left(self.hits, (start, ""))]
        return not is_data(text, start) and any(word in self.names[table] for _, word in between)

    def are_foreign(self, tables: Iterable[int], spans: Sequence[tuple[int, int]], text: str) -> bool:
        """Whether the words right before each place name another vendor, and none of these tables is of that vendor."""
        of = [*tables]
        ours = {family for table in of for family in self.families.get(table, ())}
        return all(self._is_foreign(ours, self._labels(span, text)) for span in spans[:_MAX_PLACES])

    def are_named(self, tables: Iterable[int], spans: Sequence[tuple[int, int]], text: str) -> bool:
        """Whether a curator's word stands right before a place on a line about a failure, and the number ends a clause.

        "payhub failed: 4301" names a code, "payhub failed 4301 times" does not.
        """
        own = frozenset[str]().union(*(self.own.get(table, frozenset()) for table in tables))
        return bool(own) and any(
            not own.isdisjoint(self._labels(span, text))
            and _CLAUSE_END.match(text, span[1])
            and has_trouble(text, *span)
            for span in spans[:_MAX_PLACES]
        )

    def _labels(self, span: tuple[int, int], text: str) -> set[str]:
        start = span[0]
        line = text.rfind("\n", 0, start)
        between = self.hits[bisect_left(self.hits, (start - _LONG_LABEL, "")) : bisect_left(self.hits, (start, ""))]
        reaches = ((at, word, _LONG_LABEL if word.endswith("=") else _LABEL) for at, word in between)
        return {word for at, word, reach in reaches if at > line and at >= start - reach}

    def _is_foreign(self, ours: set[str], labels: set[str]) -> bool:
        named = {_FAMILY_OF[word] for word in labels if word in _FOREIGN}
        return bool(named) and named.isdisjoint(ours)


def families(name: str) -> frozenset[str]:
    """Return the families of a table, from its names."""
    low = name.lower()
    labels = {family: (*words[:3], *_LABELS.get(family, ())) for family, words in _FAMILIES.items()}
    return frozenset(family for family, words in labels.items() if any(_has(low, word) for word in words))


def clue_words(name: str) -> frozenset[str]:
    """Return the words that tell that a text is about a table: those of its names, and of its families."""
    return _own_words(name).union(*(_FAMILIES[family] for family in families(name)))


def _own_words(name: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(name.lower()) if word not in _COMMON and not word.isdigit())


def proposed_words(names: str, own: str) -> list[str]:
    """Return the context words that a table's names propose, in order, without those that it has."""
    low = names.lower()
    words = sorted(clue_words(names) - {*context_words(own)}, key=lambda word: (word not in low, word))
    return words[:_MAX_PROPOSALS]


def _has(name: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(word)}", name) is not None


# The names of vendors whose numbers are often beside ours. Their other words are not names.
_FAMILY_OF = {family: family for family in _FAMILIES if family not in ("http", "smtp", "iis")} | {"mariadb": "mysql"}
_FAMILY_OF |= {label: family for family, labels in _LABELS.items() for label in labels}
_FOREIGN = frozenset(_FAMILY_OF)


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    # A short word is a whole word: "pg", "get". A longer one may begin a name: "TwilioError".
    short = [word for word in words if len(word) <= 4 and word.isalnum()]
    longer = [word for word in words if not (len(word) <= 4 and word.isalnum())]
    ways = [rf"{one_of(short)}(?![a-z0-9])"] * bool(short) + [one_of(longer)] * bool(longer)
    return re.compile(rf"(?<![a-z])(?:{'|'.join(ways)})")
