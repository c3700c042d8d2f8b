"""Secrets and personal data in a pasted text, hidden before anything of it is shown back or logged."""

import re
from collections.abc import Iterator

from kb.text.detection.candidates import lowered

BULLET = "\u2022"
"""What a hidden character becomes. Line breaks stay, so positions and line numbers do too."""

# All patterns are matched in lower-cased text and never back up (possessive), so the time grows with the text only.
_QUOTE = r"""["'\\]{0,6}+"""
_TO = rf"{_QUOTE}\s{{0,4}}+(?:=>|:=|[:=：＝]){{1,2}}+\s{{0,4}}+"
_NAMES = (
    r"(?:app[_-]?sign|server[_-]?secret|secret(?:[_-]?(?:access[_-]?)?key)?"
    r"|(?:x[_-])?api[_-]?(?:key|token)|apikey|access[_-]?key(?:[_-]?id)?|private[_-]?key|signing[_-]?key|encryption[_-]?key"
    r"|signature|(?:php)?sess(?:ion)?(?:[_-]?(?:id|token|key))|jsessionid|csrf[_-]?token|credentials?"
    r"|密钥|秘钥|令牌|签名)"
)
_VALUES = r"""(?:"([^"\n]{0,4000}+)"|'([^'\n]{0,4000}+)'|\\"([^"\n\\]{0,4000}+)\\|([^\s"',;&<>(){}\[\]\\]{1,4000}+))"""

_ENTRY = r"(?:password|passwort|passwd|passphrase|\bpwd|contraseña|mot de passe|密码|密碼|パスワード|비밀번호|пароль)"
_PHONE = (
    r"(?:\b(?:phone|tel|telephone|telefon|teléfono|téléphone|mobile|handy|cell|fax|whatsapp|msisdn)"
    r"(?:[_ -]?(?:no|nr|number))?|手机号?|电话(?:号码)?|電話(?:番号)?|전화(?:번호)?|телефон)"
)
_SCHEMES = r"\b(?:https?|ftp|wss?|rediss?|postgres(?:ql)?|mysql|mongodb(?:\+srv)?|amqps?)"

# Words of which one must stand in the text for the pattern to be tried, and the pattern: each of its groups is hidden.
_ALWAYS: dict[str, str] = {
    "private key-----": r"-----begin (?:[a-z]{1,12} ){0,3}private key-----((?:[^-]|-(?!----))*+)",
    "authorization": rf"\b(?:proxy-)?authorization{_TO}{_QUOTE}"
    r"(?:(?:bearer|basic|digest|token|negotiate|apikey)\s{1,3}+)?([^\s\"',;\\]{1,4000}+)",
    "bearer basic": r"\b(?:bearer|basic)\s{1,3}+([a-z0-9._~+/=-]{12,4000}+)",
    "cookie": rf"\b(?:set-)?cookie{_TO}{_QUOTE}([^\n\"']{{1,4000}}+)",
    "pass pwd contraseña 密码 密碼 パスワード 비밀번호 пароль": rf"{_ENTRY}{_TO}{_VALUES}",
    "eyj eyi": r"\b(ey[ji][a-z0-9_-]{8,}+\.[a-z0-9_-]{4,}+(?:\.[a-z0-9_-]{1,}+)?)",
    "://": rf"{_SCHEMES}://[^\s:/@]{{0,80}}+:([^\s@/]{{1,200}}+)@",
    "sk- sk_ pk- pk_ rk- rk_": r"\b((?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][a-z0-9_-]{10,}+)",
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat-": r"\b((?:gh[pousr]|github_pat)_\w{20,}+|glpat-[a-z0-9_-]{16,}+)",
    "xox akia asia aiza": r"\b(xox[abposr]-[a-z0-9-]{10,}+|a[ks]ia[0-9a-z]{16}\b|aiza[0-9a-z_-]{30,}+)",
    "@": r"(?<![a-z0-9._%+-])([a-z0-9._%+-]{1,64}+@[a-z0-9-]{1,63}+(?:\.[a-z0-9-]{1,63}+){1,6}+)",
    "+": r"(\+(?:[0-9]{1,3}+[ ./()-]{1,3}+[0-9](?:[ ./()-]{0,2}+[0-9]){5,13}+|[0-9]{10,15}+))(?![0-9])",
    "phone tel mobile handy cell fax whatsapp msisdn teléfono téléphone 手机 电话 電話 전화 телефон": (
        rf"{_PHONE}{_QUOTE}[.]?\s{{0,3}}+[:=：]?\s{{0,3}}+{_QUOTE}(\+?\(?[0-9](?:[ ./()-]{{0,2}}+[0-9]){{6,14}}+)"
    ),
    # An AppSign on its own.
    "a b c d e f": r"([0-9a-f](?<![0-9a-z].)[0-9a-f]{63})(?![0-9a-z])",
    "0 1 2 3 4 5 6 7 8 9": r"([(0-9](?<![0-9a-z.-].)(?:(?<=[(])[0-9]{3}\)[ .-]?[0-9]{3}[ .-][0-9]{4}"
    r"|(?<=[0-9])[0-9]{2}[ .-][0-9]{3}[ .-][0-9]{4}|(?<=1)[3-9][0-9]{9}))(?![0-9a-z-])",
}
# A bare number after these is more often a code ("invalid token: 660300001") than a secret.
_UNLESS_A_NUMBER: dict[str, str] = {
    "secret sign key sess credential 密钥 秘钥 令牌 签名": rf"{_NAMES}{_TO}{_VALUES}",
    "token": rf"token{_TO}{_VALUES}",
    "=": r"[?&](?:token|key|sig|signature|secret|access_token|auth|code_verifier)=([^\s&\"'#<>]{1,4000}+)",
}
_HIDDEN = [
    (words.split(), re.compile(pattern), patterns is _UNLESS_A_NUMBER)
    for patterns in (_ALWAYS, _UNLESS_A_NUMBER)
    for words, pattern in patterns.items()
]
_NOT_BREAK = re.compile(r"[^\r\n]")


def mask(text: str) -> str:
    """Return the text with secrets and personal data as bullets, of the same length and with the same lines."""
    pieces, at = [], 0
    for start, end in sorted(_secrets(lowered(text))):
        if end > at:
            start = max(start, at)
            pieces += [text[at:start], _NOT_BREAK.sub(BULLET, text[start:end])]
            at = end
    return "".join([*pieces, text[at:]])


def _secrets(low: str) -> Iterator[tuple[int, int]]:
    for words, pattern, unless_number in _HIDDEN:
        if not any(word in low for word in words):
            continue
        for match in pattern.finditer(low):
            for group, value in enumerate(match.groups(), 1):
                if value and not (unless_number and len(value) <= 10 and value.isdigit()):
                    yield match.span(group)
