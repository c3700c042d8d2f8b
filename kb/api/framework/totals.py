"""What is told of a whole list beside one page of it: how many there are, and of which kinds."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import BooleanField, Count, Expression, ExpressionWrapper, F, Q, QuerySet

MAX_VALUES = 100
"""Values of one facet that are counted apart."""

Facet = str | Expression

_VALUE = {
    "type": "object",
    "required": ["value", "count"],
    "properties": {"value": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
}
_FACET = {
    "type": "object",
    "required": ["values", "truncated"],
    "properties": {
        "values": {"type": "array", "items": _VALUE, "maxItems": MAX_VALUES},
        "truncated": {"type": "boolean"},
    },
}
TOTALS = {
    "count": {"type": "integer", "minimum": 0, "description": "With `count=1`: how many the filters keep."},
    "facets": {
        "type": "object",
        "additionalProperties": _FACET,
        "description": "With `facets`: how many of each value the filters keep, the most frequent first.",
    },
}


def holds(condition: Q) -> Expression:
    """Return the facet of a condition: true or false."""
    return ExpressionWrapper(condition, BooleanField())


def totals(queryset: QuerySet, facets: Mapping[str, Facet], asked: Iterable[str], counted: bool) -> dict[str, Any]:
    """Return the totals that were asked for: one query for the count, and one for each facet."""
    asked = list(asked)
    found: dict[str, Any] = {"count": queryset.order_by().count()} if counted else {}
    return found | ({"facets": {name: _facet(queryset, facets[name]) for name in asked}} if asked else {})


def _facet(queryset: QuerySet, facet: Facet) -> dict[str, Any]:
    value = F(facet) if isinstance(facet, str) else facet
    # A list that counts something of each row joins it, and has each row several times.
    is_joined = any(one.contains_aggregate for one in queryset.query.annotations.values())
    rows = queryset.order_by().values(of=value).annotate(n=Count("pk", distinct=is_joined)).order_by("-n", "of")
    counted = [(_written(row["of"]), row["n"]) for row in rows[: MAX_VALUES + 1]]
    shown = sorted(counted[:MAX_VALUES], key=lambda pair: (-pair[1], pair[0]))
    return {"values": [{"value": one, "count": n} for one, n in shown], "truncated": len(counted) > MAX_VALUES}


def _written(value: Any) -> str:
    """Return a value as the filter of that name takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
