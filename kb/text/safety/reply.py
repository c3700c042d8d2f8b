"""The reply to a customer: fill in its placeholders, and find the parts that must not be in it."""

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from urllib.parse import urlsplit

PLACEHOLDERS = ("code", "date")
INTERNAL_ENDINGS = ("local", "internal", "corp", "lan", "intranet", "localdomain", "localhost", "home.arpa")
MAX_LISTED = 5

_PLACEHOLDER = re.compile(r"\{\s*([A-Za-z_][\w .-]{0,40}?)\s*\}")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s<>\"'`|\\^{}]{1,2000}", re.I)
# What browsers read as `https://`: one slash, three, backslashes, or `//host` alone.
_SLASHES = re.compile(r"\b(https?:)[/\\]{1,99}|(?<![\w.:/\\])[/\\]{2,99}(?=[\w-]{1,63}\.[\w-]|\[)", re.I)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
_BARE = re.compile(r"(?<![\w@/.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?:/[^\s<>\"'`)\]]{0,500})?|\blocalhost\b", re.I)
_AFTER_URL = ".,;:!?)]}*_"


def fill(reply: str, code: str, on: date) -> str:
    """Return a reply about one code, with `{code}` and `{date}` filled in; other braces stay."""
    values = {"code": code, "date": on.isoformat()}
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), reply)


def problems(reply: str, internal_hosts: Collection[str] = (), public_emails: Collection[str] = ()) -> list[str]:
    """Return the problems of a reply, as sentences that name the words and what is allowed."""
    text = _read(reply)
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]
    hosts = [host for host in _hosts(text) if _is_internal(host, internal_hosts)]
    allowed = {address.casefold() for address in public_emails}
    emails = [email for email in _EMAIL.findall(text) if email.casefold().rstrip(".") not in allowed]
    placeholders = " and ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    rule = f"allowed: {', '.join(sorted(public_emails))}" if public_emails else "none is published"
    return [
        *_problem("not a known placeholder", [f"{{{name}}}" for name in unknown], f"allowed: {placeholders}"),
        *_problem("an internal host", hosts, "customers cannot open it"),
        *_problem("an e-mail address that is not public", emails, rule),
    ]


def addresses(reply: str) -> list[str]:
    """Return the web addresses in a reply, each once, including those without https://."""
    text = _read(reply)
    full = [url.rstrip(_AFTER_URL) for url in _URL.findall(text)]
    short = [f"https://{url.rstrip(_AFTER_URL)}" for url in _BARE.findall(_URL.sub(" ", text)) if "/" in url]
    return list(dict.fromkeys([*full, *short]))


def _read(reply: str) -> str:
    text = unicodedata.normalize("NFKC", reply)
    return _SLASHES.sub(lambda match: f"{match[1] or 'https:'}//", text)


def titles_in(reply: str, titles: Collection[str]) -> list[str]:
    """Return the titles that occur in a reply, in any case and spacing."""
    text = _fold(reply)
    return [title for title in titles if _fold(title) in text]


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _problem(what: str, values: list[str], rule: str) -> list[str]:
    unique = list(dict.fromkeys(values))
    names = ", ".join(unique[:MAX_LISTED]) + (f" and {len(unique) - MAX_LISTED} more" if unique[MAX_LISTED:] else "")
    return [f"{names} is {what} ({rule})."] if unique else []


def _hosts(text: str) -> Iterator[str]:
    for url in _URL.findall(text):
        try:
            yield urlsplit(url.rstrip(_AFTER_URL)).hostname or ""
        except ValueError:
            # An address without a readable host must not be sent to anybody: "[" marks it as internal.
            yield "[" + url[:60]
    # A word without a dot counts as a host only in an address.
    yield from (name.partition("/")[0] for name in _BARE.findall(_EMAIL.sub(" ", _URL.sub(" ", text))))


def _is_internal(host: str, more: Collection[str]) -> bool:
    name = host.casefold().rstrip(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if not name:
            return False
        endings = (*INTERNAL_ENDINGS, *(ending.casefold().lstrip("*.") for ending in more))
        return "." not in name or any(name == ending or name.endswith(f".{ending}") for ending in endings)
    return address.is_private or address.is_loopback or address.is_link_local or address.is_unspecified
