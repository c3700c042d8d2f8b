"""Each answer takes the same number of queries for one row and for many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.queries import tables
from tests import make

pytestmark = pytest.mark.django_db
EXPECTED = {
    # Also the number of imports: codes are counted again after each.
    "tables/": 2,
    "codes/": 1,
    "codes/?table=zim-server": 1,
    # The ids of the page, and their answers, after the tables and sections, and whether few codes pass.
    "codes/?table=zim-server&section=0": 5,
    # Also the synonyms.
    "codes/?text=room": 4,
    # Codes and ranges with notes, and their codes.
    "codes/?has_notes=true&has_open_incident=true": 5,
    # Codes without a number take a query of their own.
    "codes/?ordering=-number&page_size=200": 3,
    "notes/": 3,
    "notes/?code=0": 3,
    "incidents/": 2,
    "incidents/?code=0&table=zim-server": 3,
    "tables/zim-server/": 2,
    # The answer has notes and incidents already.
    "codes/{code}/": 1,
    "codes/?table=zim-server&code=0": 1,
    "notes/{note}/": 3,
    "incidents/{incident}/": 2,
}


@pytest.fixture(params=[1, 8])
def rows(request):
    """One or eight rows of everything; each note and incident is about every code."""
    codes = [make.code(str(n), in_section=str(n % 3)) for n in range(request.param)]
    codes[0].successor = codes[-1]
    codes[0].save()
    for n in range(request.param):
        note = make.note(f"Note {n}", *codes)
        incident = make.incident(f"Incident {n}", *codes)
        note.ranges.add(make.code_range(f"Range {n}", 0, 100 + n))
        make.table(f"table-{n}")
    tables.with_counts(None)
    return {"code": codes[0].pk, "note": note.pk, "incident": incident.pk}


def query_count(client, address, rows):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/api/v1/{address.format(**rows)}").status_code == 200
    counts = [query["sql"] for query in queries.captured_queries if "COUNT(*)" in query["sql"]]
    assert all("kb_tableimport" in sql for sql in counts)
    # Without the query for the feed's sequence, which a process runs once a second.
    return len(queries) - 1


def test_many_rows_take_no_more_queries_for_the_public(client, rows):
    assert {address: query_count(client, address, rows) for address in EXPECTED} == EXPECTED


def test_an_agent_takes_three_more_queries_for_the_session(client, agent, rows):
    client.force_login(agent)
    # The session, the user and the user's permissions.
    assert {address: query_count(client, address, rows) - 3 for address in EXPECTED} == EXPECTED
