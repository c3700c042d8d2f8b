"""Counters that several processes add to at once."""

from collections.abc import Iterable, Sequence

from django.db import connection, models, transaction


def add_counts(model: type[models.Model], key: Sequence[str], counters: Sequence[str], rows: Iterable[tuple]) -> None:
    """Add the last values of each row to the counters of its key, the values before them.

    By an upsert that adds: read-then-write would lose counts. In key order, so that two processes never wait for
    each other's rows.
    """
    # Quoted: PostgreSQL knows words such as window.
    quote = connection.ops.quote_name
    table, keys, sums = quote(model._meta.db_table), [quote(name) for name in key], [quote(name) for name in counters]
    values = ", ".join(["%s"] * (len(keys) + len(sums)))
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    sql = (
        f"INSERT INTO {table} ({', '.join(keys + sums)}) VALUES ({values}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {added}"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(sql, sorted(rows))
