"""Fixtures that every test may use."""

import gc
import os

import pytest
from django.db import connection
from hypothesis import settings

from kb.ops import rates
from kb.queries import tables
from kb.services import usage
from kb.services.journal import agreed_to
from kb.web import refusals
from tests import make

# The same commit passes or fails each time. `make soak` draws new examples.
settings.register_profile("same examples", derandomize=True, database=None)
settings.load_profile("default" if os.environ.get("SOAK") else "same examples")


@pytest.fixture(autouse=True)
def counts_of_its_own():
    """Counts are buffered by the process; a test's are not the next one's."""
    usage._codes.clear()
    usage._misses.clear()
    usage._tokens.clear()
    rates._leases.clear()
    refusals._refusals.clear()
    rates._redis_rests_until = 0.0
    tables.clear_counts()


SAME_ON_BOTH = ["attacks/*", "text/*", "*test_access.py", "*test_logs.py", "*test_schema.py", "*test_sso.py"]
"""Modules that ask the database for nothing that other tests on PostgreSQL do not ask, too."""
collect_ignore_glob = SAME_ON_BOTH if connection.vendor == "postgresql" else []
LONGEST = ("test_plans", "test_access", "test_deploy", "test_sso", "test_shapes", "test_admin_addresses")
DATABASE = {"db", "transactional_db", "live_server"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out, on PostgreSQL, what says nothing about a database: it runs with the tests on SQLite.

    Processes side by side begin with what takes longest, so that none of them does so last, alone.
    """
    if connection.vendor == "postgresql":
        config.hook.pytest_deselected(items=[item for item in items if not _is_about_a_database(item)])
        items[:] = filter(_is_about_a_database, items)
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _turn(item):
    if item.path.stem in LONGEST:
        return LONGEST.index(item.path.stem)
    return len(LONGEST) if "slow" in item.keywords or "wide" in item.keywords else len(LONGEST) + 1


def _is_about_a_database(item):
    return bool(item.get_closest_marker("django_db") or DATABASE & set(item.fixturenames))


def pytest_terminal_summary(terminalreporter):
    """Say what is left out: the processes of xdist do not."""
    if connection.vendor == "postgresql":
        terminalreporter.write_line("Left out: what says nothing about a database. It runs with the tests on SQLite.")


def pytest_collection_finish():
    """Keep what is loaded out of later garbage collections, which took a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def pytest_make_parametrize_id(val, argname):
    """Name long texts and bytes for their argument: a workbook's bytes hold the time, and names must not move."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 60) else None


@pytest.fixture
def agent(db):
    return make.user("agent", "agent")


@pytest.fixture
def editor(db):
    return make.user("editor", "editor")


@pytest.fixture
def reviewer(db):
    return make.user("reviewer", "reviewer")


@pytest.fixture
def importer(db):
    return make.user("importer", "importer")


@pytest.fixture
def admin(db):
    return make.user("admin", is_superuser=True, is_staff=True)


@pytest.fixture
def idle_staff(db):
    """Staff without a single right: what the default denies."""
    return make.user("idle", is_staff=True)


@pytest.fixture
def stranger(db):
    return make.user("stranger")


@pytest.fixture
def agreed():
    """Somebody has said yes to whatever becomes public: the test is about something else."""
    with agreed_to():
        yield
