"""Split text into the words of the index, the same on every database.

Databases store only these words: letters and digits in lower case, with spaces between them. So the tokenizers,
collations and dictionaries of databases do not change the results.
"""

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kb.text.accents import fold_accents
from kb.text.word_lists import WordFile

MAX_LENGTH = 40
"""Most characters of a word. Longer ones are keys and hashes, which people do not type."""

MAX_TEXT = 20_000
"""Most characters of one text that are read."""

_MOST_KNOWN = 50_000

_FILE = WordFile(Path(__file__).with_name("words.toml"))
STOP = frozenset(_FILE.words("stop_words"))
"""Words that any question may have. They are indexed, and count only in a question without other words."""

_FORMS = _FILE.groups("irregular")
_IRREGULAR = {form: word for word, forms in _FORMS.items() for form in forms}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PARTS = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+|[^A-Za-z0-9]+")
_HUMP = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]{2}")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_BREAKS = bytes(byte if byte < 128 and chr(byte).isalnum() else 32 for byte in range(256))
_DOUBLE = re.compile(r"([bdgkmnprt])\1$")


class TextWord(NamedTuple):
    """A word of a text: its place, the word in lower case, and its parts (`user`, `id` for `UserID`)."""

    start: int
    end: int
    whole: str
    parts: tuple[str, ...]


def fold(text: str) -> str:
    """Return text in one spelling, in characters that every database stores. Case stays, because it separates words."""
    return fold_accents(text[:MAX_TEXT])[:MAX_TEXT]


def words_in(folded: str) -> list[TextWord]:
    """Return the words of a folded text in order; Chinese, Japanese and Korean in pairs of characters."""
    words = []
    for match in _WORD.finditer(folded):
        words += _pairs(match[0], match.start()) if _CJK.search(match[0]) else _words_of(match[0], match.start())
    return words


def words_with(folded: str, texts: Collection[str]) -> list[TextWord]:
    """Return the words of a folded text in order, if they contain one of some texts in lower case.

    It may return other words, too. It takes a fraction of the time of `words_in`.
    """
    if not folded.isascii() or "'" in folded:
        return words_in(folded)
    lower, words = folded.lower(), dict[int, TextWord]()
    for text in texts:
        at = lower.find(text)
        while at >= 0:
            start, end = at, at + len(text)
            while start and folded[start - 1].isalnum():
                start -= 1
            while end < len(folded) and folded[end].isalnum():
                end += 1
            if start not in words:
                words |= {word.start: word for word in _words_of(folded[start:end], start)}
            at = lower.find(text, end)
    return [words[start] for start in sorted(words)]


def beginnings_of(stem_: str) -> set[str]:
    """Return texts one of which each word with this stem contains, in lower case: see `stem`."""
    own = stem_[:-1] if stem_.endswith("y") and len(stem_) > 2 else stem_
    return {own, *_FORMS.get(stem_, ())}


def _words_of(text: str, start: int) -> list[TextWord]:
    whole = _lower(text)
    if not whole:
        return []
    parts = tuple(p for part in _PARTS.findall(text) if (p := _lower(part))) if _HUMP.search(text) else ()
    return [TextWord(start, start + len(text), whole, parts)]


def stems_and_words(*texts: str) -> tuple[str, list[str]]:
    """Return the stems of texts, separated by spaces, and the words, both in order. See `each_once`."""
    text = "\n".join(texts)
    if len(text) <= MAX_TEXT and text.isascii() and "'" not in text:
        # Most texts are like this. It takes a sixth of the time of the pattern.
        found = text.encode().translate(_BREAKS).decode().split()
        return " ".join(map(_stems_of, found)), list(map(_forms_of, found))
    found = _WORD.findall("\n".join(map(fold, texts)))
    return " ".join(filter(None, map(_stems_of, found))), list(filter(None, map(_forms_of, found)))


def each_once(words: Iterable[str]) -> str:
    """Return words without repetitions, separated by spaces. One may be several: `UserID` is `user id userid`."""
    once = dict.fromkeys(words)
    text = " ".join(once)
    return " ".join(dict.fromkeys(text.split())) if text.count(" ") >= len(once) else text


class _KnownWords(dict[str, str]):
    """What a function returns for each word, called when it is first asked for. When full, it forgets all words."""

    def __init__(self, function: Callable[[str], str]) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, word: str) -> str:
        if word.isascii() and word.isdigit():
            # Few numbers come twice.
            return word[:MAX_LENGTH]
        known = self.function(word)
        if len(word) <= MAX_LENGTH:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[word] = known
        return known


def _forms(word: str) -> list[str]:
    """Return the words of one word as a text has it: several for a name such as `UserID`."""
    return [form for text_word in words_in(word) for form in (*text_word.parts, text_word.whole)]


def _joined_stems(word: str) -> str:
    return " ".join([stem(form) for form in _forms(word)])


def _joined_forms(word: str) -> str:
    return " ".join(_forms(word))


_stems_of, _forms_of = _KnownWords(_joined_stems).__getitem__, _KnownWords(_joined_forms).__getitem__


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the common stem of an English word's forms; other words and numbers stay as they are."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.isascii() or not word.isalpha() or len(word) < 4:
        return word
    return _without_end(_without_plural(word))


def _without_plural(word: str) -> str:
    if word.endswith(("ies", "ied")) and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_end(word: str) -> str:
    for end in ("ing", "ed"):
        if (
            word.endswith(end)
            and not word.endswith("eed")
            and len(word) - len(end) >= 3
            and re.search("[aeiouy]", word[: -len(end)])
        ):
            word = word[: -len(end)]
            word = word[:-1] if _DOUBLE.search(word) else word
            break
    if word.endswith(("tion", "sion")) and len(word) > 6:
        word = word[:-3]
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word[:-2] if word.endswith("at") and len(word) >= 7 else word


def _lower(text: str) -> str:
    if "'" in text or "’" in text:
        head, _, tail = text.replace("’", "'").partition("'")
        text = "not" if tail.lower() == "t" else head
    return "".join([c for c in text.casefold() if c.isalnum()])[:MAX_LENGTH]


def _pairs(text: str, start: int) -> list[TextWord]:
    words = []
    for run in re.finditer(f"{_CJK.pattern}|[^\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+", text):
        chars, at = run[0], start + run.start()
        if not _CJK.match(chars):
            words += [TextWord(at, at + len(chars), word, ())] if (word := _lower(chars)) else []
        elif len(chars) == 1:
            words.append(TextWord(at, at + 1, chars, ()))
        else:
            words += [TextWord(at + i, at + i + 2, chars[i : i + 2], ()) for i in range(len(chars) - 1)]
    return words


LIGHT_STEMS = frozenset(map(stem, (*_FILE.words("negations"), *_FILE.words("conversation"))))
"""Stems of words that say little about what a question is about."""

OTHER_TOPICS = frozenset(map(stem, _FILE.words("other_topics")))
"""Stems of words of other topics: see `kb.searching.coverage`."""
