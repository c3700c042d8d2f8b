"""The incarnation of the database: which history the numbers of its feed belong to.

# Note [Incarnation]
A database that was restored, recovered, or promoted without its last writes uses numbers of the feed again, for other
changes. So a number alone says nothing: a place in the feed, an ETag and an id name the incarnation, too. It is a
random text, and a place of another incarnation is refused.

Nobody has to remember to renew it. Beside it stands its origin: where it was last written. On PostgreSQL that is the
cluster, its timeline, which each promotion and each recovery renews, and the object id of the table, which a restore
of a dump creates anew. The first change on a database with another origin gives it a new incarnation, in the same
transaction. A replica has its primary's row, and so its incarnation. A copy made by `manage.py backup` on SQLite has no
origin.

A restored dump has another incarnation at once, also before that change: its text follows from the stored one, the
cluster and the table, which a replica reads the same, and the first change stores it. So copies start over once, and
not again with that change. The new incarnation of a promotion or recovery is random, because a replica cannot tell its
timeline. Until it is stored, the database holds a state that the old one had, so every place and ETag is right.

What nobody can see is a file or disk put back as it was, or a recovery to a moment between `pg_restore` and the first
change after it: `manage.py new_incarnation` is for that.
"""

import secrets
import sqlite3
from typing import Any

from django.db import connection

from kb.models.sql import is_postgres, rows, run

_TABLE = "kb_changecounter"
_POSTGRES = """
    (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    || '/' || CAST('kb_changecounter'::regclass AS oid)
"""
_SQLITE = "'file'"
_DUMPED = """
    (SELECT system_identifier FROM pg_control_system()) || '/%%/' || CAST('kb_changecounter'::regclass AS oid)
"""
_IS_DUMP = f"origin <> '' AND origin NOT LIKE {_DUMPED}"
_OF_DUMP = f"left(encode(sha256(convert_to(incarnation || {_DUMPED}, 'UTF8')), 'hex'), 10)"
LENGTH = 10
PATTERN = f"[0-9a-f]{{{LENGTH}}}"


def new_incarnation() -> str:
    """Return a random text of its own."""
    return secrets.token_hex(LENGTH // 2)


def present() -> str:
    """Return the incarnation as SQL of the counter's row, with parameters: what readers get. See Note [Incarnation]."""
    return f"CASE WHEN {_IS_DUMP} THEN {_OF_DUMP} ELSE incarnation END" if is_postgres() else "incarnation"


def advance(count: int) -> bool:
    """Add to the last number of the feed; begin a new incarnation if the database has another origin.

    The row stays locked until the commit. Returns whether there is a row. See Note [Incarnation].
    """
    origin = _POSTGRES if is_postgres() else _SQLITE
    dumped = f" WHEN {_IS_DUMP} THEN {_OF_DUMP}" if is_postgres() else ""
    sql = (
        f"UPDATE {_TABLE} SET last = last + %s, origin = {origin},"  # noqa: S608
        f" incarnation = CASE WHEN origin = {origin} THEN incarnation{dumped} ELSE %s END WHERE id = 1"
    )
    return bool(run(sql, count, new_incarnation()))


def renew() -> str:
    """Begin a new incarnation of this database, and return it."""
    origin, incarnation = _POSTGRES if is_postgres() else _SQLITE, new_incarnation()
    run(f"UPDATE {_TABLE} SET incarnation = %s, origin = {origin} WHERE id = 1", incarnation)  # noqa: S608
    return incarnation


def mark_copy(copy: sqlite3.Connection) -> None:
    """Give a copy of an SQLite database an incarnation of its own, which its first change renews."""
    if copy.execute(f"SELECT 1 FROM pragma_table_info('{_TABLE}') WHERE name = 'origin'").fetchone():  # noqa: S608
        copy.execute(f"UPDATE {_TABLE} SET incarnation = ?, origin = ''", [new_incarnation()])  # noqa: S608


def is_stored() -> bool:
    """Whether the database has a place for an incarnation: one of an earlier release has not."""
    with connection.cursor() as cursor:
        if _TABLE not in connection.introspection.table_names(cursor):
            return False
        return "origin" in {column.name for column in connection.introspection.get_table_description(cursor, _TABLE)}


def prepare(**_: Any) -> None:
    """Give a database without an incarnation its first one, as after an upgrade or a flush."""
    if not is_stored():
        return
    if not rows(f"SELECT 1 FROM {_TABLE} WHERE id = 1"):  # noqa: S608
        run(f"INSERT INTO {_TABLE} (id, last) VALUES (1, 0) ON CONFLICT DO NOTHING")  # noqa: S608
    if rows(f"SELECT 1 FROM {_TABLE} WHERE incarnation = ''"):  # noqa: S608
        renew()
