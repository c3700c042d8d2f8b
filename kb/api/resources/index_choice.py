"""By which index a list of return codes is read.

# Note [Few or many]
A filter may keep three codes of a million, or all but three. A database without statistics cannot know which, and
takes a wrong way: it walks through a whole table to find three codes, or reads and sorts a million for a page of fifty.
So a list first asks the index of each filter for FEW codes and one more. If there are few, they are sorted. If there
are more, the list is read by the index of its order, row by row, and soon has a page. Its conditions are then written
so that no other index can serve them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kb.models.fields import VENDOR_TEXTS
from kb.models.origins import Origin
from kb.queries.code_knowledge import ids_with_notes, ids_with_open_incident

FEW = 500
"""Most codes that are found by the index of a filter and then put in order."""

EXACT = {"code", "code__in", "id", "id__in", "number", "number__in", "note", "incident"}
"""Filters that keep few codes."""

_FIELDS = {"number_min": "number", "number_max": "number", "updated_since": "updated_at", "retired": "retired_at"}
_FIELDS |= {"prefix": "beginning", "code__prefix": "beginning"}

BY_TABLE = {"number", "updated_at", "disposition", "fixer", "id"}
"""Fields with an index for each table."""

_USUAL: dict[str, Any] = {"retired": False, "retired_at__isnull": True, "successor__isnull": True}
_USUAL |= {"number__isnull": False, "has_notes": False, "has_open_incident": False}
"""Values that most codes have."""

_WITHOUT_INDEX = {"table", "version__lte", "symbol__isnull", *(f"{name}__isnull" for name in VENDOR_TEXTS)}

IDS: dict[str, Callable[..., list[int] | None]] = {
    "has_notes": ids_with_notes,
    "has_open_incident": ids_with_open_incident,
}
"""How to find the ids of the codes that pass a filter, for filters without an index."""

INDEX = {"number": "sort_key", **{name: name for name in ("id", "updated_at", "created_at", "retired_at", "version")}}
"""What the index of a field begins with. In this order, it is the quickest way."""


def field_of(name: str) -> str:
    """Return what a filter is about."""
    return _FIELDS.get(name, name.partition("__")[0])


def may_be_few(name: str, value: Any) -> bool:
    """Whether an index finds the codes that pass a filter, and these may be few."""
    if name in _WITHOUT_INDEX or name.endswith("__not") or _USUAL.get(name) == value:
        return False
    if field_of(name).endswith("_origin"):
        return set(value) == {Origin.STAFF}
    return field_of(name) != "version" or 1 not in (value if isinstance(value, list) else [value])


def served_by_order(ordering: str, values: Mapping[str, Any]) -> set[str]:
    """Return the field whose filters the index of a list's order serves, too."""
    order = ordering.removeprefix("-")
    if order != "vendor":
        return {"number" if order == "code" else order}
    return set([name for name in ("disposition", "fixer") if len(values.get(name, ())) == 1][:1])
