"""What the layer in front of Django answers without it: codes by address or list, and searches."""

from kb.api.resources import codes, search_results
from kb.models.visibility import Person, reader
from kb.services import usage


def find(path: str, query: str, user: Person | None, site: str) -> tuple[bytes, usage.Records] | None:
    """Return the body that a view would send, and what to count; None if only the view can tell.

    `site` is the address of the start page.
    """
    if path == search_results.PATH:
        return search_results.find(query, user, site)
    found = codes.find(path, query, reader(user), site)
    return None if found is None else (found[0], usage.records_of(found[1]))
