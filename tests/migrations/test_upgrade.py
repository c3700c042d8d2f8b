"""A database of the release before keeps every row, and has the schema of a new one.

`sqlite.gz` is a file of SQLite, `postgresql.gz` what pg_dump --inserts wrote: the demo, the site of
`tests.keeping.world` and two tokens, made by the last release before the migrations were numbered anew.
"""

import gzip
import os
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from tests.faults.server import AREAS, manage

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DUMP = Path(__file__).parent / f"{connection.vendor}.gz"
IS_POSTGRES = connection.vendor == "postgresql"

GROW = {"django_migrations", "django_content_type", "auth_permission", "auth_group_permissions"}
"""Tables to which `migrate` may add rows."""

CHANGED = {"kb_change": 0, "kb_changecounter": 1, "kb_returncode": 1, "kb_historicalreturncode": 1}
"""The rows of former tables that `migrate` writes: only a rolled-back import had brought one of the codes."""

TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    if IS_POSTGRES
    else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
)
SCHEMA = (
    [
        "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,"
        " column_default, collation_name, is_identity FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'kb%'",
    ]
    if IS_POSTGRES
    else ["SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"]
)


@pytest.fixture
def old(tmp_path):
    """Yield a database of the release before, as a connection, and its URL."""
    name = f"old_{os.getpid()}" if IS_POSTGRES else f"{tmp_path}/old.sqlite3"
    with closing(opened(connection.settings_dict["NAME"])) as server:
        if IS_POSTGRES:
            run(server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        restore(name)
        with closing(opened(name)) as database:
            yield database, url_of(name)
        if IS_POSTGRES:
            run(server, f"DROP DATABASE {name} WITH (FORCE)")


def opened(name):
    """Return a connection to another database of the same kind."""
    database = connection.copy()
    database.settings_dict = {**database.settings_dict, "NAME": name}
    return database


def url_of(name):
    if not IS_POSTGRES:
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def restore(name):
    content = gzip.decompress(DUMP.read_bytes())
    if not IS_POSTGRES:
        Path(name).write_bytes(content)
        return
    # Its statements leave settings behind, so the connection is not used again.
    with closing(opened(name)) as database:
        run(database, content.decode())


def run(database, sql):
    with database.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def columns(database):
    """Return the columns of every table, quoted."""
    found = {}
    for (table,) in run(database, TABLES):
        with database.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}" LIMIT 0')
            found[table] = ", ".join(f'"{column[0]}"' for column in cursor.description)
    return found


def rows(database, tables):
    """Return the rows of tables with their columns, in a fixed order."""
    return {
        table: sorted(map(repr, run(database, f'SELECT {names} FROM "{table}"'))) for table, names in tables.items()
    }


def schema(database):
    """Return every column, constraint, index and trigger as the database itself describes it."""
    return {description(" ".join(map(str, row))) for sql in SCHEMA for row in run(database, sql)}


def description(text):
    """Return a description without what is written in two ways."""
    # PostgreSQL casts the parts of a list or the entire list; SQLite has columns in the order of their last change.
    text = re.sub(r"::[a-z ]+(\[\])?|[()]", "", text)
    return ", ".join(sorted(text.split(", "))) if text.startswith("CREATE TABLE") else text


def test_every_row_stays_and_the_schema_is_that_of_a_new_database(old):
    database, url = old
    tables = columns(database)
    before = rows(database, tables)
    manage(url, "migrate", "-v", "0")
    after = rows(database, tables)
    # The search index is made anew: the doctor below compares it.
    kept = [table for table in tables if table not in GROW and not table.startswith("kb_search")]
    lost = {table: len(set(before[table]) - set(after[table])) for table in kept if before[table] != after[table]}
    assert lost == CHANGED
    assert [table for table in GROW if not set(before[table]) <= set(after[table])] == []
    assert schema(database) == schema(connection)
    manage(url, "doctor", *AREAS, "database", "permissions")


def test_a_database_with_some_of_the_former_migrations_is_refused(old):
    database, url = old
    run(database, "DELETE FROM django_migrations WHERE app = 'kb' AND name IN ('0041_change_reason', '0046_scale')")
    before = schema(database)
    with pytest.raises(AssertionError, match="lacks migrations of the release before: 0041_change_reason, 0046_scale"):
        manage(url, "migrate", "-v", "0")
    assert schema(database) == before
