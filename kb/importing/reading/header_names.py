"""What a header says that its column holds: by its whole name, or by the words that it is made of.

Headers differ in language, case, width, accents, plural, and in marks around them; `plain` takes all of that away.
"""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from kb.text.word_lists import WordFile

SPLIT = "split"
"""The target of a column with two texts or more, such as "Cause and solution"."""

_FILE = WordFile(Path(__file__).with_name("headers.toml"))
_TAG = re.compile(r"<[/a-zA-Z][^<>]{0,300}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()]{0,300}\)")
_ANCHOR = re.compile(r"\{[#:.][^{}]{0,200}\}|\[\^?\d{1,3}\]|\^\d{1,3}\^?")
_WIDTH = re.compile(r"-\d{1,3}%(?:-[lrc])?\Z")
_BRACKETS = re.compile(r"[(\[{<\u3010\u300c][^()\[\]{}<>\u3010\u3011\u300c\u300d]*[)\]}>\u3011\u300d]")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"\A\d{1,2}[.)][ \t]{0,9}")
"""The number of a column before its name: `1) Error code`."""
_VERSION = re.compile(r"(?<=\w )v\.? ?\d{1,2}(?:\.\d{1,2})?\b")
_ACCENTS = re.compile("[\u0300-\u036f]")
_AND = re.compile(r"[&/+,\u3001\u30fb]")
_NO_WORD = re.compile(r"[^\w&#\u0900-\u097f\u0e00-\u0e7f]+|_")
_PLURAL = re.compile(r"(?<=[a-z]{3})(?<![su])s\b")
_SCRIPTS = re.compile(r"(?<=[a-z0-9])(?=[\u3040-\u9fff\uac00-\ud7af])|(?<=[\u3040-\u9fff\uac00-\ud7af])(?=[a-z0-9])")
_FOOTNOTE = re.compile("[\u00b9\u00b2\u00b3\u2070-\u2079\u2020\u2021\u203b\u25bc\u25b2\u2191\u2193\u21c5*`]")
_HEAD_FIRST = re.compile(r" (?:de|du|des|d|del|della|di|do|da|der|of|van) |[\u0400-\u04ff]")
_SEVERAL_CELLS = re.compile("[;|\t]")
_DECIMAL = re.compile(r"\b[Dd]ec(?:imal)?\b")
_MAX_LENGTH = 400
_MAX_NAME = 80
_MAX_WORDS = 4
_LEAST_MISSPELT = 7
_TEXTS = ("description", "possible_reasons", "suggested_actions")


class Claim(NamedTuple):
    """What a header says that its column holds; `target` is "" where it says nothing that is known.

    Of two claims for one target the lower rank wins. A weak claim counts only with support from the cells.
    """

    target: str
    rank: int = 0
    is_weak: bool = False
    # The header as it should be spelt, where a letter is wrong.
    spelling: str = ""
    # The tag of the language that the header names.
    language: str = ""

    def is_foreign(self, language: str) -> bool:
        """Whether the header names another language than the one with this tag."""
        return bool(self.language and language) and self.language != language[:2].lower()


def shown(header: str) -> str:
    """Return a header as a reader of its page sees it: without tags, links, anchors, footnotes and widths."""
    text = header[:_MAX_LENGTH]
    if not text.isalnum():
        text = _ANCHOR.sub(" ", _TAG.sub(" ", _LINK.sub(r"\1", _FOOTNOTE.sub("", text)))).strip()
        text = _WIDTH.sub("", text)
    return text


def plain(header: str) -> str:
    """Return a header in lower case, without accents, plural, marks, brackets and punctuation."""
    text = unicodedata.normalize("NFKC", shown(header))
    text = _NUMBER.sub("", _BRACKETS.sub(" ", text).strip()) or text
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", _HUMP.sub(" ", text)))
    text = unicodedata.normalize("NFC", text).lower().replace("#", " # ").replace("\u0131", "i")
    text = _VERSION.sub(" ", text)
    text = _SCRIPTS.sub(" ", _NO_WORD.sub(" ", _AND.sub(" & ", text)))
    return " ".join(_PLURAL.sub("", text).split()).strip(" &")


def _plain_lists(name: str) -> dict[str, dict[str, int]]:
    """Return the rank of each plain entry, by the name of its list."""
    return {
        key: {plain(word) or word: rank for rank, word in reversed(list(enumerate(words)))}
        for key, words in _FILE.groups(name).items()
    }


