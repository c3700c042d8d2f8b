"""Passwords of plain words: "passphrase: purple monkey dishwasher"."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, IS, NO_VALUES, QUOTE, Pattern, Tail, behind_words, groups, is_value

_JOINS = frozenset(FILE.words("phrase_joins"))
_STOPS = (NO_VALUES | {*FILE.words("passwords"), *FILE.words("phrase_stops")}) - _JOINS
_LEAST, _SHORT = 3, 2
"""So many words of more letters than these make a password: "x y z" may be something else."""

_WORD = r"[^\W\d_]{1,20}+"
_FIRST = rf"{QUOTE}({_WORD})"
_MORE = rf"(?P<more>(?:[ -]{_WORD}){{2,23}}+)(?![\w=:])"
_BEHIND_PHRASE = "|".join(f"(?<={name})" for name in FILE.words("phrase_names"))
_KEY_OF_LINE = re.compile(r"(?:\A|\n)[ \t>]{0,12}+(?:(?:export|set|env|arg|-) )?[\"']?[\w.$-]{0,60}+\Z")
_KEY_IN_QUOTES = re.compile(r"([\"'])[\w.-]{0,60}+\Z")
_LONGEST_KEY = 80


def is_of_no_sentence(value: str) -> bool:
    """Whether none of the words of a value would go on with a sentence: "must be long" is no password."""
    return is_value(value) and _STOPS.isdisjoint(value.split())


def _words(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a password of plain words. A word that would go on with a sentence ends it: "and it fails"."""
    words = [match[1], *re.split("[ -]", match["more"])[1:]]
    if words[0] in NO_VALUES:
        return
    count = next((number for number, word in enumerate(words) if word in _STOPS), len(words))
    while count and words[count - 1] in _JOINS:
        count -= 1
    if sum(len(word) > _SHORT for word in words[:count]) >= _LEAST:
        yield match.start(1), match.start(1) + len(" ".join(words[:count]))


def _phrase(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the same behind the name of a phrase, where the first word may be one such as "correct"."""
    if match[1] in NO_VALUES:
        rest = _MORE_OF_PHRASE.match(match.string, match.end(1) + 1)
        yield from ((match.start(1), end) for _, end in (_words(rest) if rest else ()))
    else:
        yield from _words(match)


def _quoted_line(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield all that stands between a name and the quote that was opened before it: `-e "PASSWORD=two words"`."""
    is_key = _KEY_IN_QUOTES.search(match.string, max(match.start() - _LONGEST_KEY, 0), match.start())
    if is_key and is_key[1] == match.string[match.end()] and is_of_no_sentence(match[1]):
        yield match.span(1)


def _line(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield all that stands behind a name that begins a line, as in a file of settings."""
    is_key = _KEY_OF_LINE.search(match.string, max(match.start() - _LONGEST_KEY, 0), match.start())
    if is_key and (match[1] in _JOINS or is_value(match[1])) and _STOPS.isdisjoint(match["more"].split()):
        yield match.start(1), match.end("more")


_MORE_OF_PHRASE = re.compile(rf"({_WORD}){_MORE}")
_SAID = Pattern(rf"(?:{IS}|[ ]?[:=][ ]?){_FIRST}{_MORE}")
PHRASES = (
    Tail(Pattern(r"=([^\s\"'=:][^\"'\n=:]{1,200}+)(?=[\"'])"), _quoted_line),
    Tail(_SAID, _words),
    # "my passphrase (purple monkey dishwasher)".
    Tail(Pattern(rf"(?:{_BEHIND_PHRASE})[ ](?=[(\[\"'`])[(\[]?{_FIRST}{_MORE}"), _words),
    Tail(Pattern(rf"(?:{_BEHIND_PHRASE})[ ]{QUOTE}({_WORD}(?:-{_WORD}){{2,23}}+)(?!\w)"), groups),
    Tail(
        Pattern(rf"(?:{_BEHIND_PHRASE})"),
        behind_words(_SAID, _phrase),
    ),
    Tail(
        Pattern(
            r"[\"']?[ ]{0,4}+=[ ]{0,4}+(?!=)([^\s\"'=:]{2,200}+)"
            r"(?P<more>(?:[ ][^\W\d_]{2,20}+){1,11}+)[ ]?(?=[\r\n]|\Z)"
        ),
        _line,
    ),
)
