"""Rules for passwords and tokens behind their names."""

import re
from collections.abc import Iterator

from kb.text.safety.phrases import PHRASES, is_of_no_sentence
from kb.text.safety.references import values_if
from kb.text.safety.rules import (
    FILE,
    IS,
    NO_VALUES,
    QUOTE,
    TO,
    UNQUOTED,
    VALUES,
    Names,
    Pattern,
    Rule,
    Tail,
    behind_words,
    clues,
    groups,
    groups_if,
    is_strong,
    is_value,
)
from kb.text.word_lists import one_of

_PASSWORDS, _STARTS = FILE.words("passwords"), FILE.words("password_starts")
_SECRETS = FILE.words("secrets")
_NAMES = one_of([sign if sign != "-" else "[_ -]?" for sign in word] for word in _SECRETS)
_SPACE = r"[ \t]{1,4}+"
_WORD = r"""["'`]?([^\s"'`，。；、！？<>]{1,200}+)"""
_ENDING = rf"(?:{one_of(FILE.words('password_name_endings'))}(?![^\W\d_]))?+"
_SAID = Pattern(rf"(?:{IS}|[ ]?[:=][ ]?){QUOTE}{UNQUOTED}")
_WORDS_TO = r"(?:[ ](?!(?:to|auf|in|à|a|na|на)[ ])[\w@.'/-]{1,30}+)"
# `setPassword("x")`, `("X-Api-Key", "x")`, `["password"] = "x"`.
_CALLED = r"""(?:["'`]?,|\()\s{0,4}+["'`]([^"'`\n]{1,400}+)["'`]"""
_IN_BRACKETS = rf"""(?:["'`]\]\s{{0,2}}+=|{TO}\[)\s{{0,4}}+["'`]([^"'`\n]{{1,400}}+)["'`]"""
# "name": "password", "value": "x".
_VALUE_BEHIND = rf"{QUOTE}[,\s]{{1,30}}+{QUOTE}value{TO}{VALUES}"
# <property name="password">x</property>
_ELEMENT = r"[\"'](?:[ ][^<>\n]{0,80}+)?>\s{0,40}+([^<>\n]{1,4000}+)(?=</)"
# YAML: "password: |" before lines that begin with the same spaces.
_BLOCK = Pattern(
    r"[\"']?:[ ][|>][-+0-9]{0,2}+[ ]{0,4}+\r?\n(?P<indent>[ \t]{1,40}+)"
    r"(?P<lines>\S[^\n]{0,4000}+(?:\n(?P=indent)[^\n]{1,4000}+){0,99}+)"
)
_STORED = re.compile(
    r"\b(?:define|set|put|(?:set|put|add)_?(?:property|env|option|setting))\(\s{0,4}+[\"'`][\w.-]{0,60}+\Z"
    r"|\b(?:set|with)_?[a-z]{1,40}+\Z"
)
_NAME = re.compile(r"[^\W_]++(?:[-_./:]++[^\W_]++)++|[0-9a-f]+")
_WORD_AND_NUMBER = re.compile(r"[a-z]{4,20}-?[0-9]{2,6}[!?.]?")
_NEAR_CODES = re.compile(r"err|fehl|fail|code|stat|reason|message|ошиб|错误|erreur|falha")
_CHANGE = re.compile(rf"\b{one_of(FILE.words('changes'))}")
_NEAR = 60
"""Characters before a name in which "changed" or "as" may stand."""


def is_token(value: str) -> bool:
    """Whether a value behind the name of a token is one. A bare number is more often a code: "token: 660300001"."""
    return is_value(value) and not (len(value) <= 10 and value.isdigit())


def _is_password(value: str) -> bool:
    """Whether a value behind "the password is" is one: not "3" of "3 days old", nor a word in another script."""
    return len(value) >= 3 and is_value(value) and not (value.isdigit() and len(value) == 3)


def _is_said(value: str) -> bool:
    return _is_password(value) and value[0] < "\u0590"


