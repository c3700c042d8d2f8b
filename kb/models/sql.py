"""Plain SQL that both databases understand."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from django.db import Error, connection, connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Item = TypeVar("Item")
Row = TypeVar("Row", bound=models.Model)

MAX_VALUES = 10_000
"""Most values of one query. SQLite accepts 32,766, PostgreSQL 65,535."""


def run(sql: str, *parameters: Any, database: BaseDatabaseWrapper = connection) -> int:
    """Run one statement; return how many rows it wrote."""
    with database.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return int(cursor.rowcount)


def run_each(sql: str, parameters: Sequence[Sequence[Any]]) -> None:
    """Run one statement once for each set of parameters."""
    with connection.cursor() as cursor:
        cursor.executemany(sql, parameters)


def insert(table: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Insert many lines of values. COPY takes a fifth of the time of statements, in flat memory."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if is_postgres():
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(lines))  # noqa: S608


def rows(sql: str, *parameters: Any, database: BaseDatabaseWrapper = connection) -> list[Any]:
    """Return all rows of a query with few rows."""
    with database.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())


def value(sql: str, *parameters: Any) -> Any:
    """Return the first column of a query's only row."""
    return rows(sql, *parameters)[0][0]


def objects(model: type[Row], sql: str, *parameters: Any) -> list[Row]:
    """Return the rows of a query with few rows as objects of a model.

    Columns with the names of the model's columns, at least two, become its fields. Other columns become attributes, as
    the database gives them. `QuerySet.raw` does the same, and takes four times as long.
    """
    database = connections[router.db_for_read(model)]
    with database.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        found = cursor.fetchall()
        columns = tuple(column[0] for column in cursor.description)
    return _objects(_columns(model, columns, database.vendor), model, found, database) if found else []


class _Columns(NamedTuple):
    """How the columns of a query become objects of a model."""

    fields: frozenset[str]
    values: Callable[[Any], Any]
    """Takes the fields' values from a row, in the order of the model, which `from_db` expects."""
    expressions: list[tuple[int, Any]]
    """The fields whose values the database gives in another form, by their places among the values."""
    others: list[tuple[int, str]]
    """The places and names of columns that are not fields."""


@lru_cache(maxsize=500)
def _columns(model: type[models.Model], columns: tuple[str, ...], vendor: str) -> _Columns:
    database = connections[router.db_for_read(model)]
    fields = [field for field in model._meta.concrete_fields if field.column in columns]
    names = {field.column for field in fields}
    expressions = [(place, field.get_col(model._meta.db_table)) for place, field in enumerate(fields)]
    return _Columns(
        frozenset(field.attname for field in fields),
        itemgetter(*(columns.index(str(field.column)) for field in fields)),
        [(place, expression) for place, expression in expressions if _converters(expression, database)],
        [(place, name) for place, name in enumerate(columns) if name not in names],
    )


def _converters(expression: Any, database: BaseDatabaseWrapper) -> list[Callable[..., Any]]:
    own: list[Callable[..., Any]] = database.ops.get_db_converters(expression)
    return own + list(expression.get_db_converters(database))


def _objects(shape: _Columns, model: type[Row], found: Iterable[Any], database: BaseDatabaseWrapper) -> list[Row]:
    converters = [
        (place, expression, convert)
        for place, expression in shape.expressions
        for convert in _converters(expression, database)
    ]
    made = []
    for row in found:
        values = list(shape.values(row))
        for place, expression, convert in converters:
            values[place] = convert(values[place], expression, database)
        one = model.from_db(database.alias, shape.fields, values)
        if shape.others:
            one.__dict__.update({name: row[place] for place, name in shape.others})
        made.append(one)
    return made


def marks(values: Collection[Any]) -> str:
    """Return the placeholders of a list of values."""
    return ", ".join(["%s"] * len(values))


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield items in lists of at most `size`."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def among(column: str, pks: Sequence[int]) -> tuple[str, list[int]]:
    """Return the condition, with its parameters, that a column has one of the ids; with a range also those between.

    It is a range if few other ids lie between the first and the last: reading these takes less than naming all others.
    """
    if not pks:
        return "1 = 0", []
    first, last = min(pks), max(pks)
    if last - first < 2 * len(pks):
        return f"{column} BETWEEN %s AND %s", [first, last]
    return f"{column} IN ({', '.join(['%s'] * len(pks))})", list(pks)


def exactly(column: str, pks: Sequence[int]) -> tuple[str, list[int]]:
    """Return the condition, with its parameters, that a column has one of the ids, which are in order."""
    if pks and pks[-1] - pks[0] == len(pks) - 1:
        return f"{column} BETWEEN %s AND %s", [pks[0], pks[-1]]
    return f"{column} IN ({marks(pks)})", list(pks)


def table_of(model: type[models.Model]) -> str:
    """Return the quoted name of a model's table."""
    return connection.ops.quote_name(model._meta.db_table)


def is_postgres(database: BaseDatabaseWrapper = connection) -> bool:
    """Whether a database is PostgreSQL, and not SQLite."""
    return database.vendor == "postgresql"


LONG_STATEMENT, LONG_LOCK = 1800, 30
"""Seconds that a statement of an import or export may take, and that it waits for a lock, on PostgreSQL."""


@contextmanager
def long_statements() -> Iterator[None]:
    """Let statements take as long as imports and exports need: a page's are ended after seconds."""
    if not is_postgres():
        yield
        return
    run(f"SET statement_timeout = {LONG_STATEMENT * 1000}; SET lock_timeout = {LONG_LOCK * 1000}")
    # See Note [Bounds].
    raw: Any = connection.connection
    usual, raw.seconds = raw.seconds, LONG_STATEMENT + 3
    try:
        yield
    finally:
        raw.seconds = usual
        try:
            run("RESET statement_timeout; RESET lock_timeout")
        except Error:
            # The connection is broken, or its transaction is: the next one starts with a page's limits.
            connection.close()


_WIDE, _MANY = 64_000, 5_000
"""KiB of SQLite's pages that a write of so many rows keeps in memory. With fewer, it writes pages of indexes again and
again. A server's connections keep few, because each of its threads has one: see `kb.ops.environment.database`."""


@contextmanager
def wide_cache(rows: int = _MANY) -> Iterator[None]:
    """Keep more pages in memory for a large write of so many rows on SQLite. PostgreSQL has its own."""
    if is_postgres() or rows < _MANY:
        yield
        return
    usual = value("PRAGMA cache_size")
    run(f"PRAGMA cache_size = -{_WIDE}")
    try:
        yield
    finally:
        run(f"PRAGMA cache_size = {usual}")


@contextmanager
def one_view() -> Iterator[None]:
    """Read everything as of one moment. Writers do not wait."""
    if connection.in_atomic_block:
        yield
    elif is_postgres():
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not `atomic`, which would take SQLite's only lock for writing.
        run("BEGIN")
        try:
            yield
        finally:
            run("ROLLBACK")
