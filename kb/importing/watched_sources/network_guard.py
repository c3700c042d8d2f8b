"""Which addresses may be asked: public ones over http or https, and what the settings add.

# Note [Asked once]
A name is resolved once, every address it stands for is checked, and the connection goes to one of exactly these
addresses. A second look-up could have another answer: DNS rebinding. Each redirect passes here again.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri

from kb.importing.watched_sources.trouble import SourceTrouble
from kb.text.safety.links import is_web_address

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

PORTS = {"http": 80, "https": 443}
_MAX_ADDRESS = 2000
_HOST = re.compile(r"[a-z0-9_.:-]{1,253}")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        # Metadata and control addresses of clouds that are not in a private range, and shared address space.
        *("168.63.129.16/32", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24"),
        # Tunnels, whose last bits are an IPv4 address of any kind.
        *("2001::/23", "2002::/16", "64:ff9b:1::/48", "::/96", "fec0::/10"),
    )
)


@dataclass(frozen=True)
class FetchRules:
    """The settings KB_FETCH_*: what may be asked, and how much and how long an answer may be."""

    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    networks: tuple[IPNetwork, ...] = ()
    max_bytes: int = 32 * 2**20
    seconds: float = 60.0
    idle_seconds: float = 10.0

    @classmethod
    def from_settings(cls) -> "FetchRules":
        """Return the rules of the settings."""
        return cls(
            tuple(host.lower() for host in settings.KB_FETCH_HOSTS),
            tuple(settings.KB_FETCH_PORTS),
            tuple(ipaddress.ip_network(network) for network in settings.KB_FETCH_NETWORKS),
            settings.KB_FETCH_MAX_BYTES,
            float(settings.KB_FETCH_SECONDS),
        )


@dataclass(frozen=True)
class WebAddress:
    """An http or https address, checked except for what its host stands for."""

    url: str
    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def host_header(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def web_address(url: str, rules: FetchRules) -> WebAddress:
    """Return an address whose scheme, host and port are allowed. Raises SourceTrouble."""
    if len(url) > _MAX_ADDRESS or not is_web_address(url):
        raise _refused(url, "Allowed are addresses such as https://host/path, without a user name or spaces")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode()
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _refused(url, "It is not an address") from None
    if parts.scheme not in PORTS or not _HOST.fullmatch(host):
        raise _refused(url, "Allowed are http:// and https:// with the name of a host")
    if port not in rules.ports:
        allowed = ", ".join(str(number) for number in rules.ports)
        raise _refused(url, f"Port {port} is not allowed by KB_FETCH_PORTS ({allowed})")
    if rules.hosts and not any(_fits(host, pattern) for pattern in rules.hosts):
        raise _refused(url, f"The host {host} is not allowed by KB_FETCH_HOSTS")
    target = iri_to_uri((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return WebAddress(url, parts.scheme, host, port, target)


def checked_addresses(host: str, port: int, rules: FetchRules) -> list[str]:
    """Return the IP addresses of a host. Raises SourceTrouble unless every one of them may be asked.

    See Note [Asked once].
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise _unresolved(host, error) from None
    numbers = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for number in numbers:
        if not may_be_asked(number, rules.networks):
            subject = host if host == number else f"{host} stands for {number}, which"
            message = f"{subject} is not a public address. If it is yours, add its network to KB_FETCH_NETWORKS."
            raise SourceTrouble("refused", message)
    if not numbers:
        raise SourceTrouble("gone", f"There is no host {host}.")
    return numbers


def may_be_asked(number: str, networks: tuple[IPNetwork, ...] = ()) -> bool:
    """Whether an IP address is a public one, or in one of `networks`."""
    try:
        address: IPAddress = ipaddress.ip_address(number)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.scope_id:
        return False
    address = _plain(address)
    if any(address in network for network in networks):
        return True
    return _is_public(address)


def _is_public(address: IPAddress) -> bool:
    special = (
        *(address.is_private, address.is_loopback, address.is_link_local),
        *(address.is_multicast, address.is_reserved, address.is_unspecified),
    )
    return address.is_global and not any(special) and not any(address in network for network in _NEVER_PUBLIC)


def _plain(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 address stands for, mapped or translated; any other address as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _fits(host: str, pattern: str) -> bool:
    """Whether a host is the one of a pattern; `*.example.com` and `.example.com` stand for all hosts below it."""
    suffix = pattern.removeprefix("*")
    return host.endswith(suffix) and host != suffix if suffix.startswith(".") else host == pattern


def _unresolved(host: str, error: Exception) -> SourceTrouble:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return SourceTrouble("unreachable", f"The name {host} could not be resolved just now.")
    return SourceTrouble("gone", f"There is no host {host}.")


def _refused(url: str, reason: str) -> SourceTrouble:
    return SourceTrouble("refused", f"{url[:200]} is not asked. {reason}.")
