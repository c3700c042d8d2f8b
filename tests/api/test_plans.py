"""Pages of large lists are read from an index, without sorting the table."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make

pytestmark = pytest.mark.django_db


def plan_of(sql):
    """Return the query plan with sorting discouraged, because these tables are too small to need an index."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("sort", "incremental_sort", "seqscan", "bitmapscan", "hashjoin"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute(f"EXPLAIN {sql}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(str(row) for row in cursor.fetchall())


WITHIN = "&table=zim-server"


@pytest.mark.parametrize(
    ("ordering", "within"),
    [(name, within) for name in ("vendor", "code", "-code", "number", "-number") for within in ("", WITHIN)]
    + [("id", ""), ("-id", "")],
)
@pytest.mark.parametrize("person", [None, "agent"])
def test_an_order_is_read_from_an_index(client, ordering, within, person):
    if person:
        client.force_login(make.user(person, person))
    for n in range(3):
        make.code(str(n))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/api/v1/codes/?ordering={ordering}{within}").status_code == 200
    pages = [query["sql"] for query in queries if "LIMIT 51" in query["sql"]]
    assert pages
    for sql in pages:
        plan = plan_of(sql)
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
