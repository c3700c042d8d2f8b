"""No look-up, list, search or page reads a large table as a whole: told by the databases' own plans.

PostgreSQL tells how many rows it read of each table, SQLite whether it went through one without an index. The table
of questions is the product's reading; what reads everything, and may, is named with its reason.
"""

import json

import pytest
from django.db import connection
from django.test import Client

from kb import searching
from kb.mcp import tools
from kb.models import Change, ChangeCounter, CodeTable, CodeUse, ReturnCode, Section, TroubleshootingNote
from kb.queries import detection, work_queue
from kb.queries.cards import cards
from kb.queries.changes import change_steps, recent_changes
from kb.queries.lookup import beginning_with, find_code, neighbours
from kb.queries.text_results import text_results
from kb.services import usage
from kb.text.codes import forms as text_code
from tests import make

pytestmark = pytest.mark.django_db
CODES, TABLES, NOTES = 4_000, 10, 1_000
BIG = {
    "kb_returncode": CODES,
    "kb_historicalreturncode": CODES,
    "kb_change": CODES,
    "kb_troubleshootingnote": NOTES,
    "kb_troubleshootingnote_codes": NOTES,
    "kb_codeuse": CODES,
}

DEAR = ("enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off", "random_page_cost = 0.1")

# It counts what changed in some days, for the numbers of its pages.
COUNTED = {"kb_change"}
# It ranks the notes that there are, by what people report of them.
RANKED = {"kb_troubleshootingnote", "kb_troubleshootingnote_codes"}
# Parts of words are in no index of SQLite's: it reads the words of all notes.
PARTS = {"kb_troubleshootingnote"} if connection.vendor == "sqlite" else set()
# Its filter lists whoever owns a note.
OWNERS = {"kb_troubleshootingnote"}
# Four thousand codes are read sooner than four hundred spellings are looked up, and planners know it.
NEAR = {"kb_returncode"}
MAY = {
    "changes": COUNTED,
    "queue of notes": RANKED,
    "to validate": RANKED,
    "search of notes": PARTS,
    "MCP, search of notes": PARTS,
    "admin, notes by words": OWNERS,
    "API, notes by words": PARTS,
    "search page": NEAR,
    "API, search": NEAR,
}


