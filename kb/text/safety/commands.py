"""Rules for secrets in what people type into a shell, a database or a script."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, VALUES, Rule, groups, groups_if, is_strong, is_value
from kb.text.word_lists import one_of

_PASSWORDS = FILE.words("passwords")
_NAMES = one_of([sign if sign != "-" else "[_ -]?" for sign in word] for word in FILE.words("secrets"))
_SPACE = r"[ \t]{1,4}+"
_QUOTED = r"[\"']?([^\s\"']{1,200}+)"


def _is_password(value: str) -> bool:
    return len(value) >= 3 and is_value(value) and not (value.isdigit() and len(value) == 3)


def _login(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if not match[1].isdigit() and not match[1].startswith("//"):
        yield match.span(1)


RULES = [
    Rule(("-pass",), re.compile(rf"-pass(?:in|out)?{_SPACE}pass:(\S{{1,200}}+)"), groups),
    Rule(("/p",), re.compile(r"(?<=\s)/p(?:ass)?:[\"']?([^\s\"']{3,200}+)"), groups_if(is_value)),
    Rule(
        (" -", "\t-", "\n-"),
        re.compile(
            rf"\s--?[a-z-]{{0,20}}?(?:{one_of(_PASSWORDS)}|pass|{_NAMES}){_SPACE}[\"']?([^\s\"'(-][^\s\"']{{0,400}}+)"
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
        ("sshpass", "login", "mongo", "sqlcmd", "bcp", "isql", "mosquitto", "tsql", "zip ", "7z "),
        re.compile(
            r"\b(?:sshpass|(?:docker|podman|helm|az|oc) [a-z ]{0,20}?login|mongo[a-z]{0,10}|sqlcmd|bcp|isql|tsql"
            rf"|mosquitto_[a-z]{{3}}|(?:un)?zip(?= -)|7z) [^\n]{{0,300}}?(?<=\s)-p[ ]{{0,3}}+{_QUOTED}"
        ),
        groups,
    ),
    Rule(
        ("redis-cli", "ldap", "openssl", "http"),
        re.compile(
            r"\b(?:redis-cli [^\n]{0,300}?(?<=\s)-a|ldap[a-z]{3,9} [^\n]{0,300}?(?<=\s)-w"
            r"|openssl [^\n]{0,300}?(?<=\s)-k"
            rf"|https? [^\n]{{0,300}}?(?<=\s)-a[ ]{{1,3}}+[\w.@-]{{1,60}}+:)[ ]{{0,3}}+{_QUOTED}"
        ),
        groups,
    ),
    Rule(("sudo",), re.compile(r"\becho[ ]{1,3}+[\"']?([^\s\"'|]{1,200}+)[\"']?[ ]{0,3}+\|[ ]{0,3}+sudo "), groups),
    Rule(
        ("chpasswd", "htpasswd"),
        re.compile(
            r"\becho[ ]{1,3}+[\"']?[\w.-]{1,60}+:([^\s\"'|]{1,200}+)[\"']?[ ]{0,3}+\|"
            rf"|\bhtpasswd[ ]{{1,3}}+-[a-z]{{0,4}}b[a-z]{{0,4}}+ \S{{1,200}}+ \S{{1,80}}+ {_QUOTED}"
        ),
        groups,
    ),
    # net use z: \\server\share PASSWORD /user:x, net user anna PASSWORD /add.
    Rule(
        ("net use",),
        re.compile(
            r"\bnet use (?:[a-z*]:? )?\\\\\S{1,200}+ (?!/)([^\s/]{3,100}+)"
            r"|\bnet use [^\n]{0,200}?/user:\S{1,80}+ (?!/)(\S{3,100}+)|\bnet user \S{1,80}+ (?!/)(\S{3,100}+)"
        ),
        groups,
    ),
    Rule(
        ("securestring",),
        re.compile(r"\bconvertto-securestring (?:-string )?[\"']?([^\s\"'$-][^\s\"']{0,200}+)"),
        groups,
    ),
    Rule(("sp_",), re.compile(r"\bsp_(?:addlogin|password)\b[^\n,]{0,80}+,\s{0,3}+n?'([^'\n]{1,200}+)'"), groups),
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
    # .pgpass: host:port:database:user:password. The code of a Wi-Fi network that a phone scans.
    Rule(
        (":",),
        re.compile(
            r"^(?:localhost|\*|[\w-]{1,60}+\.[\w.-]{1,60}+):(?:[0-9]{2,5}|\*):[\w*-]{1,60}+:[\w.*-]{1,60}+:(\S{1,200}+)$",
            re.MULTILINE,
        ),
        groups_if(is_strong),
    ),
    Rule(("wifi:",), re.compile(r"\bwifi:[^\n]{0,200}?\bp:([^;\n]{1,100}+)"), groups),
]
