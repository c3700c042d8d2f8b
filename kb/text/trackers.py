"""Addresses of incidents: their tracker, their reference, and whether two mean the same incident.

This module does not use the network. Addresses are untrusted: only plain web addresses pass.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

MAX_REFERENCE = 80
MAX_BYTES = 2000
"""Longest canonical address, in bytes of UTF-8: PostgreSQL's index takes 2,704."""

_TRACKING = re.compile(
    r"utm_\w*|mc_[ce]id|_h(?:senc|smi)|_g[al]|(?:g|fb|y|dc|ms)clid|[gw]braid|igshid|mkt_tok|atlorigin"
)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORT = {"http": 80, "https": 443}


class NotALink(ValueError):
    """The text is not a web address that may be linked; the message tells a person why."""


@dataclass(frozen=True)
class TrackedAddress:
    """The parts of an address. `tracker` is empty for an unknown tracker."""

    tracker: str
    reference: str
    canonical: str
    """Equal for two addresses of the same incident. It is a key for comparing, not an address to open."""


class _Shape(NamedTuple):
    tracker: str
    host: str
    place: str
    reference: str
    same: str
    """The part after the host that differs between two incidents of this tracker."""


_KEY = r"(?P<key>[a-z][a-z0-9_]{0,20}-[1-9][0-9]{0,9})(?=[/?&#]|$)"
_NUMBER = r"(?P<n>[0-9]{1,15})(?=[/?&#.]|$)"
_REPO = r"/(?P<repo>[\w.-]+/[\w.-]+)"
_PROJECT = r"/(?P<repo>[\w.-]+(?:/[\w.-]+)+?)"

_BASE = r"(?P<base>(?:/[\w.-]+)??)"
_ISSUE = r"/issues(?:/incident)?/"
_STATUS_ID = r"(?P<id>[a-z0-9]{6,32})(?=[/?]|$)"
_GITHUB = r"(?:www\.)?github\.[\w.-]+"
_GITLAB = r"(?:[\w-]+\.)*gitlab\.[\w.-]+"
_SERVICENOW = r"[\w-]+\.(?:service-now\.com|servicenowservices\.com)"
_QUEUE = r"/(?:projects/\w+/(?:issues|queues/.+?)|servicedesk/customer/portal/\d+)/"

# The first match counts. Matched with the decoded path and query, in any case. An empty host matches any host.
_SHAPES = (
    _Shape("Jira", r"[\w-]+\.atlassian\.net", r".*?(?:/|[?&]selectedissue=)" + _KEY, "{key}", "/browse/{key}"),
    _Shape("Jira", "", _BASE + r"/browse/" + _KEY, "{key}", "{base}/browse/{key}"),
    _Shape("Jira", "", _BASE + _QUEUE + _KEY, "{key}", "{base}/browse/{key}"),
    _Shape("Jira", "", _BASE + r"/secure/.*[?&]selectedissue=" + _KEY, "{key}", "{base}/browse/{key}"),
    _Shape("Linear", r"linear\.app", r"/(?P<repo>[\w-]+)/issue/" + _KEY, "{key}", "/{repo}/issue/{key}"),
    _Shape("GitHub", _GITHUB, _REPO + r"/(?:issues|pull|discussions)/" + _NUMBER, "{repo}#{n}", "/{repo}/issues/{n}"),
    _Shape("GitHub", _GITHUB, r"/.*?advisories/(?P<key>ghsa(?:-[a-z0-9]{4}){3})\b", "{key}", "/advisories/{key}"),
    _Shape("GitLab", "", _PROJECT + rf"/-(?:{_ISSUE}|/work_items/)" + _NUMBER, "{repo}#{n}", "/{repo}/issues/{n}"),
    _Shape("GitLab", _GITLAB, _PROJECT + _ISSUE + _NUMBER, "{repo}#{n}", "/{repo}/issues/{n}"),
    _Shape("GitLab", "", _PROJECT + r"/-/merge_requests/" + _NUMBER, "{repo}!{n}", "/{repo}/merge_requests/{n}"),
    _Shape("GitLab", _GITLAB, _PROJECT + r"/merge_requests/" + _NUMBER, "{repo}!{n}", "/{repo}/merge_requests/{n}"),
    _Shape(
        "Zendesk", r"[\w-]+\.zendesk\.com", r"(?:/[\w-]+)*?/(?:tickets|requests)/" + _NUMBER, "#{n}", "/tickets/{n}"
    ),
    _Shape("Zendesk", "", r"/agent/tickets/" + _NUMBER, "#{n}", "/tickets/{n}"),
    _Shape(
        "PagerDuty", r"[\w.-]+\.pagerduty\.com", r"/incidents/(?P<key>[a-z0-9]{6,26})\b", "{key}", "/incidents/{key}"
    ),
    _Shape(
        "Statuspage", r"[\w-]+\.statuspage\.io", r"(?:/pages/\w+)?/incidents/" + _STATUS_ID, "{id}", "/incidents/{id}"
    ),
    _Shape("Statuspage", r"stspg\.io", r"/(?:i/)?" + _STATUS_ID, "{id}", "/{id}"),
    _Shape("Statuspage", r".*status.*", r"/incidents/(?P<id>[a-z0-9]{12})(?=[/?]|$)", "{id}", "/incidents/{id}"),
    _Shape(
        "ServiceNow", _SERVICENOW, r".*?\b(?P<key>(?:inc|chg|prb|task|ritm|req|cs)[0-9]{5,12})\b", "{key}", "/{key}"
    ),
    _Shape("ServiceNow", _SERVICENOW, r".*?(?:sys_id=|/)(?P<hex>[0-9a-f]{32})(?=[/?&#^]|$)", "{hex}", "/{hex}"),
)
_COMPILED = [(shape, re.compile(shape.host or ".*", re.I), re.compile(shape.place, re.I)) for shape in _SHAPES]
_CASE = {"key": str.upper, "repo": str.lower, "hex": str.lower}
"""The tracker's own spelling of parts that it accepts in any case."""


