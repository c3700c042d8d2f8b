"""No look-up, list or page reads a large table as a whole: told by the work that the databases do for each request.

The database is as a first import leaves it, without statistics. Everything is asked again after ANALYZE, because
statistics must not mislead either. SQLite counts the steps of its virtual machine, PostgreSQL the rows that it reads.
Most requests are generated: each filter of each list with values that few rows have and that most have, alone and with
a table, in several orders.
"""

import json
import re
from io import StringIO
from itertools import product
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from kb.api.framework.filters import Parameter
from kb.api.resources.codes import CodeViewSet
from kb.api.resources.incidents import IncidentViewSet
from kb.api.resources.notes import NoteViewSet
from kb.mcp import tools
from kb.models import CodeTable, IncidentLink, ReturnCode, TroubleshootingNote
from kb.queries import detection
from kb.queries.cards import cards
from kb.queries.lookup import beginning_with, find_code, neighbours
from kb.queries.replication import FeedPlace, changes
from tests import large, make

LISTS = {"codes": CodeViewSet, "notes": NoteViewSet, "incidents": IncidentViewSet}
CODE = str(large.number(40_001))
IS_POSTGRES = connection.vendor == "postgresql"

# Hundreds of steps of SQLite, or rows of PostgreSQL. To walk through the large table takes 3,000 and 50,000.
LOOK_UP, LIST = (1_500, 4_000) if IS_POSTGRES else (100, 800)

REASONS = {
    r"__isnull=.*": "Which texts are empty, or rows unfinished, is in no index: each would cost every import.",
    r"(number|id)_+(min|max|gte|lte)=": "The codes of a range may all be at the end of another order.",
    r"(disposition|fixer).*ordering=": "So may those with one disposition; the vendor's order has an index.",
    r"(symbol|description|possible_reasons|suggested_actions)(__contains)?=.*(room|Because)|text=Reason": (
        "The index has each code with these words, and these are in all codes."
    ),
}
"""What may read more, and why."""

OTHER_NAMES = {"prefix": "code", "number_min": "number", "number_max": "number", "updated_since": "updated_at"}
OTHER_NAMES |= {"started_since": "started_at", "text": "words"}


def values_of(view, name, rows):
    """Yield values of a filter as a query has them: of each row, and each value of a choice."""
    parameter: Parameter = view.filterset_class.base_filters[name]
    schema = parameter.kind.schema
    schema = schema.get("items", schema)
    field, _, how = name.partition("__")
    if schema.get("enum") or schema.get("type") == "boolean":
        yield from schema.get("enum", ("true", "false"))
        return
    for row in rows:
        value = row.get(OTHER_NAMES.get(field, field))
        value = value["value"] if isinstance(value, dict) else value
        if value not in (None, ""):
            yield str(value)[:12] if how == "prefix" else str(value)


def rows_of(noun, client):
    """Yield two rows of a list, as the API shows them: one that differs from all others, and an ordinary one."""
    if noun != "codes":
        yield from client.get(f"/api/v1/{noun}/?page_size=2&table=large").json()["results"]
        return
    codes = ReturnCode.objects.filter(table__slug="large").order_by("position", "id")
    more = {"note": TroubleshootingNote.objects.first().pk, "incident": IncidentLink.objects.first().pk}
    for position in (large.RARE.start, 20_000):
        row = client.get(f"/api/v1/codes/{codes[position].pk}/").json()
        more |= {"section": row["section"]["slug"], "words": row["description"]}
        yield row | more | {f"{name}_origin": row[name]["origin"] for name in ("disposition", "fixer")}


def lists(client):
    """Yield the addresses of lists: each order, and each filter, alone and with a table, in three orders."""
    for noun, view in LISTS.items():
        rows = list(rows_of(noun, client))
        orders = ["", *(f"&ordering={sign}{name}" for name in view.orders for sign in ("", "-"))]
        scopes = ["", "&table=large", "&table=small", "&table=hidden"]
        others = [one for one in orders if one.endswith(("=-number", "=updated_at"))]
        yield from (
            f"/api/v1/{noun}/?page_size=50{scope}{order}"
            for scope, order in [*product(scopes[:2], orders), *product(scopes, [""])]
        )
        for name in view.filterset_class.base_filters:
            for value in dict.fromkeys(values_of(view, name, rows) if name != "table" else ()):
                yield from (
                    f"/api/v1/{noun}/?{name}={quote(value, safe='')}{scope}{order}"
                    for scope, order in [*product(scopes, [""]), *product(scopes[1:2], others)]
                )


def pages_between(client):
    """Yield the addresses of the pages after the first in each order, and back."""
    for noun, view in LISTS.items():
        for sign, name in product(("", "-"), view.orders):
            first = client.get(f"/api/v1/{noun}/?table=large&page_size=20&ordering={sign}{name}").json()
            second = client.get(first["next"]).json()
            yield from (first["next"], second["next"], second["previous"])