def _is_no_number(value: str) -> bool:
    return _is_password(value) and not value.isdigit()


def _is_strong_token(value: str) -> bool:
    return is_strong(value, 8)


def _is_long_token(value: str) -> bool:
    return is_strong(value, 10)


def _is_strong_word(value: str) -> bool:
    return is_strong(value) and not any(sign in "=:/(){}[]<>|" for sign in value)


def _has_a_sign(value: str) -> bool:
    return _is_strong_word(value) and any(sign in "!#$%&*?@^~" for sign in value.rstrip(".,!?"))


def _is_test_pass(value: str) -> bool:
    return is_strong(value) and not ("_" in value and value.replace("_", "").isalnum())


def _said_later(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a password some words behind its name. One such as "winter-2031" may be a code if the words name one."""
    is_strong_word = _is_strong_word(match[1])
    if is_strong_word or (
        _WORD_AND_NUMBER.fullmatch(match[1])
        and not _NEAR_CODES.search(match.string, max(match.start() - _NEAR, 0), match.start())
    ):
        yield from values_if(_is_password)(match)


def _after_words(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a password behind words of which none tells what else it may be, such as "wrong", "user" or "host"."""
    words = match["words"].split()
    is_free = NO_VALUES.isdisjoint(words) and is_of_no_sentence(" ".join(words))
    if is_free and _is_strong_token(match[2]) and not _NAME.fullmatch(match[2]) and _is_strong_word(match[2]):
        yield match.span(2)


def _block(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    yield match.span("lines")


def _stored(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield what code stores under a name, also if it has several words: `define('DB_PASSWORD', 'my pony')`."""
    if is_of_no_sentence(match[1]) and _STORED.search(match.string, max(match.start() - _NEAR, 0), match.start()):
        yield match.span(1)


def _if_changed(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a password that somebody sets: "I changed the password of the service to x"."""
    if _is_strong_word(match[1]) and _CHANGE.search(match.string, max(match.start() - _NEAR, 0), match.start(1)):
        yield match.span(1)


_BEFORE = re.compile(
    rf"([^\s\"'`<>]{{6,60}}+)[\"'`]?,? {one_of(FILE.words('as_words'))} (?:{one_of(FILE.words('determiners'))} )?"
    r"(?:[^\W\d_]{1,20}+ ){0,2}?[^\W\d_]{2,20}+\Z"
)


def _before(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a password that stands before its name: 'tried "x" as the password'."""
    start = max(match.start() - _NEAR, 0)
    if (value := _BEFORE.search(match.string, start, match.start())) and _is_strong_word(value[1]):
        yield value.span(1)


_COLUMN = re.compile(one_of(_PASSWORDS))
_TEXT = re.compile(r"'([^'\n]{1,200}+)'")


def _quoted(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the texts between quotes, each of which may be the password, if a column is one."""
    if _COLUMN.search(match[1]):
        for text in _TEXT.finditer(match[2]):
            yield match.start(2) + text.start(1), match.start(2) + text.end(1)


NAMES = (
    Names(
        clues(_PASSWORDS, _STARTS),
        Pattern(rf"(?:{one_of(_PASSWORDS)}|(?<![^\W_]){one_of(_STARTS)}(?![^\W\d_]))"),
        (
            Tail(Pattern(rf"{TO}(?!=)(?:{VALUES}|\{{([^{{}}\n]{{1,200}}+)\}})"), values_if(is_value)),
            Tail(Pattern(rf"{_ENDING}{IS}{QUOTE}{UNQUOTED}"), values_if(_is_said)),
            # "the password of the database is x", "password for anna: x".
            Tail(Pattern(rf"{_ENDING}(?=[ ]\w)"), behind_words(_SAID, _said_later)),
            Tail(Pattern(rf"{_ENDING}{_WORDS_TO}{{0,6}}+ (?:to|auf|in|à|a|na|на) {QUOTE}{UNQUOTED}"), _if_changed),
            Tail(Pattern(rf"{_ENDING}(?:{QUOTE}(?:[ ]-)?|'s|\]){_SPACE}{_WORD}"), values_if(_is_strong_word)),
            Tail(Pattern(rf"{_ENDING}[ ]?(?:->|→)[ ]?{_WORD}"), values_if(_is_strong_word)),
            # "my password from last year pony1234".
            Tail(Pattern(rf"{_ENDING}(?P<words>(?:[ ][^\W\d_]{{2,20}}+(?=[ ])){{1,3}}+)[ ]{_WORD}"), _after_words),
            Tail(Pattern(r"[ ]?(?:[(\[]|\"(?=[^\s\"]{1,60}\"))([^\s\"()\[\]]{1,60}+)"), values_if(is_strong)),
            Tail(Pattern(rf"{_SPACE}'([^'\n]{{1,200}}+)'"), groups_if(_is_password)),
            Tail(Pattern(rf"{_SPACE}\"([^\"\n]{{4,200}}+)\""), groups_if(is_of_no_sentence)),
            # Terraform: variable "password" { default = "x" }.
            Tail(Pattern(r"\"\s?\{[^{}\"]{0,80}?\bdefault\s{0,9}+=\s?\"([^\"\n]{1,400}+)\""), groups_if(is_value)),
            # "password (new): x".
            Tail(Pattern(rf"[ ]?\([^()\n]{{1,30}}+\){TO}{VALUES}"), values_if(is_value)),
            # "my new password, x, is rejected".
            Tail(Pattern(rf"(?:[ ][\w'-]{{1,20}}+){{0,5}}?,[ ]{QUOTE}{UNQUOTED}"), groups_if(_has_a_sign)),
            Tail(Pattern(_CALLED), groups_if(_is_strong_word)),
            Tail(Pattern(_CALLED), _stored),
            Tail(_BLOCK, _block),
            Tail(Pattern(_ELEMENT), groups_if(is_token)),
            Tail(Pattern(rf"(?<=with password){_SPACE}\"([^\"\n]{{1,200}}+)\""), groups_if(is_value)),
            # "the password is "two words"".
            Tail(Pattern(rf"{_ENDING}{IS}[\"'`]([^\"'`\n]{{3,200}}+)[\"'`]"), groups_if(_is_password)),
            *PHRASES,
            Tail(Pattern(_IN_BRACKETS), groups_if(is_value)),
            Tail(Pattern(_VALUE_BEHIND), values_if(is_token)),
            Tail(Pattern(r"(?=[\s\"'`,.;]|\Z)"), _before),
        ),
    ),
    Names(
        clues(_SECRETS),
        Pattern(_NAMES),
        (
            Tail(Pattern(rf"{TO}(?!=){VALUES}"), values_if(is_token)),
            Tail(Pattern(rf"{IS}{QUOTE}{UNQUOTED}"), values_if(_is_strong_token)),
            Tail(Pattern(r"(?=[ ]\w)"), behind_words(_SAID, values_if(_is_long_token))),
            Tail(Pattern(rf"{QUOTE}(?:[ ]-)?{_SPACE}{_WORD}"), values_if(_is_long_token)),
            Tail(Pattern(_CALLED), groups_if(_is_strong_token)),
            Tail(Pattern(_CALLED), _stored),
            Tail(_BLOCK, _block),
            Tail(Pattern(_ELEMENT), groups_if(is_token)),
            Tail(Pattern(_IN_BRACKETS), groups_if(is_token)),
            Tail(Pattern(r"[ ]?\(([a-z0-9._-]{8,400}+)\)"), groups_if(_is_long_token)),
            Tail(Pattern(_VALUE_BEHIND), values_if(is_token)),
        ),
    ),
    Names(
        ("pass",),
        Pattern(r"(?<![^\W_])pass"),
        (
            Tail(Pattern(rf"{QUOTE}\s{{0,4}}+={QUOTE}\s{{0,4}}+{QUOTE}{UNQUOTED}"), values_if(_is_password)),
            Tail(Pattern(rf":?{_SPACE}{QUOTE}{UNQUOTED}"), groups_if(_is_test_pass)),
            Tail(Pattern(rf"{IS}{QUOTE}{UNQUOTED}"), groups_if(_is_test_pass)),
            Tail(Pattern(rf"{QUOTE}:\s?\"([^\"\n]{{3,400}}+)\""), groups_if(_is_password)),
        ),
    ),
)

RULES = [
    # <password>x</password>, also cut before its end. What stands behind a placeholder, as <token>, is no value.
    Rule(
        (">",),
        Pattern(
            rf"<[\w:.-]{{0,40}}?(?:{one_of(_PASSWORDS)}|{_NAMES})(?:\s[^<>\n]{{0,200}}+)?>\s{{0,40}}+"
            r"(?:([^<>\n]{1,4000}+)(?=\s{0,40}+</)|([^\s<>]{1,4000}+)(?=[ ]?(?:[\r\n]|\Z)))"
        ),
        groups_if(is_token),
    ),
    # User: anna, and on one of the next lines Pass: x.
    Rule(
        ("pass:", "pass ", "pass="),
        Pattern(
            r"\b(?:user(?:name)?|login|account|e?-?mail|benutzer(?:name)?|usuario|utilisateur|utente)[:= ]"
            r"[^\n]{1,80}+\n(?:[^\n]{1,120}+\n)?[^\n:=]{0,20}?(?:[a-z]: )?"
            r"\bpass[:= ][ :=]{0,3}+(\S{3,200}+)(?=[ ]?(?:[\r\n]|\Z))"
        ),
        groups_if(_is_no_number),
    ),
    # define('AUTH_SALT', 'x').
    Rule(
        ("define",),
        Pattern(
            r"\bdefine\(\s{0,4}+[\"']\w{1,40}(?:_key|_salt)[\"'],\s{0,4}+(?:'([^'\n]{16,400}+)'|\"([^\"\n]{16,400}+)\")"
        ),
        groups,
    ),
    Rule(
        ("auth",),
        Pattern(rf"(?<![a-z])_?auth{TO}(?:\"([a-z0-9+/=_:.-]{{10,4000}}+)\"|([a-z0-9+/=]{{12,4000}}+)(?![\w.(-]))"),
        groups_if(is_strong),
    ),
    Rule(
        ("=",),
        Pattern(rf"[?&]{one_of(FILE.words('url_parameters'))}=([^\s&\"'#<>]{{1,4000}}+)"),
        groups_if(is_token),
    ),
    # The code of OAuth that a page takes back. Others named "code" are return codes.
    Rule(
        ("code=",),
        Pattern(
            r"(?:callback|oauth|authoriz|redirect|signin|grant_type=authorization_code)[^\s\"']{0,300}?[?&]code="
            r"([^\s&\"'#<>]{10,2000}+)|[?&]code=([^\s&\"'#<>]{10,2000}+)&(?:state|redirect_uri|session_state)="
        ),
        groups_if(_is_long_token),
    ),
    # The key of a wireless network.
    Rule(
        ("wifi", "wi-fi", "wlan", "ssid", "wpa"),
        Pattern(
            r"\b(?:wi-?fi|wlan|ssid|wpa[23]?)\b[^\n]{0,40}?\b(?:key|schlüssel|clé|clave|chiave|klucz|pass)"
            rf"(?:{TO}|{IS})"
            r"([^\s\"',;]{8,100}+)"
        ),
        groups_if(is_value),
    ),
    # INSERT INTO users (name, password) VALUES ('anna', 'x').
    Rule(
        ("insert into",),
        Pattern(r"\binsert into [^\n;()]{1,100}+\(([^()\n;]{1,400}+)\)\s{0,4}+values\s{0,4}+\(([^;\n]{1,400}+)"),
        _quoted,
    ),
]
