"""Waits for a database end: SQLite's writers queue in order, PostgreSQL's limits follow the kind of work."""

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction
from django.db.utils import ConnectionHandler

from kb.models import sql
from kb.ops import environment
from kb.ops.databases.sqlite.turns import MAX_WAITERS, Queue
from tests import ROOT

is_postgres = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own limits")


@pytest.fixture
def sqlite(tmp_path, db):
    """Return a connection as the product opens it, with one empty table."""
    url = f"sqlite:///{tmp_path}/a.sqlite3"
    database = ConnectionHandler({"default": environment.database(url, 0, 0)})["default"]
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE one (id integer)")
    yield database
    database.close()


def write(database, value):
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO one VALUES (%s)", [value])


def is_free(path):
    """Whether nobody has the turn: asked by a queue of its own, as another process has one."""
    queue = Queue(f"{path}-queue")
    came = queue.take(0)
    if came:
        queue.give()
    return came


def test_a_transaction_holds_its_turn_and_gives_it_back(sqlite):
    path = sqlite.settings_dict["NAME"]
    for end in ("commit", "rollback", "close"):
        sqlite.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
        sqlite.in_atomic_block = False
        write(sqlite, 1)
        assert not is_free(path)
        getattr(sqlite, end)()
        assert is_free(path), end
        sqlite.close()
    write(sqlite, 2)
    assert is_free(path)


def test_a_failed_write_gives_its_turn_back(sqlite):
    with pytest.raises(OperationalError):
        sqlite.cursor().execute("INSERT INTO none VALUES (1)")
    assert is_free(sqlite.settings_dict["NAME"])


def test_a_temporary_table_needs_no_turn(sqlite):
    path = sqlite.settings_dict["NAME"]
    with sqlite.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE aside (id integer)")
        queue = Queue(f"{path}-queue")
        assert queue.take(0)
        cursor.execute("PRAGMA busy_timeout = 0")
        cursor.execute("INSERT INTO aside VALUES (1)")
        with pytest.raises(OperationalError, match="other writers are in front"):
            write(sqlite, 1)
        queue.give()
        write(sqlite, 1)


def test_threads_get_their_turns_in_order(tmp_path):
    queue, order, threads = Queue(f"{tmp_path}/a-queue"), [], []
    assert queue.take(1)

    def come(number):
        assert queue.take(30)
        order.append(number)
        queue.give()

    for number in range(MAX_WAITERS - 1):
        threads.append(threading.Thread(target=come, args=(number,)))
        threads[-1].start()
        while len(queue._line) < number + 2:
            time.sleep(0.001)
    # Whoever comes on top of them is refused at once, however patient they are.
    assert not queue.take(30)
    queue.give()
    for thread in threads:
        thread.join(30)
    assert order == list(range(MAX_WAITERS - 1))


def test_a_killed_process_leaves_the_turn_to_others(tmp_path):
    path = f"{tmp_path}/a-queue"
    hold = f"from kb.ops.databases.sqlite.turns import Queue; print(Queue({path!r}).take(1), flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", hold], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "True\n"
    queue = Queue(path)
    assert not queue.take(0)
    process.kill()
    process.communicate()
    assert queue.take(30)


def test_a_medium_that_cannot_be_written_is_read_all_the_same(sqlite, tmp_path):
    path = sqlite.settings_dict["NAME"]
    sqlite.close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    database = ConnectionHandler({"default": sqlite.settings_dict | {"OPTIONS": {}, "NAME": f"file:{path}?mode=ro"}})
    with database["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM one")
        assert cursor.fetchone() == (0,)
        with pytest.raises(OperationalError, match="readonly"):
            cursor.execute("INSERT INTO one VALUES (1)")
    database["default"].close()


@pytest.fixture
def page(settings):
    """Return a connection with the limits of a page."""
    options = settings.DATABASES["default"]["OPTIONS"]
    wanted = options["options"].replace(environment.WORKER.options, environment.PAGE.options)
    mine = connection.settings_dict | {"OPTIONS": options | {"options": wanted, "seconds": 2.0}}
    database = ConnectionHandler({"default": mine})["default"]
    yield database
    database.close()


@is_postgres
@pytest.mark.django_db
def test_a_page_has_limits_and_a_command_waits(page):
    asked = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
    assert sql.rows(asked, database=page) == [("5s", "2s")]
    assert sql.rows(asked) == [("0", "30s")]
    with sql.long_statements():
        assert sql.rows(asked) == [("30min", "30s")]
    assert sql.rows(asked) == [("0", "30s")]


@is_postgres
@pytest.mark.django_db
def test_limits_return_after_a_failure():
    with pytest.raises(OperationalError), transaction.atomic(), sql.long_statements():
        raise OperationalError("gone")
    assert sql.value("SELECT current_setting('statement_timeout')") == "0"


@is_postgres
@pytest.mark.django_db
def test_a_server_that_says_nothing_is_left_and_not_asked_again_for_a_while(page):
    # Within the server's own limit of five seconds, so that the client's ends it.
    with pytest.raises(OperationalError, match="did not answer within 2 s"):
        sql.run("SELECT pg_sleep(4)", database=page)
    assert page.connection.closed
    page.close()
    began = time.monotonic()
    with pytest.raises(OperationalError, match="asked again soon"):
        sql.run("SELECT 1", database=page)
    assert time.monotonic() - began < 1
    time.sleep(5)
    assert sql.rows("SELECT 1", database=page) == [(1,)]
