"""The `Link` header of a page of a list (RFC 8288): the addresses that its body has, and that of the first page."""

import re
from typing import Any

from rest_framework.utils.urls import remove_query_param

# A page begins with its links; an address is ASCII and has neither quotes nor backslashes.
_START = re.compile(rb'\{"next":(?:null|"([^"\\]*)"),"previous":(?:null|"([^"\\]*)")[,}]')


def links_of(following: str | None, previous: str | None) -> str:
    """Return the header for the addresses of a page's neighbours; "" if there are none."""
    first = remove_query_param(previous, "cursor") if previous else None
    pairs = (("next", following), ("prev", previous), ("first", first))
    return ", ".join(f'<{address}>; rel="{relation}"' for relation, address in pairs if address)


def links_in(page: Any) -> str:
    """Return the header for a page, as JSON or as data; "" for other answers."""
    if isinstance(page, dict):
        return links_of(page.get("next"), page.get("previous")) if "previous" in page else ""
    match = _START.match(page)
    return links_of(*(part.decode() if part else None for part in match.groups())) if match else ""
