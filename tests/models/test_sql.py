"""Pages that SQLite keeps in memory: few for a reader, many for a large write."""

import pytest
from django.db import connection

from kb.models import sql

pytestmark = pytest.mark.django_db

FEW = 256


def pages():
    """Return the KiB of pages that the connection keeps."""
    return -sql.value("PRAGMA cache_size")


@pytest.fixture(autouse=True)
def _sqlite():
    if sql.is_postgres():
        pytest.skip("PostgreSQL has its own")


def test_a_connection_keeps_few_pages():
    assert f"cache_size=-{FEW};" in connection.settings_dict["OPTIONS"]["init_command"]


def test_a_large_write_keeps_more_and_a_small_one_asks_nothing(django_assert_num_queries):
    before = pages()
    with sql.wide_cache():
        assert pages() > 10 * FEW
    assert pages() == before
    with django_assert_num_queries(0), sql.wide_cache(100):
        pass
