"""What a rule of masking is, and the parts that rules share.

Patterns are matched in a plain copy of the text (`plain`) and never backtrack far (possessive, or with small limits),
so the time grows only with the text.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from kb.text.word_lists import WordFile, lower_case, one_of

BULLET = "\u2022"
"""Replaces each hidden character. Line breaks stay, so positions and line numbers do too."""

HIDDEN = "\x7f"
"""What the plain copy has for a bullet: a search is much faster in a text of ASCII."""

FILE = WordFile(Path(__file__).with_name("words.toml"))

Spans = Iterable[tuple[int, int]]

# Full-width signs, hyphens, spaces and curly quotes, as the ASCII signs that patterns name.
_PLAIN = {
    **{chr(sign): chr(sign - 0xFEE0) for sign in range(0xFF01, 0xFF5F) if not chr(sign).isalpha()},
    **dict.fromkeys(map(chr, range(0x2010, 0x2016)), "-"),
    **dict.fromkeys("\u00a0\u2007\u2009\u202f\u3000", " "),
    **dict.fromkeys("“”„«»「」『』", '"'),
    **dict.fromkeys("‘’‚", "'"),
    BULLET: HIDDEN,
}
_NOT_PLAIN = re.compile(f"[{''.join(_PLAIN)}]")

QUOTE = r"""["'\\`*]{0,6}+"""
# The signs may be aligned with those of other lines, by spaces or dots.
TO = rf"{QUOTE}[ .]{{0,24}}+\s{{0,4}}+(?:=>|:=|[:=]){{1,2}}+[ ]{{0,24}}+\s{{0,4}}+"
# In an unquoted value, "&", "," and ";" are part of it, unless another name and its value follow, or the end of a word.
# Names in connection strings may have several words: "Pwd=a;b;Connection Timeout=30".
_LETTER = r"""[^\s"',;&<>(){}\[\]\\|，。；、！？]"""
_INNER = r"""[&,;](?![\s"'&,;{}\[\]()<>]|\Z|[\w.-]{0,40}+[=:]|(?<=;)[a-z]{1,20}+(?:[ ][a-z]{1,20}+){1,3}+[ ]?=)"""
UNQUOTED = rf"((?:{_LETTER}|{_INNER}|\\[:=#! ]){{1,4000}}+)"
# A quote that a truncated line does not close counts to its end. A doubled one is part of the value.
_ESCAPED = r"""(?:[^"\n\\]|\\[^\n]|""(?=[^\s"])){0,4000}+"""
VALUES = (
    rf"""(?:n?"({_ESCAPED})"?+|n?'((?:[^'\n]|''(?=[^\s'])){{0,4000}}+)'?+|\\"([^"\n\\]{{0,4000}}+)\\?+|{UNQUOTED})"""
)
_COPULAS = FILE.words("copulas")
# The class of first letters is tried in one step, the words one by one.
_COPULA_WORD = rf"(?=[{''.join(sorted({word[0] for word in _COPULAS}))}]){one_of(_COPULAS)}(?!\w)"
_COPULA = rf"(?:\s{{1,3}}+{_COPULA_WORD}|\s{{0,3}}+{one_of(FILE.words('copulas_cjk'))})"
IS = rf"{QUOTE}{_COPULA}(?:\s{{1,3}}+{one_of(FILE.words('adverbs'))}(?!\w))?+\s{{0,3}}+:?\s{{0,3}}+"
# Words between a name and its copula: "the password of the demo account is x".
_WORDS_BETWEEN_NAME_AND_VALUE = re.compile(r"(?:[ ](?![-=])[\w@.'/-]{1,30}+){0,6}")
_REACH = 120
"""Characters that these words have, at most."""
# What may stand between a name and its number: "phone no.: 3".
_WORDS_BETWEEN = one_of([*_COPULAS, *FILE.words("copulas_cjk"), *FILE.words("number_words")])
_BETWEEN = rf"(?:{_WORDS_BETWEEN}(?![^\W\d_])|[:=#.°>]{{1,2}}+|-(?=[ ]))"
JOIN = rf"{QUOTE}(?:[ \t]{{0,3}}+{_BETWEEN}){{0,3}}+[ \t]{{0,3}}+[\[(]?[ ]?{QUOTE}"
NO_VALUES = frozenset(FILE.words("no_values"))
_IDS = re.compile(rf"(?:\b|_|[a-z]){one_of(FILE.words('ids'))}(?:[ _-]?(?:id|no|nr|number))?[\"'\s:=#.]{{0,6}}+\Z")


class Pattern:
    """A regular expression that is compiled when it is first used: most texts have the clues of few rules."""

    def __init__(self, source: str, flags: int = 0) -> None:
        """Keep the expression."""
        self._source, self._flags = source, flags

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Return it in compiled form."""
        return re.compile(self._source, self._flags)


class Rule(NamedTuple):
    """If a text has one of the clues, the pattern is tried, and `spans` says what of a match is hidden."""

    clues: tuple[str, ...]
    pattern: Pattern
    spans: Callable[[re.Match[str]], Spans]


class Tail(NamedTuple):
    """What may stand right behind a name, and what of it is hidden."""

    pattern: Pattern
    spans: Callable[[re.Match[str]], Spans]


class Names(NamedTuple):
    """Names of secrets and what may stand behind each. The names are searched once for all tails."""

    clues: tuple[str, ...]
    pattern: Pattern
    tails: tuple[Tail, ...]


def groups(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the place of each group that has a value."""
    for group, value in enumerate(match.groups(), 1):
        if value:
            yield match.span(group)


def behind_words(pattern: Pattern, spans: Callable[[re.Match[str]], Spans]) -> Callable[[re.Match[str]], Spans]:
    """Return what yields the secrets of a pattern that begins up to six words behind a name."""

    def spans_behind_words(name: re.Match[str]) -> Spans:
        text, start = name.string, name.end()
        match = pattern.compiled.search(text, start, start + _REACH)
        if not match or not _WORDS_BETWEEN_NAME_AND_VALUE.fullmatch(text, start, match.start()):
            return ()
        return spans(pattern.compiled.match(text, match.start()) or match)

    return spans_behind_words


def groups_if(is_secret: Callable[[str], bool]) -> Callable[[re.Match[str]], Spans]:
    """Return what yields the places of the groups whose values are secrets."""

    def spans(match: re.Match[str]) -> Iterator[tuple[int, int]]:
        for start, end in groups(match):
            if is_secret(match.string[start:end]):
                yield start, end

    return spans


def clues(*lists: Iterable[str]) -> tuple[str, ...]:
    """Return the longest part of each word: each match of the words contains one of these."""
    parts = dict.fromkeys(max(re.split("[- ]", word), key=len) for words in lists for word in words)
    return tuple(part for part in parts if parts.keys().isdisjoint(_parts_within(part)))


def _parts_within(word: str) -> Iterator[str]:
    length = len(word)
    return (word[at : at + size] for size in range(1, length) for at in range(length - size + 1))


def plain(text: str) -> str:
    """Return the text in lower case, with ASCII signs for their full-width forms, and of the same length."""
    low = lower_case(text)
    return low if low.isascii() else _NOT_PLAIN.sub(lambda match: _PLAIN[match[0]], low)


def is_after_an_id(text: str, at: int) -> bool:
    """Whether the number at a place is named as an id, an order or the like right before it."""
    return _IDS.search(text, max(at - 30, 0), at) is not None


_PLACEHOLDER = re.compile(
    r"\$[a-z_]{1,60}|[$#%@]\{[^{}]{0,80}\}?|\$\(.*|%\w|%\(\w{1,60}\)s|[$#%@!{]{1,3}|\{\{.*|\{[%\w. ]*\}|<[^<>]*>?"
    r"|![a-z]{1,20}|[*.\x7f]+|x{3,}|-+"
    r"|(?:your|insert|enter|replace|put)[_ -].*(?:here|key|token|secret|password|value)|.*[_-]here"
)


def is_value(value: str) -> bool:
    """Whether a value may be a secret: it is no word such as "wrong", no name of a variable and no placeholder."""
    word = value.strip(" .,!?:;)").lower()
    return bool(word) and word not in NO_VALUES and not _PLACEHOLDER.fullmatch(value.strip(" ,;`"))


_CODE = re.compile(
    r"[a-z]{1,4}-\d{1,6}|[a-z]{1,8}-\d{3,6}|(?:error|status|server|build)-\d+|[a-z]{1,2}\d{3,6}|-?0x[0-9a-f]{1,16}|\d\d[a-z]\d\d|[\d.,:-]+(?:ms|s|kb|mb)?"
    r"|(?:v|[a-z]{2,10})\d+(?:\.\d+){1,3}(?:-\w+)?|(?:req|request|trace|span|job|pod|~?/|\.{1,2}/)[-/.\w].*"
)


def is_strong(value: str, least: int = 6) -> bool:
    """Whether a value looks like a secret also without a sign before it: letters and digits, and no code."""
    value = value.strip(".,!?:)")
    has_both = any(sign.isdigit() for sign in value) and any(sign.isalpha() for sign in value)
    has_sign = any(sign in "!#$%&*?@^~" for sign in value) and any(sign.isalpha() for sign in value)
    return len(value) >= least and (has_both or has_sign) and not _CODE.fullmatch(value) and is_value(value)
