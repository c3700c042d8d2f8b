"""Word lists that people edit: TOML files beside the modules that use them, read once at import."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


class BadWordList(ValueError):
    """A word list is invalid. The message names the file, the list and the entry."""


class WordFile:
    """The word lists of one TOML file, by name.

    A list is a text of words with white space between them, or an array of words and phrases in quotes.
    """

    def __init__(self, path: Path) -> None:
        """Read the file. Raises BadWordList."""
        self.path = path
        try:
            self._values: Mapping[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadWordList(f"{path}: this is not TOML: {error}") from None

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list that is matched in lower-cased text. Raises BadWordList."""
        return self._in_lower_case(name, self.exact(name))

    def exact(self, name: str) -> tuple[str, ...]:
        """Return a list that is matched in the text as it stands. Raises BadWordList."""
        return self._entries(name, self._value(name))

    def groups(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return a table of lists that share no word, in the order of the file, each matched in lower-cased text.

        Raises BadWordList.
        """
        table = self._value(name)
        if not isinstance(table, dict):
            raise self._bad(name, "this must be a table of lists")
        groups: dict[str, tuple[str, ...]] = {}
        for key, value in table.items():
            words = self._in_lower_case(f"{name}.{key}", self._entries(f"{name}.{key}", value))
            for other, others in groups.items():
                for word in set(words).intersection(others):
                    raise self._bad(f"{name}.{key}", f"“{word}” stands in {name}.{other} too")
            groups[key] = words
        return groups

    def texts(self, name: str) -> dict[str, str]:
        """Return a table of texts, in the order of the file. Raises BadWordList."""
        table = self._value(name)
        if not isinstance(table, dict):
            raise self._bad(name, "this must be a table of texts")
        for key, value in table.items():
            if not isinstance(value, str) or not value.strip():
                raise self._bad(f"{name}.{key}", "this must be a text, and not empty")
        return {str(key): value for key, value in table.items()}

    def _value(self, name: str) -> object:
        if name not in self._values:
            raise self._bad(name, f"there is no such list; the file has {', '.join(self._values) or 'none'}")
        return self._values[name]

    def _entries(self, name: str, value: object) -> tuple[str, ...]:
        entries = value.split() if isinstance(value, str) else value
        if not isinstance(entries, list) or not entries:
            raise self._bad(name, "this must be words between quotes, or an array of words, and not empty")
        for position, entry in enumerate(entries, 1):
            if not isinstance(entry, str) or not entry or entry != " ".join(entry.split()):
                raise self._bad(name, f"entry {position}, {entry!r}, must be a text without extra white space")
            if entry in entries[: position - 1]:
                raise self._bad(name, f"“{entry}” stands there twice")
        return tuple(entries)

    def _in_lower_case(self, name: str, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word != lower_case(word):
                raise self._bad(name, f"“{word}” has capitals: write “{lower_case(word)}”")
        return words

    def _bad(self, name: str, reason: str) -> BadWordList:
        return BadWordList(f"{self.path}: {name}: {reason}.")


class _Tree(dict[str, "_Tree"]):
    """A tree of words by their beginnings: each next pattern with its own tree; "" ends a word."""


def lower_case(text: str) -> str:
    """Return the text in lower case and of the same length, so that positions stay."""
    return text.replace("\u0130", "I").lower()


def one_of(words: Iterable[str | Sequence[str]]) -> str:
    """Return a pattern for any of the words, the longest first. A word may be a sequence of patterns.

    Words with the same beginning share it, so that the matcher tries one way for each letter instead of each word.
    """
    tree = _Tree()
    for word in words:
        node = tree
        for sign in [re.escape(letter) for letter in word] if isinstance(word, str) else word:
            node = node.setdefault(sign, _Tree())
        node[""] = _Tree()
    return _pattern(tree)


def whole(words: Iterable[str]) -> str:
    r"""Return a pattern for any of the words, each followed by `\b` where its script puts spaces between words."""
    spaced: list[str] = []
    joined: list[str] = []
    for word in words:
        (joined if word[-1] >= "\u2e80" else spaced).append(word)
    return "|".join([rf"{one_of(spaced)}\b"] * bool(spaced) + [one_of(joined)] * bool(joined))


def _pattern(tree: _Tree) -> str:
    ways = [sign + _pattern(rest) for sign, rest in tree.items() if sign]
    if not ways:
        return ""
    if "" in tree:
        return f"(?:{'|'.join(ways)})?"
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
