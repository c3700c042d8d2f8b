"""Keyset pages: stable while rows are written, and as quick on the last page as on the first."""

import base64
import binascii
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from kb.api.errors import BadParameters

DEFAULT_SIZE = 50
MAX_SIZE = 200


class KeysetPagination(BasePagination):
    """Pages that continue after a row, not after a number of rows.

    The cursor holds the values that the order compares. A view names its orders in `orders`: a tuple of fields that
    ends in a unique one and has no nullable one.
    """

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Model]:
        """Return one page, and remember what leads to its neighbours."""
        self.request = request
        self.order = view.chosen_order(request)
        size = page_size(request)
        back, values = self._cursor(request, queryset.model)
        order = [_reverse(name) for name in self.order] if back else list(self.order)
        if values is not None:
            queryset = queryset.filter(_after(order, values))
        rows = list(queryset.order_by(*order)[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if back:
            rows.reverse()
        self.has_next = more if not back else True
        self.has_previous = more if back else values is not None
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        """Return the page with links to its neighbours."""
        return Response({"next": self._link(last=True), "previous": self._link(last=False), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def _link(self, last: bool) -> str | None:
        if not self.rows or not (self.has_next if last else self.has_previous):
            return None
        row = self.rows[-1 if last else 0]
        values = [_plain(row, name.lstrip("-")) for name in self.order]
        text = json.dumps(["next" if last else "previous", values], separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def _cursor(self, request: Request, model: type[Model]) -> tuple[bool, list[Any] | None]:
        given = request.query_params.get("cursor")
        if given is None:
            return False, None
        try:
            way, values = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
            if way not in ("next", "previous") or len(values) != len(self.order):
                raise ValueError(way)
            fields = [model._meta.get_field(name.lstrip("-")) for name in self.order]
            return way == "previous", [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError, RecursionError):
            raise BadParameters.one("cursor", given, "is not a cursor of this list", ["a link of a page"]) from None


def page_size(request: Request) -> int:
    """Return the size of a page. Raises BadParameters for what is not a number from 1 to 200."""
    given = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if given.isascii() and given.isdigit() and len(given) < 5 and 1 <= int(given) <= MAX_SIZE:
        return int(given)
    raise BadParameters.one("page_size", given, "is not a page size", [f"1 to {MAX_SIZE}"])


def _after(order: list[str], values: list[Any]) -> Q:
    """Return the condition of coming after a row: the first fields equal, the next one beyond."""
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.lstrip("-")
        beyond = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{beyond}": value})
        equal &= Q(**{field: value})
    return condition


def _reverse(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _plain(row: Model, name: str) -> Any:
    value = getattr(row, name)
    return value.isoformat() if hasattr(value, "isoformat") else value
