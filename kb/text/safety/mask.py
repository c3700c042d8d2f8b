"""Hide secrets and personal data in a pasted text before any of it is shown or logged."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kb.text.word_lists import WordFile, lower_case, one_of

BULLET = "\u2022"
"""Replaces each hidden character. Line breaks stay, so positions and line numbers do too."""

_FILE = WordFile(Path(__file__).with_name("words.toml"))

# Patterns are matched in lower-cased text and never backtrack (possessive), so the time grows only with the text.
_QUOTE = r"""["'\\]{0,6}+"""
_TO = rf"{_QUOTE}\s{{0,4}}+(?:=>|:=|[:=：＝]){{1,2}}+\s{{0,4}}+"
_SECRETS = _FILE.words("secrets")
_NAMES = one_of([sign if sign != "-" else "[_-]?" for sign in word] for word in _SECRETS)
# A quote that a truncated line does not close counts to its end.
_VALUES = (
    r"""(?:"([^"\n]{0,4000}+)"?+|'([^'\n]{0,4000}+)'?+|\\"([^"\n\\]{0,4000}+)\\?+|([^\s"',;&<>(){}\[\]\\]{1,4000}+))"""
)

_PASSWORDS, _PASSWORD_STARTS = _FILE.words("passwords"), _FILE.words("password_starts")
_PHONES, _PHONES_ANYWHERE = _FILE.words("phones"), _FILE.words("phones_anywhere")
_PASSWORD = rf"(?:{one_of(_PASSWORDS)}|\b{one_of(_PASSWORD_STARTS)})"
_PHONE = rf"(?:\b{one_of(_PHONES)}(?:[_ -]?{one_of(_FILE.words('phone_endings'))})?|{one_of(_PHONES_ANYWHERE)})"
_SCHEMES = r"\b(?:https?|ftp|wss?|rediss?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|amqps?)"


def _clues(*lists: Iterable[str]) -> str:
    """Return the longest part of each word: each match of the words contains one of these."""
    parts = dict.fromkeys(max(re.split("[- ]", word), key=len) for words in lists for word in words)
    return " ".join(part for part in parts if not any(other != part and other in part for other in parts))


# Words and a pattern: if a text has one of the words, the pattern is tried, and each of its groups is hidden.
_ALWAYS: dict[str, str] = {
    "private key-----": r"-----begin (?:[a-z]{1,12} ){0,3}private key-----((?:[^-]|-(?!----))*+)",
    "authorization": rf"\b(?:proxy-)?authorization{_TO}{_QUOTE}"
    r"(?:(?:bearer|basic|digest|token|negotiate|apikey)\s{1,3}+)?([^\s\"',;\\]{1,4000}+)",
    "bearer basic": r"\b(?:bearer|basic)\s{1,3}+([a-z0-9._~+/=-]{12,4000}+)",
    "cookie": rf"\b(?:set-)?cookie{_TO}{_QUOTE}([^\n\"']{{1,4000}}+)",
    _clues(_PASSWORDS, _PASSWORD_STARTS): rf"{_PASSWORD}{_TO}{_VALUES}",
    # The second way steps over a word that is no token: otherwise each `-` in it would begin another try.
    "eyj eyi": r"\b(?:(ey[ji][a-z0-9_-]{8,}+\.[a-z0-9_-]{4,}+(?:\.[a-z0-9_-]{1,}+)?)|ey[ji][a-z0-9_-]*+)",
    "://": rf"{_SCHEMES}://[^\s:/@]{{0,80}}+:([^\s@/]{{1,200}}+)@",
    "sk- sk_ pk- pk_ rk- rk_": r"\b((?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][a-z0-9_-]{10,}+)",
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat-": r"\b((?:gh[pousr]|github_pat)_\w{20,}+|glpat-[a-z0-9_-]{16,}+)",
    "xox akia asia aiza": r"\b(xox[abposr]-[a-z0-9-]{10,}+|a[ks]ia[0-9a-z]{16}\b|aiza[0-9a-z_-]{30,}+)",
    "@": r"(?<![a-z0-9._%+-])([a-z0-9._%+-]{1,64}+@[a-z0-9-]{1,63}+(?:\.[a-z0-9-]{1,63}+){1,6}+)",
    "+": r"(\+(?:[0-9]{1,3}+[ ./()-]{1,3}+[0-9](?:[ ./()-]{0,2}+[0-9]){5,13}+|[0-9]{10,15}+))(?![0-9])",
    _clues(_PHONES, _PHONES_ANYWHERE): (
        rf"{_PHONE}{_QUOTE}[.]?\s{{0,3}}+[:=：]?\s{{0,3}}+{_QUOTE}(\+?\(?[0-9](?:[ ./()-]{{0,2}}+[0-9]){{6,14}}+)"
    ),
    # An AppSign on its own.
    "a b c d e f": r"([0-9a-f](?<![0-9a-z].)[0-9a-f]{63})(?![0-9a-z])",
    "0 1 2 3 4 5 6 7 8 9": r"([(0-9](?<![0-9a-z.-].)(?:(?<=[(])[0-9]{3}\)[ .-]?[0-9]{3}[ .-][0-9]{4}"
    r"|(?<=[0-9])[0-9]{2}[ .-][0-9]{3}[ .-][0-9]{4}|(?<=1)[3-9][0-9]{9}))(?![0-9a-z-])",
}
# A bare number after these is more often a code ("invalid token: 660300001") than a secret.
_UNLESS_A_NUMBER: dict[str, str] = {
    _clues(_SECRETS): rf"{_NAMES}{_TO}{_VALUES}",
    "token": rf"token{_TO}{_VALUES}",
    "=": rf"[?&]{one_of(_FILE.words('url_parameters'))}=([^\s&\"'#<>]{{1,4000}}+)",
}
_PATTERNS = [
    (words.split(), re.compile(pattern), patterns is _UNLESS_A_NUMBER)
    for patterns in (_ALWAYS, _UNLESS_A_NUMBER)
    for words, pattern in patterns.items()
]
_NOT_BREAK = re.compile(r"[^\r\n]")
_LONGEST_NAME = 40


def mask(text: str) -> str:
    """Return the text with secrets and personal data as bullets, of the same length and with the same lines."""
    pieces, at = [], 0
    for start, end in sorted(_secrets(lower_case(text))):
        if end > at:
            start = max(start, at)
            pieces += [text[at:start], _NOT_BREAK.sub(BULLET, text[start:end])]
            at = end
    return "".join([*pieces, text[at:]])


def _secrets(low: str) -> Iterator[tuple[int, int]]:
    for words, pattern, unless_number in _PATTERNS:
        if any(word in low for word in words):
            for match in _matches(pattern, low):
                for group, value in enumerate(match.groups(), 1):
                    if value and not (unless_number and len(value) <= 10 and value.isdigit()):
                        yield match.span(group)


def _matches(pattern: re.Pattern[str], low: str) -> Iterator[re.Match[str]]:
    """Yield the matches in order. A short value is read again, because it may be the name of the next value.

    An example is `password:` on a line of its own before `password: hunter2`.
    """
    at = 0
    while match := pattern.search(low, at):
        yield match
        start, end = match.span(match.lastindex or 0)
        at = start if match.start() < start and end - start <= _LONGEST_NAME else match.end()
