"""What each answer costs: the same number of queries for one row and for many."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make

pytestmark = pytest.mark.django_db
EXPECTED = {
    "tables/": 1,
    # Which codes there are, and what is known of those that are in no other list's memory.
    "codes/": 2,
    # The synonyms besides.
    "codes/?text=room": 3,
    "codes/?has_notes=true&has_open_incident=true": 2,
    # What has no number is read apart, where the page reaches it.
    "codes/?ordering=-number&page_size=200": 3,
    "codes/?table=zim-server": 3,
    "codes/?table=zim-server&section=0": 4,
    "notes/": 3,
    "notes/?code=0": 3,
    "incidents/": 2,
    "incidents/?code=0&table=zim-server": 3,
    "tables/zim-server/": 1,
    # The code, its notes and incidents, the ranges around it and their notes.
    "codes/{code}/": 5,
    "notes/{note}/": 3,
    "incidents/{incident}/": 2,
}


@pytest.fixture(params=[1, 8])
def rows(request):
    """As many of everything as asked for; each note and incident is about every code."""
    codes = [make.code(str(n), in_section=str(n % 3)) for n in range(request.param)]
    codes[0].successor = codes[-1]
    codes[0].save()
    for n in range(request.param):
        note = make.note(f"Note {n}", *codes)
        incident = make.incident(f"Incident {n}", *codes)
        note.ranges.add(make.code_range(f"Range {n}", 0, 100 + n))
        make.table(f"table-{n}")
    return {"code": codes[0].pk, "note": note.pk, "incident": incident.pk}


def counted(client, address, rows):
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/api/v1/{address.format(**rows)}").status_code == 200
    assert not [query for query in asked.captured_queries if "COUNT(*)" in query["sql"]]
    # The sequence of the feed besides, which a process reads once a second.
    return len(asked) - 1


def test_the_public_costs_as_many_queries_for_many_rows(client, rows):
    assert {address: counted(client, address, rows) for address in EXPECTED} == EXPECTED


def test_an_agent_costs_the_session_besides(client, agent, rows):
    client.force_login(agent)
    # The session, the user and the permissions of the user's groups and own.
    assert {address: counted(client, address, rows) - 4 for address in EXPECTED} == EXPECTED