def read_address(url: str) -> TrackedAddress:
    """Return the tracker and incident of an address. Raises NotALink."""
    parts = _split(url)
    host = _host(parts)
    path, query = _path(parts.path), _query(parts.query)
    route = f"#{_text(parts.fragment)}" if parts.fragment.startswith(("/", "!/")) else ""
    whole = f"{host}{path}{query}{route}"
    # Some trackers put an address inside another one, encoded twice.
    place = unquote(unquote(f"{path}{query}{route}"))
    for shape, host_pattern, place_pattern in _COMPILED:
        match = place_pattern.match(place) if host_pattern.fullmatch(host.partition(":")[0]) else None
        if match:
            groups = {name: _CASE.get(name, str)(value or "") for name, value in match.groupdict().items()}
            as_written = groups | ({"repo": match["repo"]} if groups.get("repo") else {})
            host = host.removeprefix("www.")
            return TrackedAddress(
                shape.tracker,
                _shorten(shape.reference.format(**as_written)),
                _checked_length(host + shape.same.format(**groups)),
            )
    return TrackedAddress("", _shorten(unquote(f"{host}{path}")), _checked_length(whole))


def _split(url: str) -> SplitResult:
    text = url.strip()
    if len(text) > MAX_BYTES:
        raise NotALink(f"The URL is too long: {len(text):,} characters; the limit is {MAX_BYTES:,}.")
    excerpt = text if len(text) <= 60 else f"{text[:59]}…"
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs") or character.isspace() for character in text):
        raise NotALink("The URL contains invisible characters or spaces. Copy it again.")
    if "\\" in text:
        raise NotALink("The URL contains a backslash, which browsers read as a slash. Write a slash instead.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise NotALink(f"“{excerpt}” is not a URL.") from None
    if parts.scheme not in _DEFAULT_PORT:
        raise NotALink(f"“{excerpt}” is not a URL: it must start with http:// or https://.")
    if not parts.hostname or port == 0:
        raise NotALink(f"“{excerpt}” has no host.")
    if "@" in parts.netloc:
        raise NotALink("The URL contains a username or password before the host. Remove it.")
    return parts


def _host(parts: SplitResult) -> str:
    name = (parts.hostname or "").rstrip(".")
    try:
        host = f"[{_spelling(ipaddress.IPv6Address(name))}]" if ":" in name else name.encode("idna").decode()
    except ValueError:
        raise NotALink(f"“{name[:60]}” is not a host name.") from None
    if not re.fullmatch(r"\[[0-9a-f:]+\]|[a-z0-9._-]+", host):
        raise NotALink(f"“{name[:60]}” is not a host name.")
    return host if parts.port in (None, _DEFAULT_PORT[parts.scheme]) else f"{host}:{parts.port}"


def _spelling(address: ipaddress.IPv6Address) -> str:
    """Return the one spelling of an address. Since Python 3.13, `str` writes some of them with dots."""
    low = int(address) & 0xFFFF_FFFF
    return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}" if address.ipv4_mapped else str(address)


def _path(path: str) -> str:
    segments: list[str] = []
    for segment in _text(path).split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in (".", ""):
            segments.append(segment)
    return "".join(f"/{segment}" for segment in segments)


def _query(query: str) -> str:
    items = [_text(item.replace("+", "%20")) for item in query.split("&")]
    items = sorted(item for item in items if item and not _TRACKING.fullmatch(item.partition("=")[0].lower()))
    return f"?{'&'.join(items)}" if items else ""


def _text(part: str) -> str:
    """Return a part of an address with one spelling for each character."""
    return unicodedata.normalize("NFC", re.sub(r"(?:%[0-9A-Fa-f]{2})+", _decode, part))


def _decode(escaped: re.Match[str]) -> str:
    try:
        text = unquote(escaped[0], errors="strict")
    except UnicodeDecodeError:
        return escaped[0].upper()
    return "".join(c if c in _UNRESERVED or (c > "\x7f" and c.isprintable()) else quote(c, safe="") for c in text)


def _shorten(reference: str) -> str:
    text = "".join(c for c in reference if c.isprintable())
    return text if len(text) <= MAX_REFERENCE else f"{text[: MAX_REFERENCE - 1]}…"


def _checked_length(canonical: str) -> str:
    size = len(canonical.encode())
    if size > MAX_BYTES:
        raise NotALink(f"The URL is too long: {size:,} bytes; the limit is {MAX_BYTES:,}.")
    return canonical
