"""Counters that several processes add to at once."""

from collections.abc import Iterable, Sequence

from django.db import connection, models, transaction


def add_counts(model: type[models.Model], key: Sequence[str], counter: str, rows: Iterable[tuple]) -> None:
    """Add the last value of each row to the counter of its key, the values before it.

    By an upsert that adds: read-then-write would lose counts. In key order, so that two processes never wait for
    each other's rows.
    """
    # Quoted: PostgreSQL knows words such as window.
    table, counter, *keys = map(connection.ops.quote_name, [model._meta.db_table, counter, *key])
    columns = ", ".join([*keys, counter])
    sql = (
        f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * (len(key) + 1))}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {counter} = {table}.{counter} + excluded.{counter}"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(sql, sorted(rows))
