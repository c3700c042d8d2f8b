"""Real processes and real kills. Every run has the quick ones; `make soak` runs them all."""

import os

import pytest
from django.db import connection

from tests.postgres import bin_dir


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "/faults/" not in item.nodeid:
            continue
        item.add_marker(pytest.mark.xdist_group("faults"))
        item.add_marker(pytest.mark.slow)
        if bin_dir() is None:
            item.add_marker(pytest.mark.skip(reason="PostgreSQL is not installed"))
        elif connection.vendor == "postgresql":
            item.add_marker(pytest.mark.skip(reason="brings its own databases: runs with the tests on SQLite"))
        elif "soak" in item.keywords and not os.environ.get("SOAK"):
            item.add_marker(pytest.mark.skip(reason="heavy: make soak"))


_figures = pytest.StashKey[list[str]]()


@pytest.fixture
def figures(request):
    """Return what notes a line of figures, told when all tests are done."""
    return request.config.stash.setdefault(_figures, []).append


def pytest_terminal_summary(terminalreporter, config):
    if lines := config.stash.get(_figures, []):
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)