@pytest.fixture
def many(db):
    """Make codes of ten tables, a note about one in four, and their feed, in the ways that are quick."""
    for number in range(TABLES):
        of = make.table(f"t{number}", audience="public")
        section = Section.objects.create(table=of, name="All", slug="all")
        make.code_range("Block", 10_000 * number, 10_000 * number + 9_999, of=of)
        rows = [_code(of, section, 10_000 * number + n) for n in range(CODES // TABLES)]
        ReturnCode.objects.bulk_create(rows)
    codes = list(ReturnCode.objects.order_by("pk").values_list("pk", "code"))
    texts = ({"title": f"Note {n}", "cause": f"word{n} and all", "state": "validated"} for n in range(NOTES))
    TroubleshootingNote.objects.bulk_create(TroubleshootingNote(**text) for text in texts)
    notes = TroubleshootingNote.objects.order_by("pk").values_list("pk", flat=True)
    about = TroubleshootingNote.codes.through
    about.objects.bulk_create(
        about(troubleshootingnote_id=note, returncode_id=codes[4 * n][0]) for n, note in enumerate(notes)
    )
    Change.objects.bulk_create(
        Change(sequence=n + 1, noun="code", object_id=pk, kind="created", label=code, door="import", audience="public")
        for n, (pk, code) in enumerate(codes)
    )
    ChangeCounter.objects.update_or_create(id=1, defaults={"last": CODES})
    day = work_queue.since()
    CodeUse.objects.bulk_create(CodeUse(code_id=pk, day=day, lookups=1) for pk, _ in codes[::80])
    searching.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return make.user("boss", is_superuser=True, is_staff=True)


def _code(of, section, number):
    forms = text_code.forms(str(number))
    given = {name: getattr(forms, name) for name in ("code", "identity", "canonical", "number", "sort_key")}
    text = f"Common words of {number} of kind{number % 97}."
    given |= {"description": text, "disposition": ("retry_later", "unknown")[number % 2]}
    return ReturnCode(table=of, section=section, position=number, suggested_actions="Look at it again.", **given)


def questions(user):
    """Yield what is asked, by name."""
    staff, public = Client(), Client()
    staff.force_login(user)
    caller = tools.Caller(user, lambda path: path)
    code, table = ReturnCode.objects.get(code="20007"), CodeTable.objects.get(slug="t2")
    note = TroubleshootingNote.objects.order_by("pk")[7]

    def page(path, client=staff):
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, (path, answer.status_code, answer.content[:200])
        b"".join(answer) if answer.streaming else answer.content

    def tool(name, **arguments):
        tools.TOOLS[name].answer(arguments, caller)

    yield "exact code", lambda: find_code("20007", user)
    yield "exact code in a table", lambda: find_code("20007", user, table)
    yield "a code that is not there", lambda: find_code("20987", user)
    yield "a part of a code", lambda: beginning_with("2000", user)
    yield "neighbours", lambda: neighbours(code, user)
    yield "cards", lambda: cards([code], user)
    yield "codes in a text", lambda: detection.codes_in("Failed with 20007 and 20008 today", user)
    yield "search, rare", lambda: searching.search("kind7 ", user)
    yield "search, misspelt", lambda: searching.search("comon ", user)
    yield "search, passages", lambda: text_results("kind7", user)
    yield "search of notes", lambda: searching.search_notes("word77", user, 10)
    yield "counting", lambda: (usage.count_codes([code.pk]), usage.flush())
    yield "feed", lambda: change_steps(list(recent_changes(user)[:20]), user)
    yield "queue of codes", lambda: work_queue.codes(user)
    yield "queue of notes", lambda: work_queue.notes(user)
    yield "to validate", lambda: work_queue.to_validate(user)
    for name, path in {
        "card": "/codes/t2/20007/",
        "card for programs": "/codes/t2/20007.json",
        "search page": "/?q=kind7",
        "a miss": "/?q=20987",
        "as you type": "/suggest/?q=200",
        "page of a table": "/tables/t2/",
        "page of a table, words": "/tables/t2/?q=common",
        "page of a note": f"/notes/{note.pk}/",
        "changes": "/changes/",
        "changes as a feed": "/changes/feed/",
        "embedded": "/embed/t2/20007/",
        "API, codes": "/api/v1/codes/",
        "API, codes of a table": "/api/v1/codes/?table=t2",
        "API, code": f"/api/v1/codes/{code.pk}/",
        "API, number": "/api/v1/codes/?number_min=90300&ordering=number",
        "API, rare words": "/api/v1/codes/?text=kind7",
        "API, common words": "/api/v1/codes/?text=common&page_size=5",
        "API, search": "/api/v1/search/?q=kind7",
        "API, notes": "/api/v1/notes/",
        "API, notes by words": "/api/v1/notes/?text=word77",
        "API, changes": "/api/v1/changes/?since=3900",
        "admin, a code": f"/admin/kb/returncode/{code.pk}/change/",
        "admin, codes by beginning": "/admin/kb/returncode/?q=2000",
        "admin, codes by words": "/admin/kb/returncode/?q=kind7",
        "admin, codes by common words": "/admin/kb/returncode/?q=common",
        "admin, a note": f"/admin/kb/troubleshootingnote/{note.pk}/change/",
        "admin, notes by words": "/admin/kb/troubleshootingnote/?q=word77",
    }.items():
        yield name, lambda path=path: page(path)
    yield "card, public", lambda: page("/codes/t2/20007/", public)
    yield "page of a table, public", lambda: page("/tables/t2/?q=common", public)
    yield "MCP, look up", lambda: tool("lookup_codes", codes=["20007", "20987"])
    yield "MCP, a text", lambda: tool("explain_text", text="Failed with 20007")
    yield "MCP, search of notes", lambda: tool("search_notes", query="word77")
    yield "MCP, a note", lambda: tool("get_note", note_id=note.pk)


class Asked:
    """Remembers each query that reads."""

    def __init__(self):
        self.queries = {}

    def __call__(self, execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and "FOR NO KEY" not in sql and not many:
            self.queries.setdefault(sql, params)
        return execute(sql, params, many, context)

    def whole(self):
        """Return the large tables that a query read as a whole, or more than half of, with the query."""
        look = _read_by_postgres if connection.vendor == "postgresql" else _read_by_sqlite
        return {name: sql for sql, params in self.queries.items() for name in look(sql, params)}


def _read_by_postgres(sql, params):
    with connection.cursor() as cursor:
        # What is possible is asked for: with so few rows, a whole table may well be cheaper.
        cursor.execute("; ".join(f"SET LOCAL {dear}" for dear in DEAR))
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, params)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    read = {}
    for node in _nodes(plan):
        name = node.get("Relation Name")
        dropped = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
        read[name] = read.get(name, 0) + (node["Actual Rows"] + dropped) * node["Actual Loops"]
    return [name for name, rows in read.items() if name in BIG and rows > BIG[name] / 2]


def _nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _read_by_sqlite(sql, params):
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + sql, params)
        steps = [step for *_, step in cursor.fetchall()]
    named = _aliases(sql)
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN") and "INDEX" not in step}
    return [name for name in {named.get(name, name) for name in scanned} if name in BIG]


def _aliases(sql):
    """Return the tables by their other names; names of several things are nobody's."""
    words, named = sql.replace('"', "").replace("(", " ").split(), {}
    for at, word in enumerate(words[:-2]):
        if words[at + 1] == "AS" or word in BIG:
            named.setdefault(words[at + 2] if words[at + 1] == "AS" else words[at + 1], set()).add(word)
    return {name: min(tables) for name, tables in named.items() if len(tables) == 1}


@pytest.mark.slow
def test_nothing_reads_a_large_table_as_a_whole_but_what_may(many):
    found, needless = {}, set()
    for name, ask in questions(many):
        asked = Asked()
        with connection.execute_wrapper(asked):
            ask()
        whole, may = asked.whole(), MAY.get(name, set())
        found |= {f"{name}: {table}": sql[:600] for table, sql in whole.items() if table not in may}
        needless |= {name} if may and not whole else set()
    assert found == {}, "\n".join(f"{where}: {sql}" for where, sql in found.items())
    if connection.vendor == "postgresql":
        assert needless <= {"search page", "API, search"}, "these read no table as a whole any more: out of MAY"
