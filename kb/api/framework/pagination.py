"""Keyset pages: stable while rows are written, and as fast on the last page as on the first."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from django.db.models import CharField, DateTimeField, F, Model, Q
from django.db.models.expressions import OrderBy
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.feed_places import FeedPlaceGone
from kb.api.framework.generation import generation
from kb.api.framework.parameter_values import text_of, whole
from kb.api.framework.totals import TOTALS
from kb.text.codes.forms import MAX_NUMBER

DEFAULT_SIZE = 50
MAX_SIZE = 200
# A sort key has up to 2,000 characters.
MAX_CURSOR = 4_000


@dataclass(frozen=True)
class OrderTerm:
    """One field of an order. Rows without a value come last, in both directions."""

    field: Any
    descending: bool = False
    backwards: bool = False

    @classmethod
    def for_field(cls, model: type[Model], name: str, descending: bool) -> Self:
        """Return the term for a field; `descending` puts the greatest value first."""
        return cls(model._meta.get_field(name), descending)

    def reversed(self) -> "OrderTerm":
        """Return the term for reading the list backwards, towards the first row."""
        return OrderTerm(self.field, self.descending, not self.backwards)

    @property
    def _falls(self) -> bool:
        return self.descending != self.backwards

    def order(self) -> OrderBy:
        """Return what `order_by` takes."""
        column = F(self.field.attname)
        nulls = {} if not self.field.null else {"nulls_first" if self.backwards else "nulls_last": True}
        return column.desc(**nulls) if self._falls else column.asc(**nulls)

    def equal(self, value: Any) -> Q:
        """Return the condition that a row has this value."""
        name = self.field.attname
        return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})

    def beyond(self, value: Any) -> Q:
        """Return the condition that a row comes after this value."""
        name = self.field.attname
        if value is None:
            return Q(**{f"{name}__isnull": False}) if self.backwards else Q(pk__in=[])
        after = Q(**{f"{name}__{'lt' if self._falls else 'gt'}": value})
        return after | Q(**{f"{name}__isnull": True}) if self.field.null and not self.backwards else after

    def not_before(self, value: Any) -> Q:
        """Return a condition that holds for every later row, so that the index scan can start there."""
        if self.field.null:
            return Q()
        return Q(**{f"{self.field.attname}__{'lte' if self._falls else 'gte'}": value})

    def plain(self, row: Model) -> Any:
        """Return a row's value as JSON stores it."""
        value = getattr(row, self.field.attname)
        return value.isoformat() if isinstance(value, datetime) else value

    def parse(self, value: Any) -> Any:
        """Return the value of a cursor. Raises ValueError if no row can have it."""
        if value is None and self.field.null:
            return None
        if isinstance(self.field, DateTimeField):
            return datetime.fromisoformat(value).astimezone(UTC)
        if isinstance(self.field, CharField):
            # Databases accept neither NUL nor half a surrogate pair; `encode` raises ValueError for the latter.
            possible = isinstance(value, str) and b"\x00" not in value.encode()
        else:
            possible = type(value) is int and abs(value) <= MAX_NUMBER
        if not possible:
            raise ValueError(value)
        return value


