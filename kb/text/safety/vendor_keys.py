"""Rules for keys whose form tells that they are secrets: vendors' keys, tokens of headers, cookies, private keys."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import FILE, HIDDEN, QUOTE, TO, Pattern, Rule, groups, groups_if, is_strong, is_value
from kb.text.word_lists import one_of

_STARTS = FILE.words("key_starts")
_HASHES = re.compile(
    r"(?:sha-?(?:1|2|3|224|256|384|512)|digest|checksum|hash|commit|etag|fingerprint|thumbprint|sum|block|tx|image|@|blob)\W{0,4}\Z"
)


def _key(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield a key whose rest is random: `npm_config_registry` and `hf_hub_download` are names."""
    rest = match["rest"]
    if any(sign.isdigit() or sign == HIDDEN for sign in rest) or not any(sign in "_-" for sign in rest):
        yield match.span()


def _is_credential(value: str) -> bool:
    """Whether what follows "basic" or "bearer" is random: "input/output" and "authentication" are words."""
    return is_value(value) and (value.rstrip("=").isalnum() or any(sign.isdigit() for sign in value))


def _unless_hash(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if not _HASHES.search(match.string, max(match.start() - 16, 0), match.start(1)):
        yield match.span(1)


def _user(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if any(sign.isdigit() for sign in match[1]) and any(sign.isalpha() for sign in match[1]):
        yield match.span(1)


_SCHEME = r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,24}+"
_PARAMETER = r"""[\w-]{1,40}+=(?:\\?"[^"\n]{0,4000}+"|[^\s,"']{1,4000}+)"""
# Cookies up to the end of the last one: a sentence may go on behind it.
_COOKIE = r"""(?:expires=[^;\n"']{1,40}+|[^\s;"'=]{1,4000}+(?:=(?:\\?"[^";\n]{0,4000}+"?|[^\s;"']{0,4000}+))?)"""
_COOKIES = rf"{_COOKIE}(?:(?:;[ ]{{0,3}}+|,?[ ](?=[\w.-]{{1,60}}=)){_COOKIE}){{0,200}}+"

RULES = [
    Rule(
        ("authorization",),
        Pattern(
            rf"authorization(?<!\wauthorization){TO}{QUOTE}"
            r"(?:(?:digest|oauth|hmac|aws4-hmac-sha256|signature|hawk)\s{1,3}+"
            rf"({_PARAMETER}(?:,?[ ]{{0,3}}+{_PARAMETER}){{0,40}}+)"
            r"|(?:(?:bearer|basic|token|negotiate|api-?key|key|ntlm|digest|oauth|hmac|signature|hawk)\s{1,3}+)?"
            r"([^\s\"',;\\]{1,4000}+))"
        ),
        groups_if(is_value),
    ),
    # Schemes of vendors: "Authorization: Zoho-oauthtoken x".
    Rule(
        ("authorization",),
        Pattern(
            rf"authorization(?<!\wauthorization){TO}{QUOTE}(?!bearer|basic)[a-z][a-z0-9_-]{{1,30}}+\s{{1,3}}+([^\s\"',;\\]{{10,4000}}+)"
        ),
        groups_if(is_strong),
    ),
    Rule(
        ("bearer", "basic"),
        Pattern(r"\b(?:bearer:?|basic)\s{1,3}+([a-z0-9._~+/-]{12,4000}+={0,3}+)(?![a-z0-9=])"),
        groups_if(_is_credential),
    ),
    Rule(("cookie",), Pattern(rf"\b(?:set-)?cookie2?{TO}{QUOTE}({_COOKIES})"), groups_if(is_value)),
    Rule(("cookie",), Pattern(rf"--cookie[ =]{{1,2}}+[\"']?(?=[^\s\"'=]{{1,100}}+=)({_COOKIES})"), groups),
    Rule(
        ("curl",),
        Pattern(rf"curl (?<!\wcurl )[^\n]{{0,300}}?(?<=\s)-b[ ]{{0,2}}+[\"']?(?=[^\s\"'=]{{1,100}}+=)({_COOKIES})"),
        groups,
    ),
    # The second way steps over a word that is no token: otherwise each `-` in it would begin another try.
    Rule(
        ("eyj", "eyi"),
        Pattern(
            r"\b(?:(ey[ji][a-z0-9_-]{8,}+\.[a-z0-9_-]{4,}+(?:\.[a-z0-9_-]{1,}+){0,3}+"
            r"|ey[ji][a-z0-9_-]{8,}+\.\.[a-z0-9_-]{4,}+\.[a-z0-9_-]{4,}+\.[a-z0-9_-]{1,}+)|ey[ji][a-z0-9_-]*+)"
        ),
        groups,
    ),
    # A password with "@" ends at the last "@" before the host.
    Rule(
        ("://",),
        Pattern(rf"{_SCHEME}://[^\s:/@]{{0,80}}+:([^\s@/]{{1,200}}+(?:@[^\s@/]{{1,200}}+(?=@)){{0,2}}+)@"),
        groups,
    ),
    Rule(
        ("@",),
        Pattern(
            r"(?<![\w/:.@-])[\w.-]{1,40}+:(?![0-9]{1,10}@)([^\s@:/]{1,60}+(?:@[^\s@:/]{1,60}+(?=@))?)@(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\d)"
        ),
        groups_if(is_value),
    ),
    Rule(("://",), Pattern(rf"{_SCHEME}://([a-z0-9_-]{{16,200}}+)@"), _user),
    Rule(_STARTS, Pattern(rf"(?<![a-z0-9]){one_of(_STARTS)}(?P<rest>[a-z0-9_-]{{10,400}}+)"), _key),
    Rule(("sk-",), Pattern(r"(?<![a-z0-9-])sk-(?P<rest>[a-z0-9]{20,200}+)"), _key),
    Rule(("ltai", "akid"), Pattern(r"\b(?:ltai|akid)(?P<rest>[0-9a-z]{12,40}+)\b"), _key),
    Rule(("akia", "asia"), Pattern(r"\b(a[ks]ia[0-9a-z]{16})\b"), groups),
    # A key or certificate as text, in base64 once more: the data of Kubernetes.
    Rule(("ls0tls1crudjti",), Pattern(r"(?<![a-z0-9+/])(ls0tls1crudjti[a-z0-9+/=]{8,60000}+)"), groups),
    Rule(("aiza",), Pattern(r"\b(aiza[0-9a-z_-]{30,}+)"), groups),
    Rule(("sg.",), Pattern(r"\b(sg\.[a-z0-9_-]{16,40}+\.[a-z0-9_-]{16,60}+)"), groups),
    Rule(("1//",), Pattern(r"(?<![\w/])(1//0[a-z0-9_-]{20,200}+)"), groups),
    Rule((":aa",), Pattern(r"(?<!\d)([0-9]{8,10}:aa[a-z0-9_-]{30,40}+)"), groups),
    Rule(
        ("services/t",),
        Pattern(r"hooks\.slack\.com/services/(t[a-z0-9]{4,20}+/b[a-z0-9]{4,20}+/[a-z0-9]{10,60}+)"),
        groups,
    ),
    Rule(("incomingwebhook/",), Pattern(r"/incomingwebhook/([a-z0-9/-]{20,100}+)"), groups),
    # https://example.com/reset/5b0c...
    Rule(
        ("reset", "verif", "confirm", "activat", "invit", "magic"),
        Pattern(
            r"/[a-z_-]{0,20}(?:reset|verif|confirm|activat|invit|magic)[a-z_-]{0,20}/(?:[a-z0-9_=-]{1,19}/)?([a-z0-9_=.-]{20,400}+)"
        ),
        groups_if(is_strong),
    ),
    Rule(("webhooks/",), Pattern(r"/webhooks/[0-9]{15,22}+/([a-z0-9_-]{20,100}+)"), groups),
    Rule(("atlasv1",), Pattern(r"\b([a-z0-9]{14}\.atlasv1\.[a-z0-9_=-]{40,100}+)"), groups),
    Rule(("8q~",), Pattern(r"(?<![\w~.-])([a-z0-9_~.-]{3}8q~[a-z0-9_~.-]{30,40}+)"), groups),
    Rule(
        ("key-", "-us", "dapi", "sk", "ac"),
        Pattern(
            r"(?<![a-z0-9])(?:((?:key-(?=[a-z]{0,20}+[0-9])[0-9a-z]{32}|(?:dapi|sk)[0-9a-f]{32})|[0-9a-f]{32}-us[0-9]{1,2})|ac[0-9a-f]{32}:([0-9a-f]{32}))(?![0-9a-z])"
        ),
        groups,
    ),
    # A bot of Discord: its number in base64, a time, a signature.
    Rule(
        ("discord", "bot"),
        Pattern(r"(?<![\w.-])([mno][a-z0-9_-]{22,27}+\.[a-z0-9_-]{6,7}+\.[a-z0-9_-]{27,40}+)(?![\w-])"),
        groups,
    ),
    # Hashes of passwords: of `shadow`, routers, htpasswd, LDAP, Django.
    Rule(
        ("$",),
        Pattern(
            r"(?:\$(?:[1-9y]|2[abxy]?|gy|apr1|sha1|md5|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]{0,10})|\bpbkdf2_sha[0-9]{1,3})"
            r"\$([a-z0-9./$=,+*-]{8,200}+)"
        ),
        groups_if(is_strong),
    ),
    Rule(("{s", "{m", "{c"), Pattern(r"\{(?:s?sha(?:256|512)?|s?md5|crypt)\}([a-z0-9+/=$.]{12,200}+)"), groups),
    # new Client(1234567890, "5b0c...").
    Rule(("(",), Pattern(r"\(\s{0,4}[0-9]{5,12}l?\s{0,4},\s{0,4}[\"'`]([0-9a-f]{32,64})[\"'`]"), groups),
    # An AppSign on its own.
    Rule(tuple("abcdef"), Pattern(r"([0-9a-f](?<![0-9a-z].)[0-9a-f]{63})(?![0-9a-z])"), _unless_hash),
]
