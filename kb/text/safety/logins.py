"""Rules for a name and a password that stand side by side: "credentials: anna / x", "log in as anna with x"."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, IS, QUOTE, Names, Pattern, Tail, behind_words, clues, is_strong
from kb.text.word_lists import one_of

_LOGINS, _ACTIONS = FILE.words("logins"), FILE.words("sign_in")
_SIGNS = "!#$%&*?@^~"
_ACCOUNT = r"[\"'`]?(?P<name>[\w.@+\\-]{1,40}+)[\"'`]?"
_VALUE = r"[\"'`]?(?=[^\s0-9!#$%&*?@^~]{0,30}+[0-9!#$%&*?@^~])(?P<value>[^\s\"'`<>]{4,100}+)"
_SAID = Pattern(rf"(?:{IS}|{QUOTE}[ ]?[:=-][ ]?\s?){_ACCOUNT}[ ]?[/|:,;][ ]?{_VALUE}")
_BY = one_of(FILE.words("by_words"))
_PASSWORD = one_of([*FILE.words("passwords"), *FILE.words("password_starts")])


def _pair(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the password of a pair, unless it is a part of an address or of a path."""
    value = match["value"].rstrip(".,;")
    if is_strong(value) and not any(sign in "=:/(){}[]|" for sign in value):
        yield match.start("value"), match.start("value") + len(value)


def _pair_with_a_sign(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a password after "and" only if it has a sign: "sign in with Chrome and Windows10" has none."""
    if any(sign in _SIGNS for sign in match["value"].rstrip(".,;!?")):
        yield from _pair(match)


NAMES = (
    Names(
        clues(_LOGINS, _ACTIONS),
        Pattern(rf"(?<![^\W_]){one_of(dict.fromkeys([*_LOGINS, *_ACTIONS]))}(?:[ ]?[/+&][ ]?{_PASSWORD})?+"),
        (
            Tail(Pattern(r"(?=[ :=\"'-])"), behind_words(_SAID, _pair)),
            Tail(Pattern(rf"[ ]{_ACCOUNT}[ ]?[/|:,;][ ]?{_VALUE}"), _pair),
            Tail(Pattern(rf"[ ]?[:=][ ]?{_ACCOUNT}[ ]{_VALUE}"), _pair_with_a_sign),
            Tail(
                Pattern(rf"(?:[ ]\w{{1,20}}+){{0,3}}? (?:as|als|comme|como|come|jako) {_ACCOUNT},? {_BY} {_VALUE}"),
                _pair,
            ),
            Tail(
                Pattern(rf"(?:[ ]\w{{1,20}}+){{0,3}}? {_BY} {_ACCOUNT} (?:{_BY}|[/|]) {_VALUE}"),
                _pair_with_a_sign,
            ),
        ),
    ),
)
