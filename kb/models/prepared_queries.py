"""Queries whose SQL is compiled once.

For a look-up by a key, Django needs several times longer to write the SQL than the database needs to answer it. Here a
queryset is built and compiled at its first use, with placeholders for the values that differ from call to call. Later
calls only replace the values. Django still makes the rows, conversions and related objects.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import QuerySet

from kb.models.codes import ReturnCode

_cache = threading.local()


def rows(key: Hashable, build: Callable[..., QuerySet[Any]], values: Sequence[str | int]) -> list[Any]:
    """Return the rows of `build(*values)`. `key` holds everything that `build` depends on, except the values.

    The values must reach the database unchanged: text or whole numbers, compared with columns of the same type.
    Prefetches do not run.
    """
    queries: dict[Hashable, _Compiled] = _cache.__dict__.setdefault("queries", {})
    # The database belongs to the key, because a router may choose another one for each request.
    key = (key, router.db_for_read(ReturnCode))
    query = queries.get(key)
    if query is None or not query.is_current():
        query = queries[key] = _Compiled(build, values)
    return query.rows(values)


class _Compiled:
    def __init__(self, build: Callable[..., QuerySet[Any]], values: Sequence[str | int]) -> None:
        placeholders = [_placeholder(place, value) for place, value in enumerate(values)]
        self.queryset = build(*placeholders)
        self.compiler: Any = self.queryset.query.get_compiler(using=self.queryset.db)
        self.parameters: list[Any] | None = None
        try:
            sql, parameters = self.compiler.as_sql()
        except EmptyResultSet:
            return
        self.parameters = list(parameters)
        self.places = [
            (index, placeholders.index(parameter))
            for index, parameter in enumerate(parameters)
            if parameter in placeholders
        ]
        self.compiler.as_sql = lambda *_, **__: (sql, tuple(self.parameters or ()))
        query: Any = self.queryset.query
        query.get_compiler = lambda *_, **__: self.compiler

    def is_current(self) -> bool:
        # The thread may have a new connection to the same database.
        return self.compiler.connection is connections[self.queryset.db]

    def rows(self, values: Sequence[str | int]) -> list[Any]:
        if self.parameters is None:
            return []
        for index, place in self.places:
            self.parameters[index] = values[place]
        iterable: Any = self.queryset._iterable_class
        return list(iterable(self.queryset))


def _placeholder(place: int, value: str | int) -> str | int:
    """Return a value that differs from every other parameter of a query. Numbers fit into 32 bits."""
    return f"\ue000{place}\ue000" if isinstance(value, str) else -(2_065_662_000 + place)
