"""Queries whose SQL is written once.

For a look-up by a key, Django takes several times as long to write the SQL as the database to answer it. Here a
queryset is built and compiled at its first use, with stand-ins for what differs from call to call; later calls only
put their values in. The rows, the converters and the related objects are Django's own.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import QuerySet

from kb.models.codes import ReturnCode

_kept = threading.local()


def rows(key: Hashable, build: Callable[..., QuerySet[Any]], values: Sequence[str | int]) -> list[Any]:
    """Return the rows of `build(*values)`. `key` names the query: all that `build` depends on but the values.

    The values must go to the database as they are: text or whole numbers, compared with columns of their kind.
    Prefetches are not run.
    """
    kept: dict[Hashable, _Compiled] = _kept.__dict__.setdefault("queries", {})
    # A router may choose another database for each request.
    key = (key, router.db_for_read(ReturnCode))
    found = kept.get(key)
    if found is None or not found.is_current():
        found = kept[key] = _Compiled(build, values)
    return found.rows(values)


class _Compiled:
    def __init__(self, build: Callable[..., QuerySet[Any]], values: Sequence[str | int]) -> None:
        stand_ins = [_stand_in(place, value) for place, value in enumerate(values)]
        self.queryset = build(*stand_ins)
        self.compiler: Any = self.queryset.query.get_compiler(using=self.queryset.db)
        self.parameters: list[Any] | None = None
        try:
            sql, parameters = self.compiler.as_sql()
        except EmptyResultSet:
            return
        self.parameters = list(parameters)
        self.places = [
            (at, stand_ins.index(parameter)) for at, parameter in enumerate(parameters) if parameter in stand_ins
        ]
        self.compiler.as_sql = lambda *_, **__: (sql, tuple(self.parameters or ()))
        query: Any = self.queryset.query
        query.get_compiler = lambda *_, **__: self.compiler

    def is_current(self) -> bool:
        # A thread may have got another connection to the same database since.
        return self.compiler.connection is connections[self.queryset.db]

    def rows(self, values: Sequence[str | int]) -> list[Any]:
        if self.parameters is None:
            return []
        for at, place in self.places:
            self.parameters[at] = values[place]
        iterable: Any = self.queryset._iterable_class
        return list(iterable(self.queryset))


def _stand_in(place: int, value: str | int) -> str | int:
    """Return a value that nothing else in a query is, and that fits an integer of 32 bits: none other can be equal."""
    return f"\ue000{place}\ue000" if isinstance(value, str) else -(2_065_662_000 + place)
