"""Counters that several processes add to at the same time."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction

from kb.models.sql import run_each, table_of


def add_counts(
    model: type[models.Model], key: Sequence[str], counters: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Add to counters. A row holds the values of the key's columns, then the amount to add to each counter.

    An upsert adds, because reading and then writing would lose counts. Rows are written in the order of their keys, to
    avoid deadlocks between processes.
    """
    # Quoted, because PostgreSQL reserves words such as window.
    quote = connection.ops.quote_name
    table, keys, sums = table_of(model), [quote(name) for name in key], [quote(name) for name in counters]
    values = ", ".join(["%s"] * (len(keys) + len(sums)))
    additions = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    sql = (
        f"INSERT INTO {table} ({', '.join(keys + sums)}) VALUES ({values}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {additions}"
    )
    with transaction.atomic():
        run_each(sql, sorted(rows))