class KeysetPagination(BasePagination):
    """Pages that continue after the last row of the page before, instead of an offset. Nothing is counted.

    A cursor holds the row's values of the fields in the order, and the name of the order. A view lists its orders in
    `orders`; the last field of each order is unique.
    """

    parameters = {
        "page_size": whole(1, MAX_SIZE),
        "cursor": text_of(MAX_CURSOR),
    }

    has_next = has_previous = False

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return one page, and store what the links to its neighbours need."""
        self.request, self.ordering = request, view.ordering
        self.terms = view.order_terms()
        size = view.values.get("page_size", DEFAULT_SIZE)
        back, values = read_cursor(view.values.get("cursor"), self.ordering, self.terms)
        terms = [term.reversed() for term in self.terms] if back else self.terms
        rows: list[Any] = []
        parts = self._parts(view.borders.get(view.ordering), back, values)
        if values is not None:
            parts = [*(parts[0] & rest for rest in _after(terms, values)), *parts[1:]]
        for part in parts:
            rows += queryset.filter(part).order_by(*(term.order() for term in terms))[: size + 1 - len(rows)]
            if len(rows) > size:
                break
        more, self.rows = len(rows) > size, rows[:size]
        if back:
            self.rows.reverse()
        self.has_next, self.has_previous = (True, more) if back else (more, values is not None)
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with links to its neighbours."""
        return Response({"next": self._link(last=True), "previous": self._link(last=False), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": {**schema, "maxItems": MAX_SIZE}, **TOTALS},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters."""
        size = {**self.parameters["page_size"].schema, "default": DEFAULT_SIZE}
        cursor = dict(self.parameters["cursor"].schema)
        most = "Maximum number of results on a page."
        about = "Where the page starts. Opaque: take it from `next` or `previous` and keep the same ordering."
        return [
            {
                "name": "page_size",
                "in": "query",
                "schema": size,
                "description": most,
                "example": DEFAULT_SIZE,
            },
            {
                "name": "cursor",
                "in": "query",
                "schema": cursor,
                "description": about,
                "example": _example_cursor(view),
            },
        ]

    def _parts(self, border: Any, back: bool, values: list[Any] | None) -> list[Q]:
        """Return the remaining parts of the list, in reading order.

        A descending order with a border has two parts: rows below the border come first. Each part is read from the
        same index; a single ORDER BY for both would sort the table.
        """
        if border is None:
            return [Q()]
        name = self.terms[0].field.attname
        parts = [Q(**{f"{name}__lt": border}), Q(**{f"{name}__gte": border})]
        at = 0 if values is None or values[0] < border else 1
        return parts[at::-1] if back else parts[at:]

    def _link(self, last: bool) -> str | None:
        row = self.rows[-1 if last else 0] if self.rows and (self.has_next if last else self.has_previous) else None
        values = [term.plain(row) for term in self.terms] if row else None
        return link(self.request.build_absolute_uri(), "next" if last else "previous", self.ordering, values)


def _example_cursor(view: Any) -> str:
    """Return a cursor of the view's usual order, of no database."""
    terms = view.orders[view.default_ordering.removeprefix("-")]
    fields = [view.filterset_class._meta.model._meta.get_field(name) for name in terms]
    return encoded_cursor("next", view.default_ordering, "example", [_least(field) for field in fields])


def _least(field: Any) -> Any:
    if isinstance(field, DateTimeField):
        return "2026-03-05T14:00:00+00:00"
    return "ZEGO" if isinstance(field, CharField) else 1


def link(url: str, direction: str, ordering: str, values: list[Any] | None) -> str | None:
    """Return the address of the page that continues after the row with these values; None without a row.

    `url` is the address of the present page, `direction` is next or previous.
    """
    if values is None:
        return None
    cursor = encoded_cursor(direction, ordering, generation().incarnation, values)
    return replace_query_param(url, "cursor", cursor)


def encoded_cursor(direction: str, ordering: str, incarnation: str, values: list[Any]) -> str:
    """Return the cursor of the page that continues after the row with these values, for a database."""
    text = json.dumps([direction, ordering, incarnation, values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, ordering: str, terms: Sequence[OrderTerm]) -> tuple[bool, list[Any] | None]:
    """Return the direction, backwards or not, and the values of the row to continue after; None without a cursor.

    Raises BadParameters for a text that is not a cursor of this order, FeedPlaceGone for one of another incarnation.
    """
    if cursor is None:
        return False, None
    try:
        decoded = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        direction, cursor_ordering, incarnation, values = json.loads(decoded)
        if direction not in ("next", "previous") or cursor_ordering != ordering:
            raise ValueError(direction)
        place = [term.parse(value) for term, value in zip(terms, values, strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        problem = f"This is not a cursor of the order {ordering}."
        allowed = ["`next` or `previous` of one of its pages"]
        raise BadParameters([describe("cursor", cursor, problem, allowed, correction="")]) from None
    if incarnation != generation().incarnation:
        raise FeedPlaceGone
    return direction == "previous", place


def _after(terms: Sequence[OrderTerm], values: list[Any]) -> list[Q]:
    """Return the parts of a list after a row, in reading order: the same first value, then the values beyond it.

    Each starts at its place of the index. One condition for both would start at the first row with the first value,
    and a whole table may have the same one.
    """
    first, *others = terms
    beyond = first.beyond(values[0])
    if not others:
        return [beyond]
    condition, equal = Q(pk__in=[]), Q()
    for term, value in zip(others, values[1:], strict=True):
        condition |= equal & term.beyond(value)
        equal &= term.equal(value)
    return [first.equal(values[0]) & others[0].not_before(values[1]) & condition, beyond]
