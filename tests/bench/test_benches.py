"""Every bench runs, with few codes: it ends well, names the conditions of its figures, and has no errors.

Its figures are not checked: few codes, once, beside other tests, say nothing. Missing peers are left out.
"""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.db import connection

from tests import ROOT
from tests.faults.server import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("benches")]

BENCHES = sorted(
    {path.parent.name for path in ROOT.glob("bench/*/__main__.py")}
    | {path.stem for path in ROOT.glob("bench/*.py") if "def main()" in path.read_text(encoding="utf-8")}
)


@pytest.fixture
def database_url(tmp_path):
    """Return the URL of an empty database: a copy of that of the tests, which has the tables already."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(tmp_path / "bench.sqlite3")) as copy:
            connection.connection.backup(copy)
        yield f"sqlite:///{tmp_path}/bench.sqlite3"
        return
    name = f"bench_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {connection.settings_dict['NAME']}")
    yield os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(name, url, size="500"):
    environment = os.environ | {"BENCH_SIZE": size, "BENCH_PORT": str(free_port()), "DATABASE_URL": url}
    command = [sys.executable, "-m", f"bench.{name}"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-3000:]
    return ended.stdout


def headings(said):
    """Return the lines that name the conditions of a table."""
    return [line for line in said.splitlines() if line.startswith("keys: ")]


def errors(said):
    """Return the numbers of errors that a bench names: in words, or in the column of a table."""
    numbers = re.findall(r"\berrors:? (\d+)", said)
    column = None
    for line in said.splitlines():
        if re.search(r" errors(  |$)", line):
            column = line.index(" errors") + len(" errors")
        elif not line.strip():
            column = None
        elif column and (number := re.search(r"(\d+)$", line[:column])):
            numbers.append(number[1])
    return [int(number) for number in numbers]


@pytest.mark.skipif(
    connection.vendor == "postgresql" and not os.environ.get("SOAK"),
    reason="benches run with the tests on SQLite: SOAK=1 runs them here, too",
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_runs_and_names_its_conditions(name, database_url):
    said = run(name, database_url)
    assert f"bench.{name}: database " in said
    lines = headings(said)
    assert lines or "left out: every figure" in said
    for line in lines:
        assert re.search("keys: .*(random|repeated|once)", line), line
        assert "cache: " in line
    if lines and name != "restart":
        # A restart of workers may lose a request; behind the proxy, the bench itself fails.
        assert errors(said), said
        assert set(errors(said)) == {0}, said


def test_every_bench_is_found():
    assert set(BENCHES) == {
        *("admin", "api", "detect", "exporting", "importing", "meaning", "outage"),
        *("queue", "restart", "scale", "search", "start", "web"),
    }


def test_a_table_names_its_errors():
    said = "name    rate  errors  more\na         12       0  x 3\nb         12       7  y 4\n\nerrors: 2"
    assert errors(said) == [2, 0, 7]
