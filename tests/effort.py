"""How much a database does for a call, counted by the database: a clock would ask how busy the machine is.

SQLite counts hundreds of steps of its virtual machine, PostgreSQL the rows that it reads.
"""

import json
from contextlib import contextmanager

from django.db import connection

IS_POSTGRES = connection.vendor == "postgresql"

ROWS = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables"
"""Rows that PostgreSQL has read in this transaction, which wrote them: so no index answers without its table."""


def effort(ask):
    """Return the work of everything that a call asks of the database."""
    if IS_POSTGRES:
        before = _rows()
        ask()
        return _rows() - before
    with _steps() as steps:
        ask()
    return len(steps)


def dearest(ask):
    """Return the query of a call that takes most work, with that work and its plan."""
    asked = []

    def note(execute, sql, params, many, context):
        is_read = sql.lstrip().upper().startswith(("SELECT", "WITH")) and "FOR NO KEY" not in sql and not many
        asked.extend([(sql, params)] if is_read else [])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ask()
    works = [(effort(lambda query=query: _run(*query)), at) for at, query in enumerate(asked)]
    work, at = max(works, default=(0, -1))
    return f"{work} for {asked[at][0][:2500]} {_plan(*asked[at])}" if works else "no query"


@contextmanager
def _steps():
    steps = []

    def tick():
        steps.append(None)
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(tick, 100)
    try:
        yield steps
    finally:
        connection.connection.set_progress_handler(None, 0)


def _rows():
    return int(_run(ROWS)[0][0])


def _run(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _plan(sql, params):
    if IS_POSTGRES:
        return "\n".join(line for (line,) in _run("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + sql, params))[:3000]
    return json.dumps([step for *_, step in _run("EXPLAIN QUERY PLAN " + sql, params)])
