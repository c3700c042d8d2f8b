"""Rules for secrets in what people type into a shell, a database or a script."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, VALUES, Pattern, Rule, groups, groups_if, is_strong, is_value
from kb.text.word_lists import one_of

_PASSWORDS = FILE.words("passwords")
_NAMES = one_of([sign if sign != "-" else "[_ -]?" for sign in word] for word in FILE.words("secrets"))
_SPACE = r"[ \t]{1,4}+"
_QUOTED = r"(?:\"([^\"\n]{1,200}+)\"?|'([^'\n]{1,200}+)'?|([^\s\"']{1,200}+))"
_ARGUMENT = r"(?:[\"'][^\"'\n]{1,200}+[\"']|[\w.$]{1,40}+),\s{0,9}+"
_NAME = re.compile(r"[a-z]+(?:[-_.][a-z0-9]+)+")


def _is_no_name(value: str) -> bool:
    return is_strong(value) and not _NAME.fullmatch(value)


def _is_password(value: str) -> bool:
    return len(value) >= 3 and is_value(value) and not (value.isdigit() and len(value) == 3)


def _is_base64(value: str) -> bool:
    return value.endswith("=") or any(sign.isdigit() for sign in value)


def _login(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the password of `-u anna:x`, unless it is the group of `-u 1000:1000`, or the rest of an address."""
    for start, end in groups(match):
        value = match.string[start:end]
        if is_value(value) and not value.isdigit() and not value.startswith("//"):
            yield start, end