def look_ups(user, staff, public):
    """Yield what looks one code up, at every door, by name."""
    table, caller = CodeTable.objects.get(slug="large"), tools.Caller(user, lambda path: path)
    code = ReturnCode.objects.get(code=CODE, table=table)

    def shell():
        with pytest.raises(SystemExit):
            call_command("lookup", CODE, stdout=StringIO())

    def post(address, **body):
        assert staff.post(address, json.dumps(body), content_type="application/json").status_code == 200

    yield "exact code", lambda: find_code(CODE, user)
    yield "exact code in a table", lambda: find_code(CODE, user, table)
    yield "exact code in a section", lambda: find_code(CODE, user, table, code.section)
    yield "a code that is not there", lambda: find_code(CODE[:-1] + "9", user)
    yield "a part of a code", lambda: beginning_with(CODE[:5], user)
    yield "neighbours", lambda: neighbours(code, user)
    yield "a card", lambda: cards([code], user)
    yield "codes in a text", lambda: detection.codes_in(f"Failed with {CODE} today", user)
    yield "MCP", lambda: tools.TOOLS["lookup_codes"].answer({"codes": [CODE, "12345678"]}, caller)
    yield "shell", shell
    yield "API, many", lambda: post("/api/v1/lookup/", codes=[CODE], table="large")
    yield "API, a text", lambda: post("/api/v1/detect/", text=f"code={CODE}")
    for client, path in product(
        (staff, public),
        [
            f"/codes/large/{CODE}/",
            f"/codes/large/{CODE}.json",
            f"/codes/large/{CODE}.md",
            f"/embed/large/{CODE}/",
            f"/go?q={CODE}",
            f"/?q={CODE}",
            f"/suggest/?q={CODE[:5]}",
            f"/api/v1/codes/{code.pk}/",
            f"/api/v1/codes/?table=large&code={CODE}",
            f"/api/v1/codes/?table=large&code={hex(int(CODE))}&fields=code",
            f"/api/v1/codes/?code__in={CODE},12&table=large&table=small",
            f"/api/v1/codes/?number={CODE}&table=large",
            f"/api/v1/codes/?table=large&section={code.section.slug}&code={CODE}",
            f"/api/v1/search/?q={CODE}",
            f"/api/v1/notes/?code={CODE}&table=large",
            f"/api/v1/incidents/?code={CODE}&table=large",
        ],
    ):
        yield f"{path} {client is public}", lambda client=client, path=path: page(client, path)


def others(user, staff, public):
    """Yield the pages of lists and the feed, by name."""
    code, note = ReturnCode.objects.get(code=CODE), TroubleshootingNote.objects.order_by("pk")[7]
    yield "feed", lambda: changes(user, FeedPlace(40_000), 200)
    for client, path in product(
        (staff, public),
        [
            f"/notes/{note.pk}/",
            "/api/v1/changes/?since=40000",
            f"/api/v1/notes/{note.pk}/",
            "/api/v1/codes/?disposition=contact_vendor&page_size=1&fields=code",
        ],
    ):
        yield f"{path} {client is public}", lambda client=client, path=path: page(client, path)
    yield "admin", lambda: page(staff, f"/admin/kb/returncode/{code.pk}/change/")
    yield "admin, codes by beginning", lambda: page(staff, f"/admin/kb/returncode/?q={CODE[:5]}")


def page(client, path):
    answer = client.get(path, follow=True)
    assert answer.status_code in (200, 400), (path, answer.status_code, answer.content[:200])
    return b"".join(answer) if answer.streaming else answer.content


class Asked:
    """Remembers each query that reads, to measure it afterwards."""

    def __init__(self):
        self.queries = []

    def __call__(self, execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and "FOR NO KEY" not in sql and not many:
            self.queries.append((sql, params))
        return execute(sql, params, many, context)

    def work(self):
        """Return the work of each query, the greatest first."""
        look = rows_read if IS_POSTGRES else steps
        return sorted(((look(sql, params), sql) for sql, params in self.queries), reverse=True)


def steps(sql, params):
    """Return the hundreds of steps that SQLite takes for a query."""
    count = 0

    def tick():
        nonlocal count
        count += 1
        return 0

    with connection.cursor() as cursor:
        connection.connection.set_progress_handler(tick, 100)
        cursor.execute(sql, params)
        cursor.fetchall()
        connection.connection.set_progress_handler(None, 0)
    return count


def rows_read(sql, params):
    """Return how many rows PostgreSQL reads for a query, with those that it drops."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sql, params)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return round(sum(_rows(node) for node in _nodes(plan) if "Relation Name" in node))


def _rows(node):
    dropped = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    return (node["Actual Rows"] + dropped) * node["Actual Loops"]


def _nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def dear(questions, most):
    """Return what takes more work than allowed, with its dearest query."""
    found = {}
    for name, ask in questions:
        asked = Asked()
        with connection.execute_wrapper(asked):
            ask()
        work = asked.work()
        total = sum(one for one, _ in work)
        if total > most and not any(re.search(pattern, name) for pattern in REASONS):
            found[name] = f"{total}, of which {work[0][0]}: {work[0][1][:1500]}"
    return found


def all_dear(user):
    staff, public = Client(), Client()
    staff.force_login(user)
    lists_of = [(address, lambda address=address: page(staff, address)) for address in lists(staff)]
    lists_of += [(address, lambda address=address: page(staff, address)) for address in pages_between(staff)]
    unfiltered = [address for address, _ in lists_of if "?page_size" in address]
    lists_of += [(f"{one} public", lambda one=one: page(public, one)) for one in unfiltered]
    return dear(look_ups(user, staff, public), LOOK_UP) | dear([*lists_of, *others(user, staff, public)], LIST)


@pytest.mark.slow
def test_nothing_reads_a_large_table_as_a_whole(db, tmp_path):
    large.fill(tmp_path)
    user = make.user("boss", is_superuser=True, is_staff=True)
    found = all_dear(user)
    large.analyse()
    found |= {f"{name}, analysed": query for name, query in all_dear(user).items()}
    assert found == {}, "\n".join(f"{name}: {query}" for name, query in found.items())
