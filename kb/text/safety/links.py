"""Which addresses become links: those that a browser and a reader read in the same way."""

import re
from urllib.parse import unquote

_WEB = re.compile(r"https?://([^/?#]+)", re.I)
_MAIL = re.compile(r"mailto:.", re.I)
# A page of this site: `//host` is another one, browsers read `\` as `/`, and a colon would end a scheme.
_HERE = re.compile(r"(?!/?[\x00-\x20\\]|//)(?:/|[^/:?#]*(?:[/?#]|$))")
# Browsers drop some of these signs, wherever they are.
_UNCLEAR = re.compile(r"[\x00-\x20\x7f\\]")


def is_web_address(address: str) -> bool:
    """Whether an address names its site in full, with http or https and nothing before the host.

    In `https://bank.example@evil.example`, a reader takes the user name for the host.
    """
    site = _WEB.match(address)
    host = unquote(site[1]) if site else ""
    return bool(host) and "@" not in host and not _UNCLEAR.search(address + host)


def is_link(address: str) -> bool:
    """Whether an address leads to a page of this site, to a mailbox, or to a site that it names in full."""
    if is_web_address(address):
        return True
    # Also as somebody decodes it who passes it on.
    leads_here = all(_HERE.match(text) for text in (address, unquote(address)))
    return bool(leads_here or _MAIL.match(address)) and not _UNCLEAR.search(address)