RULES = [
    Rule(("-pass",), Pattern(rf"-pass(?:in|out)?{_SPACE}pass:(\S{{1,200}}+)"), groups),
    Rule(("/p",), Pattern(r"(?<=\s)/p(?:ass)?:[\"']?([^\s\"']{3,200}+)"), groups_if(is_value)),
    Rule(
        (" -", "\t-", "\n-", "--"),
        Pattern(rf"-(?<!\S-)-?[a-z-]{{0,20}}?(?:{one_of(_PASSWORDS)}|pass|pw|{_NAMES}){_SPACE}(?![(-]){_QUOTED}"),
        groups_if(_is_password),
    ),
    Rule(
        (" -", "\t-", "\n-"),
        Pattern(
            r"-(?<![\w-]-)-?(?:[a-z]{0,6}u|(?:proxy-)?user)[ =]{0,2}+"
            r"(?:\"[^\s:\"'/]{1,80}+:([^\"\n]{1,200}+)\"|'[^\s:\"'/]{1,80}+:([^'\n]{1,200}+)'"
            rf"|[\"']?[^\s:\"'/]{{1,80}}+:{_QUOTED})"
        ),
        _login,
    ),
    Rule(("-u",), Pattern(r"(?<![\w-])-u[ =]?[\"']?[^\s%\"']{1,80}+%([^\s\"']{1,200}+)"), groups),
    Rule(
        ("mysql", "mariadb"),
        Pattern(rf"\b(?:mysql|mariadb)[a-z-]{{0,20}}+ [^\n]{{0,300}}?(?<=\s)-p{_QUOTED}"),
        groups_if(is_value),
    ),
    Rule(
        ("sshpass", "login", "mongo", "sqlcmd", "bcp", "isql", "mosquitto", "tsql", "zip ", "7z "),
        Pattern(
            r"\b(?:sshpass|(?:docker|podman|helm|az|oc) [a-z ]{0,20}?login|mongo[a-z]{0,10}|sqlcmd|bcp|isql|tsql"
            rf"|mosquitto_[a-z]{{3}}|(?:un)?zip(?= -)|7z) [^\n]{{0,300}}?(?<=\s)-p[ ]{{0,3}}+{_QUOTED}"
        ),
        groups_if(is_value),
    ),
    Rule(
        ("redis-cli", "ldap", "openssl", "http"),
        Pattern(
            r"\b(?:redis-cli [^\n]{0,300}?(?<=\s)-a|ldap[a-z]{3,9} [^\n]{0,300}?(?<=\s)-w"
            r"|openssl [^\n]{0,300}?(?<=\s)-k"
            rf"|https? [^\n]{{0,300}}?(?<=\s)-a[ ]{{1,3}}+[\w.@-]{{1,60}}+:)[ ]{{0,3}}+{_QUOTED}"
        ),
        groups_if(is_value),
    ),
    Rule(
        ("sudo", "stdin", "base64"),
        Pattern(
            rf"\b(?:echo|printf)[ ]{{1,3}}+(?:-n )?{_QUOTED}[\"']?[ ]{{0,3}}+\|[ ]{{0,3}}+"
            r"(?:sudo |base64(?! -)|[^\n|]{0,200}--(?:password-)?stdin)"
        ),
        groups_if(is_value),
    ),
    Rule(
        ("chpasswd", "htpasswd"),
        Pattern(
            r"\becho[ ]{1,3}+[\"']?[\w.-]{1,60}+:([^\s\"'|]{1,200}+)[\"']?[ ]{0,3}+\|"
            rf"|\bhtpasswd[ ]{{1,3}}+-[a-z]{{0,4}}b[a-z]{{0,4}}+ \S{{1,200}}+ \S{{1,80}}+ {_QUOTED}"
        ),
        groups,
    ),
    # net use z: \\server\share PASSWORD /user:x, net user anna PASSWORD /add.
    Rule(
        ("net use",),
        Pattern(
            r"\bnet use (?:[a-z*]:? )?\\\\\S{1,200}+ (?!/)([^\s/]{3,100}+)"
            r"|\bnet use [^\n]{0,200}?/user:\S{1,80}+ (?!/)(\S{3,100}+)|\bnet user \S{1,80}+ (?!/)(\S{3,100}+)"
        ),
        groups,
    ),
    Rule(
        ("securestring",),
        Pattern(rf"\bconvertto-securestring (?:-string )?(?![\"']?[$-]){_QUOTED}"),
        groups,
    ),
    Rule(("sp_",), Pattern(r"\bsp_(?:addlogin|password)\b[^\n,]{0,80}+,\s{0,3}+n?'([^'\n]{1,200}+)'"), groups),
    Rule(
        ("identified",),
        Pattern(rf"\bidentified\s{{1,4}}+(?:with \w{{1,40}}+ )?by\s{{1,4}}+(?:password |values )?{VALUES}"),
        groups,
    ),
    Rule(
        ("sqlplus", "conn", "thin:", "userid=", "target", "expdp", "impdp"),
        Pattern(
            r"\b(?:sqlplus|conn(?:ect)?|thin:|userid=|target|expdp|impdp)[ ]{0,3}+[\"']?"
            r"[\w$#]{1,40}+/([^\s@/\"']{1,60}+)@"
        ),
        groups,
    ),
    # .pgpass: host:port:database:user:password. The code of a Wi-Fi network that a phone scans.
    Rule(
        (":",),
        Pattern(
            r"^(?:localhost|\*|[\w-]{1,60}+\.[\w.-]{1,60}+):(?:[0-9]{2,5}|\*):[\w*-]{1,60}+:[\w.*-]{1,60}+:(\S{1,200}+)$",
            re.MULTILINE,
        ),
        groups_if(is_strong),
    ),
    Rule(("wifi:",), Pattern(r"\bwifi:[^\n]{0,200}?\bp:((?:[^;\n\\]|\\[^\n]){1,100}+)"), groups),
    # SET PASSWORD FOR 'anna'@'%' = 'x', password = MD5('x').
    Rule(
        ("set password for",),
        Pattern(r"\bset password for [^\n=]{1,120}+=\s{0,3}+'((?:[^'\n]|''){1,200}+)'"),
        groups,
    ),
    Rule(
        ("password(", "md5(", "sha(", "sha1(", "sha2(", "sha256(", "crypt("),
        Pattern(
            r"(?<=[=, ])(?:(?:old_)?password|md5|sha[12]?|sha256|crypt|encrypt|aes_encrypt)\(\s{0,3}+"
            r"n?'((?:[^'\n]|''){1,200}+)'"
        ),
        groups,
    ),
    # requests.get(url, auth=("anna", "x")), new NetworkCredential("anna", "x"), new PDO("host=h", "anna", "x").
    Rule(
        ("auth", "login(", "credential", "bind"),
        Pattern(
            r"\b(?:[a-z_]{0,20}auth(?:enticat(?:e|ion))?|[a-z_]{0,12}login|[a-z]{1,20}credentials?|[a-z_]{0,12}bind(?:_s)?)"
            rf"\s?(?:=\s?)?\(\s{{0,9}}+{_ARGUMENT}[\"']([^\"'\n]{{1,200}}+)[\"']"
        ),
        groups_if(_is_no_name),
    ),
    Rule(
        ("mysql", "pdo(", "getconnection("),
        Pattern(
            rf"\b(?:mysqli?(?:_p?connect)?|pdo|getconnection)\(\s{{0,9}}+{_ARGUMENT}{_ARGUMENT}"
            r"[\"']([^\"'\n]{1,200}+)[\"']"
        ),
        groups_if(is_value),
    ),
    Rule(
        ("rabbitmqctl",),
        Pattern(rf"\brabbitmqctl (?:add_user|change_password) \S{{1,80}}+ {_QUOTED}"),
        groups_if(is_value),
    ),
    # Settings of servers: "requirepass x".
    Rule(
        ("pw ", "pw\t", "requirepass", "masterauth"),
        Pattern(
            r"^[ \t]{0,20}+(?:[a-z_]{2,12}pw|requirepass|masterauth)[ \t]{1,20}+[\"']?([^\s\"']{4,200}+)[\"']?[ ]?$",
            re.MULTILINE,
        ),
        groups_if(is_value),
    ),
    # .netrc: machine HOST login anna password x.
    Rule(
        ("machine",),
        Pattern(r"\bmachine\s{1,4}+\S{1,100}+\s{1,20}+login\s{1,4}+\S{1,100}+\s{1,20}+password\s{1,4}+(\S{1,200}+)"),
        groups_if(is_value),
    ),
    # What guards a network device.
    Rule(
        ("community", "snmp"),
        Pattern(
            rf"\b(?:snmp-server community|r[ow]community) {_QUOTED}"
            rf"|\bsnmp[a-z]{{2,10}}+ [^\n]{{0,200}}?(?<=\s)-[cax][ ]{{0,3}}+{_QUOTED}"
        ),
        groups_if(is_value),
    ),
    Rule(
        ("tacacs", "radius", "isakmp", "pre-shared"),
        Pattern(
            r"\b(?:tacacs|radius|isakmp|pre-shared)[a-z-]{0,10}[^\n]{0,60}? key (?:[0-9] )?(?!address)(\S{4,100}+)"
        ),
        groups_if(is_value),
    ),
    # Mail: "a1 LOGIN anna x", "AUTH PLAIN x", and what answers "Password:" in base64.
    Rule(
        (" login ",),
        Pattern(r"^(?:c: )?[a-z]{0,4}[0-9]{1,6} login \S{1,80}+ (\S{3,100}+)$", re.MULTILINE),
        groups_if(is_value),
    ),
    Rule(
        ("auth ",),
        Pattern(r"\bauth (?:plain|login|xoauth2|cram-md5) ([a-z0-9+/=]{8,4000}+)(?![\w-])"),
        groups_if(_is_base64),
    ),
    Rule(("ugfzc3dvcmq6",), Pattern(r"\b334 ugfzc3dvcmq6\s{1,4}+(?:[a-z]: )?([a-z0-9+/=]{4,400}+)"), groups),
    Rule(("password ", "secret "), Pattern(r"\b(?:password|secret) [05789] (\S{4,200}+)"), groups_if(is_strong)),
]
