"""Whose code it is: the words near a code that name a table's product, or another vendor's."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from kb.text.detection.signs import is_data
from kb.text.word_lists import WordFile, lower_case, one_of

_GROUPS = WordFile(Path(__file__).parent / "words" / "tables.toml")
_FAMILIES = _GROUPS.groups("families")
_COMMON = frozenset(_GROUPS.groups("common")["words"])
_WORD = re.compile(r"[^\W_]{2,}")
_NEAR, _FAR, _ANYWHERE = 4, 2, 1
_REACH = 160
_MAX_PLACES = 4
_MAX_TEXT = 60_000


class TableClues:
    """The words of some tables, and where a text has them."""

    def __init__(self, text: str, names: Mapping[int, str]) -> None:
        """Read the text once. `names` has vendor, product, name and short name of each table, by its id."""
        self.words = {key: clue_words(name) for key, name in names.items()}
        self.families = {key: families(name) for key, name in names.items()}
        self.names = {key: _own_words(name) | self.families[key] for key, name in names.items()}
        every = sorted({word for words in self.words.values() for word in words} | _FOREIGN)
        low = lower_case(text[:_MAX_TEXT])
        self.hits = [(match.start(), match[0]) for match in _pattern(tuple(every)).finditer(low)]

    def score(self, table: int, spans: Sequence[tuple[int, int]], text: str) -> int:
        """Return how strongly the words near a code name a table; 0 for not at all."""
        words, best = self.words[table], 0
        for start, end in spans[:_MAX_PLACES]:
            first = text.rfind("\n", 0, start)
            last = text.find("\n", end)
            for at, word in self.hits:
                if word in words:
                    on_line = first < at and (last < 0 or at < last)
                    near = at > start - _REACH and at < end + _REACH
                    best = max(best, _NEAR if on_line and near else _FAR if on_line or near else _ANYWHERE)
        return best

    def is_named_before(self, table: int, span: tuple[int, int], text: str) -> bool:
        """Whether the vendor or product of a table stands shortly before a code, on its line: "Twilio: 30007"."""
        start = span[0]
        first = max(text.rfind("\n", 0, start), start - 28)
        return not is_data(text, start) and any(
            first < at < start and word in self.names[table] for at, word in self.hits
        )

    def is_foreign(self, tables: Iterable[int], span: tuple[int, int], text: str) -> bool:
        """Whether the words right before a code name another vendor, and none of these tables is of that vendor."""
        start = span[0]
        first = max(text.rfind("\n", 0, start), start - 32)
        named = {_FAMILY_OF[word] for at, word in self.hits if first <= at < start and word in _FOREIGN}
        ours = {family for table in tables for family in self.families.get(table, ())}
        return bool(named) and named.isdisjoint(ours)


def families(name: str) -> frozenset[str]:
    """Return the families of a table, from its names."""
    low = name.lower()
    return frozenset(family for family, words in _FAMILIES.items() if any(_has(low, word) for word in words[:3]))


def clue_words(name: str) -> frozenset[str]:
    """Return the words that tell that a text is about a table: those of its names, and of its families."""
    return _own_words(name).union(*(_FAMILIES[family] for family in families(name)))


def _own_words(name: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(name.lower()) if word not in _COMMON and not word.isdigit())


def _has(name: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(word)}", name) is not None


# The names of vendors whose numbers are often beside ours. Their other words are not names.
_FAMILY_OF = {family: family for family in _FAMILIES if family not in ("http", "smtp", "iis")} | {"mariadb": "mysql"}
_FOREIGN = frozenset(_FAMILY_OF)


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    # A short word is a whole word: "pg", "get". A longer one may begin a name: "TwilioError".
    short = [word for word in words if len(word) <= 4 and word.isalnum()]
    longer = [word for word in words if not (len(word) <= 4 and word.isalnum())]
    ways = [rf"{one_of(short)}(?![a-z0-9])"] * bool(short) + [one_of(longer)] * bool(longer)
    return re.compile(rf"(?<![a-z])(?:{'|'.join(ways)})")
