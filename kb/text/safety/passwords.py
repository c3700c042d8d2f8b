"""Rules for passwords, tokens behind their names, and codes that are good once."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import (
    FILE,
    IS,
    JOIN,
    QUOTE,
    TO,
    UNQUOTED,
    VALUES,
    Rule,
    clues,
    groups,
    groups_if,
    is_strong,
    is_value,
)
from kb.text.word_lists import one_of

_PASSWORDS, _STARTS = FILE.words("passwords"), FILE.words("password_starts")
_PASSWORD = rf"(?:{one_of(_PASSWORDS)}|\b{one_of(_STARTS)})"
_SECRETS = FILE.words("secrets")
_NAMES = one_of([sign if sign != "-" else "[_ -]?" for sign in word] for word in _SECRETS)
_CODES, _ENDINGS = FILE.words("one_time_codes"), FILE.words("one_time_endings")
_CODE = one_of([sign if sign not in " -" else "[ -]?" for sign in word] for word in _CODES)
_PASSWORD_CLUES, _SECRET_CLUES = clues(_PASSWORDS, _STARTS), clues(_SECRETS)
_SPACE = r"[ \t]{1,4}+"
_WORD = r"""["'`]?([^\s"'`，。；、！？<>]{1,200}+)"""
_RETURN_CODES = re.compile(r"\b(?:err|fehler|return|status|result|resp|exit|http|reason|retour)")


def is_token(value: str) -> bool:
    """Whether a value behind the name of a token is one. A bare number is more often a code: "token: 660300001"."""
    return is_value(value) and not (len(value) <= 10 and value.isdigit())


def _is_password(value: str) -> bool:
    """Whether a value behind "the password is" is one: not "3" of "3 days old", nor a word in another script."""
    return len(value) >= 3 and is_value(value) and not (value.isdigit() and len(value) == 3)


def _is_said(value: str) -> bool:
    return _is_password(value) and value[0] < "\u0590"


def _is_strong_token(value: str) -> bool:
    return is_strong(value, 8)


def _is_long_token(value: str) -> bool:
    return is_strong(value, 10)


def _is_strong_word(value: str) -> bool:
    return is_strong(value) and not any(sign in "=:/(){}[]<>|" for sign in value)


def _is_test_pass(value: str) -> bool:
    return is_strong(value) and not ("_" in value and value.replace("_", "").isalnum())


def _login(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if not match[1].isdigit() and not match[1].startswith("//"):
        yield match.span(1)


def _once(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a code that is good once, unless the words before it call it a return code: "your error code is 1"."""
    if not _RETURN_CODES.search(match.string, match.start(), match.start(1)):
        yield from groups(match)


_DIGITS = r"((?:[a-z]-)?[0-9](?:[ -]?[0-9]){3,7})(?![ -]?[0-9]|\w)"

RULES = [
    Rule(_PASSWORD_CLUES, re.compile(rf"{_PASSWORD}{TO}(?:{VALUES}|\{{([^}}\n]{{1,200}}+)\}})"), groups_if(is_value)),
    Rule(_PASSWORD_CLUES, re.compile(rf"{_PASSWORD}{IS}{QUOTE}{UNQUOTED}"), groups_if(_is_said)),
    # "the password of the database is x", "password for anna: x".
    Rule(
        _PASSWORD_CLUES,
        re.compile(rf"{_PASSWORD}(?:[ ][\w@.-]{{1,30}}+){{1,3}}?(?:{IS}|[ ]?[:=][ ]?){QUOTE}{UNQUOTED}"),
        groups_if(_is_strong_word),
    ),
    Rule(_PASSWORD_CLUES, re.compile(rf"{_PASSWORD}{QUOTE}(?:[ ]-)?{_SPACE}{_WORD}"), groups_if(_is_strong_word)),
    Rule(
        _PASSWORD_CLUES,
        re.compile(rf"{_PASSWORD}[ ]?(?:[(\[]|\"(?=[^\s\"]{{1,60}}\"))([^\s\"()\[\]]{{1,60}}+)"),
        groups_if(is_strong),
    ),
    Rule(_PASSWORD_CLUES, re.compile(rf"{_PASSWORD}{_SPACE}'([^'\n]{{1,200}}+)'"), groups_if(_is_password)),
    # <password>x</password>, and "name": "password", "value": "x".
    Rule(
        (">",),
        re.compile(
            rf"<[\w:.-]{{0,40}}?(?:{one_of(_PASSWORDS)}|pwd|{_NAMES})(?:\s[^<>\n]{{0,200}}+)?>([^<>\n]{{1,4000}}+)"
        ),
        groups_if(is_token),
    ),
    Rule(
        ("value",),
        re.compile(rf"(?:{one_of(_PASSWORDS)}|{_NAMES}){QUOTE}[,\s]{{1,30}}+{QUOTE}value{TO}{VALUES}"),
        groups_if(is_token),
    ),
    Rule(("pass",), re.compile(rf"(?:\b|_)pass{QUOTE}={QUOTE}{UNQUOTED}"), groups_if(_is_password)),
    Rule(("pass",), re.compile(rf"\bpass:?{_SPACE}{QUOTE}{UNQUOTED}"), groups_if(_is_test_pass)),
    Rule(("-pass",), re.compile(rf"-pass(?:in|out)?{_SPACE}pass:(\S{{1,200}}+)"), groups),
    Rule(
        (" -", "\t-", "\n-"),
        re.compile(
            rf"\s--?[a-z-]{{0,20}}?(?:{one_of(_PASSWORDS)}|pass|pwd|{_NAMES}){_SPACE}[\"']?([^\s\"'-][^\s\"']{{0,400}}+)"
        ),
        groups_if(_is_password),
    ),
    Rule(
        (" -", "\t-", "\n-"),
        re.compile(r"(?<![\w-])--?(?:[a-z]{0,6}u|(?:proxy-)?user)[ =]{0,2}+[\"']?[^\s:\"'/]{1,80}+:([^\s\"']{1,200}+)"),
        _login,
    ),
    Rule(("-u",), re.compile(r"(?<![\w-])-u[ =]?[\"']?[^\s%\"']{1,80}+%([^\s\"']{1,200}+)"), groups),
    Rule(
        ("mysql", "mariadb"),
        re.compile(r"\b(?:mysql|mariadb)[a-z-]{0,20}+ [^\n]{0,300}?(?<=\s)-p[\"']?([^\s\"']{1,200}+)"),
        groups,
    ),
    Rule(
        ("sshpass", "login", "mongo", "sqlcmd", "bcp", "isql", "mosquitto", "tsql"),
        re.compile(
            r"\b(?:sshpass|(?:docker|podman|helm|az) [a-z ]{0,20}?login|mongo[a-z]{0,10}|sqlcmd|bcp|isql|tsql"
            r"|mosquitto_[a-z]{3}) [^\n]{0,300}?(?<=\s)-p[ ]{0,3}+[\"']?([^\s\"']{1,200}+)"
        ),
        groups,
    ),
    Rule(
        ("redis-cli", "ldap"),
        re.compile(
            r"\b(?:redis-cli [^\n]{0,300}?(?<=\s)-a|ldap[a-z]{3,9} [^\n]{0,300}?(?<=\s)-w)"
            r"[ ]{0,3}+[\"']?([^\s\"']{1,200}+)"
        ),
        groups,
    ),
    Rule(
        ("identified",),
        re.compile(rf"\bidentified\s{{1,4}}+(?:with \w{{1,40}}+ )?by\s{{1,4}}+(?:password )?{VALUES}"),
        groups,
    ),
    Rule(
        ("sqlplus", "conn", "thin:", "userid=", "target", "expdp", "impdp"),
        re.compile(
            r"\b(?:sqlplus|conn(?:ect)?|thin:|userid=|target|expdp|impdp)[ ]{0,3}+[\"']?"
            r"[\w$#]{1,40}+/([^\s@/\"']{1,60}+)@"
        ),
        groups,
    ),
    Rule(_SECRET_CLUES, re.compile(rf"{_NAMES}{TO}{VALUES}"), groups_if(is_token)),
    Rule(_SECRET_CLUES, re.compile(rf"{_NAMES}{IS}{QUOTE}{UNQUOTED}"), groups_if(_is_strong_token)),
    Rule(_SECRET_CLUES, re.compile(rf"{_NAMES}{QUOTE}{_SPACE}{_WORD}"), groups_if(_is_long_token)),
    Rule(
        ("=",),
        re.compile(rf"[?&]{one_of(FILE.words('url_parameters'))}=([^\s&\"'#<>]{{1,4000}}+)"),
        groups_if(is_token),
    ),
    Rule(clues(_CODES), re.compile(rf"(?<![a-z0-9]){_CODE}{JOIN}{_DIGITS}"), groups),
    # "your code is 123456", "enter 123456 to log in": with six digits, because return codes have other lengths.
    Rule(
        _ENDINGS,
        re.compile(
            rf"\b{one_of(FILE.words('possessives'))} (?:[^\W\d_]{{1,20}}+ ){{0,3}}?{one_of(_ENDINGS)}{JOIN}"
            r"([0-9]{3} ?[0-9]{3})(?![\w-]|[ .][0-9])"
        ),
        _once,
    ),
    Rule(
        ("use ", "enter ", "type "),
        re.compile(r"\b(?:use|enter|type) (?:the )?(?:code )?([0-9]{3} ?[0-9]{3}) (?:to|for|as) "),
        groups,
    ),
    Rule(
        _ENDINGS,
        re.compile(
            r"([0-9](?<![\w.:/].)(?<![0-9][ -].)(?:[ -]?[0-9]){3,7})(?![ -]?[0-9]) (?:is|ist|est|es|è|é|to) "
            rf"(?:[^\W\d_]{{1,20}}+ ){{1,4}}?{one_of(_ENDINGS)}(?!\w)"
        ),
        groups,
    ),
]