_NAMES = _plain_lists("names")
_WEAK = _plain_lists("weak")
_WORDS = _plain_lists("words")
_LANGUAGES = {word: tag for tag, words in _plain_lists("languages").items() for word in words}
_CLASSES = {word: name for name in reversed(_WORDS) for word in _WORDS[name]}
_NO_CODES = _FILE.groups("no_codes")
_TOTALS = frozenset(map(plain, _NO_CODES["totals"]))
NO_CODES = frozenset(
    spelling for words in _NO_CODES.values() for word in words for spelling in (word, word.capitalize(), word.upper())
)
"""Cells that look like codes, and are none."""
_OTHER_TABLES = frozenset(plain(name) for name in _FILE.groups("other_tables")["names"])
_VOCABULARY = frozenset(
    word for word in _CLASSES if len(word) >= _LEAST_MISSPELT and word.isascii() and " " not in word
)
_UNKNOWN = "unknown"


def _without_a_letter(word: str) -> set[str]:
    """Return a word, and what is left of it without each of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


_NEAR: dict[str, list[str]] = {}
"""The words of the vocabulary, by what is left of them without a letter: two words one edit apart share that."""

for _entry in sorted(_VOCABULARY):
    for _rest in _without_a_letter(_entry):
        _NEAR.setdefault(_rest, []).append(_entry)


@lru_cache(4096)
def claim(header: str) -> Claim:
    """Return what a header says that its column holds."""
    text = plain(header)
    if not text or len(text) > _MAX_NAME or _SEVERAL_CELLS.search(header):
        return Claim("")
    for target, names in _NAMES.items():
        if text in names:
            # Between "error code" and "code", there is room for "fault code" and its like.
            return Claim(target, 10 * names[text] + bool(_DECIMAL.search(header)))
    if (answer := _claim_in_language(text)).target:
        return answer
    words = _words(text)
    answer = _claim_of(words, text) if words[0][0] != "and" else Claim("")
    if not answer.target or answer.is_weak:
        answer = _respelt_claim(words) or answer
    if not answer.target or answer.is_weak:
        for target, names in _WEAK.items():
            if text in names:
                return Claim(target, 1000 + names[text], True)
    return answer


def _respelt_claim(words: list[tuple[str, str]]) -> Claim | None:
    """Return what the words of a header say once their spelling is mended; None where that changes nothing."""
    if len(words) > _MAX_WORDS or _UNKNOWN not in {name for name, _ in words}:
        return None
    spelling = " ".join(_respelt(word) if name == _UNKNOWN else word for name, word in words)
    answer = claim(spelling) if spelling != " ".join(word for _, word in words) else Claim("")
    return answer._replace(spelling=spelling) if answer.target and not answer.is_weak else None


def _claim_in_language(text: str) -> Claim:
    """Return what a header says about a text in a language that it names."""
    tokens = text.split()
    for size in (1, 2):
        for words, rest in ((tokens[-size:], tokens[:-size]), (tokens[:size], tokens[size:])):
            tag = _LANGUAGES.get(" ".join(words), "")
            if tag and rest:
                answer = claim(" ".join(rest))
                if answer.target in (*_TEXTS, "symbol") and not answer.is_weak:
                    return answer._replace(language=tag)
    return Claim("")


def language_of(header: str) -> str:
    """Return the tag of the language that a header ends with; "" without one."""
    return _LANGUAGES.get(plain(header).rpartition(" ")[2], "")


def may_be_code(header: str) -> bool:
    """Whether a header may be that of the code, if the cells below look like codes."""
    answer = claim(header)
    return answer.target in ("code", "symbol") or plain(header) in _WEAK["code"]


def is_total(cell: str) -> bool:
    """Whether a cell in the column of the code is the label of a sum."""
    return plain(cell) in _TOTALS


def is_note(header: str) -> bool:
    """Whether a header is a name such as "Note", which most tables have for words of any kind."""
    return plain(header) in _WEAK["description"]


def is_of_failures(header: str) -> bool:
    """Whether a header names what went wrong, such as "Error" or "Alarm"."""
    return plain(header) in _WORDS["what"]


def is_of_other_table(header: str) -> bool:
    """Whether a header is one of a table of parameters, limits or fields."""
    return plain(header) in _OTHER_TABLES


def _claim_of(words: list[tuple[str, str]], text: str) -> Claim:
    """Return what the words of a header say together."""
    classes = [name for name, _ in words if name not in ("filler", "modifier")]
    heads = [name for name in classes if name not in ("what", "and")]
    if not heads:
        return Claim("code", 1500, True) if "what" in classes else Claim("")
    kinds = set(heads) - {_UNKNOWN}
    texts = kinds & {"possible_reasons", "suggested_actions"} or kinds & set(_TEXTS)
    if "and" in classes and len(kinds & set(_TEXTS)) > 1 and "key" not in kinds:
        return Claim(SPLIT)
    head = heads[0] if _HEAD_FIRST.search(text) else heads[-1]
    if head == "key":
        return _code_claim(words, classes, heads, text)
    if head == _UNKNOWN or (kinds - {head} - set(_TEXTS) and head not in (*_TEXTS, "symbol", "section")):
        return Claim("")
    if head == "description" and "section" in kinds:
        return Claim("")
    target = next(iter(texts)) if head in _TEXTS and len(texts) == 1 and "key" not in heads else head
    if target == "symbol" and "section" in kinds:
        target = "section"
    rank = 2 * min(_WORDS[target][word] for name, word in words if name == target) + (len(classes) > 1)
    return Claim(target, 1000 + rank, True) if _UNKNOWN in heads else Claim(target, rank)


def _code_claim(words: list[tuple[str, str]], classes: list[str], heads: list[str], text: str) -> Claim:
    key_rank = min(_WORDS["key"][word] for name, word in words if name == "key")
    is_code = key_rank < _WORDS["key"]["number"]
    # "Alarm no." is a code, "no fault" and "number of faults" are not.
    is_count = " of " in text or text.startswith("no ")
    if "section" in heads or (is_count and not is_code):
        return Claim("")
    if set(heads) == {"key"} and "what" not in classes:
        return Claim("code", 20) if is_code else Claim("code", 1200, True)
    if set(heads) <= {"key", "description", "possible_reasons"}:
        return Claim("code", 15 if is_code else 25)
    return Claim("code", 1400, True)


def _words(text: str) -> list[tuple[str, str]]:
    """Return the class of each word of a plain header, and the word; words that no list has are unknown."""
    tokens, words, at = text.split(), [], 0
    while at < len(tokens):
        for count in range(min(_MAX_WORDS, len(tokens) - at), 0, -1):
            phrase = " ".join(tokens[at : at + count])
            if phrase == "&" or phrase in _CLASSES:
                words.append(("and" if phrase == "&" else _CLASSES[phrase], phrase))
                break
        else:
            count = 1
            words += _compound(tokens[at]) or [(_UNKNOWN, tokens[at])]
        at += count
    return words


def _compound(token: str) -> list[tuple[str, str]]:
    """Return the words of a token that is written without spaces, the longest first; [] where a part is unknown."""
    least = 3 if token[0] < "\u2e80" else 1
    parts: list[tuple[str, str]] = []
    at = 0
    while at < len(token):
        ends = range(len(token), at + least - 1, -1)
        part = next((token[at:end] for end in ends if token[at:end] in _CLASSES), "")
        if parts and len(token) - at == 2 and _CLASSES.get(token[at:]) == "key":
            part = token[at:]
        if not part and parts and token[at] == "s":
            # German joins words with an "s": Störungsnummer.
            at += 1
            continue
        if not part:
            return []
        parts.append((_CLASSES[part], part))
        at += len(part)
    return parts


def _respelt(word: str) -> str:
    """Return the word of a header that this one is with one letter wrong; itself where there is none."""
    if len(word) < _LEAST_MISSPELT - 1 or len(word) > _MAX_NAME or not word.isascii():
        return word
    near = (entry for rest in sorted(_without_a_letter(word)) for entry in _NEAR.get(rest, ()))
    return next((entry for entry in near if _is_one_edit_away(word, entry)), word)


def _is_one_edit_away(word: str, entry: str) -> bool:
    """Whether one letter is missing, too much, another one, or swapped with the next."""
    if abs(len(word) - len(entry)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(word, entry, strict=False)) if a != b), min(len(word), len(entry)))
    rest, other = word[start:], entry[start:]
    return rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or (
        rest[:2] == other[1::-1] and rest[2:] == other[2:]
    )  # fmt: skip
