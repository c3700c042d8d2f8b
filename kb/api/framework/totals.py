"""Totals and facets for a whole list."""

from collections.abc import Mapping
from typing import Any

from django.db.models import BooleanField, Count, Expression, ExpressionWrapper, F, Q, QuerySet

MAX_VALUES = 100
"""Values that one facet lists."""

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
    "count": {"type": "integer", "minimum": 0, "description": "With `count=1`: how many results match the filters."},
    "facets": {
        "type": "object",
        "additionalProperties": _FACET,
        "description": "With `facets`: how many matching results have each value, most frequent first.",
    },
}


def yes_or_no(condition: Q) -> Expression:
    """Return the facet of a condition: true or false."""
    return ExpressionWrapper(condition, BooleanField())


def totals(queryset: QuerySet[Any], facets: Mapping[str, Facet], with_count: bool) -> dict[str, Any]:
    """Return the count, if requested, and the facets by name: one query for each."""
    count: dict[str, Any] = {"count": queryset.order_by().count()} if with_count else {}
    return count | ({"facets": {name: _facet(queryset, facet) for name, facet in facets.items()}} if facets else {})


def _facet(queryset: QuerySet[Any], facet: Facet) -> dict[str, Any]:
    value = F(facet) if isinstance(facet, str) else facet
    # A list that counts related rows joins them, which repeats each of its rows.
    is_joined = any(annotation.contains_aggregate for annotation in queryset.query.annotations.values())
    rows = queryset.order_by().values(of=value).annotate(n=Count("pk", distinct=is_joined)).order_by("-n", "of")
    counts = [(_as_parameter(row["of"]), row["n"]) for row in rows[: MAX_VALUES + 1]]
    values = sorted(counts[:MAX_VALUES], key=lambda pair: (-pair[1], pair[0]))
    return {"values": [{"value": value, "count": n} for value, n in values], "truncated": len(counts) > MAX_VALUES}


def _as_parameter(value: Any) -> str:
    """Return a value as text that the filter of that name takes."""
    return str(value).lower() if isinstance(value, bool) else str(value)
