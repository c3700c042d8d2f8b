"""What people and programs ask a large knowledge base, for the test of plans. Most questions are generated.

Each filter of each list is asked with values that few rows have and that most have: alone, with a table, and in other
orders, by staff and by the public.
"""

import json
import re
from io import StringIO
from itertools import product
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from kb import searching
from kb.api.framework.filters import Parameter
from kb.api.resources.codes import CodeViewSet
from kb.api.resources.incidents import IncidentViewSet
from kb.api.resources.notes import NoteViewSet
from kb.api.resources.tables import TableViewSet
from kb.mcp import tools
from kb.models import CodeTable, IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.changes import feed_end, last_sequence
from kb.queries import detection, work_queue
from kb.queries.cards import cards
from kb.queries.changes import change_steps, recent_changes
from kb.queries.lookup import beginning_with, find_code, neighbours
from kb.queries.text_results import text_results
from kb.services import usage
from tests import ROOT, large

LISTS = {"codes": CodeViewSet, "notes": NoteViewSet, "incidents": IncidentViewSet, "tables": TableViewSet}
CODE = str(large.number(40_001))

SHORT_NAMES = {"table", "prefix", "number_min", "number_max", "updated_since", "started_since"}
"""The table is asked with everything, and the others are short names of filters that are asked."""

OTHER_NAMES = {"text": "words"}


class Asker:
    """Asks as staff and as the public."""

    def __init__(self, user):
        self.user, self.staff, self.public = user, Client(), Client()
        self.staff.force_login(user)

    def page(self, path, client=None):
        """Request a page or answer as a whole."""
        answer = (client or self.staff).get(path, follow=True)
        # A place in the feed is for one kind of reader.
        assert answer.status_code in (200, 400, 410), (path, answer.status_code, answer.content[:200])
        return b"".join(answer) if answer.streaming else answer.content

    def pages(self, paths):
        """Yield a question for each address and kind of reader."""
        for path, client in product(paths, (self.staff, self.public)):
            reader = "public" if client is self.public else "staff"
            yield f"{path} {reader}", lambda client=client, path=path: self.page(path, client)

    def post(self, address, **body):
        """Send a body as JSON."""
        assert self.staff.post(address, json.dumps(body), content_type="application/json").status_code == 200

    def tool(self, name, **arguments):
        """Call a tool of the MCP server."""
        tools.TOOLS[name].answer(arguments, tools.Caller(self.user, lambda path: path))


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
            text = str(value)
            yield {"prefix": text[:8], "contains": text[2:16]}.get(how, text)
    if how == "contains":
        yield from ("sers", "zzz")


def rows_of(noun, asker):
    """Yield two rows of a list, as the API shows them: one that differs from all others, and an ordinary one."""
    if noun != "codes":
        scope = "" if noun == "tables" else "&table=large"
        yield from json.loads(asker.page(f"/api/v1/{noun}/?page_size=2{scope}"))["results"]
        return
    codes = ReturnCode.objects.filter(table__slug="large").order_by("position", "id")
    more = {"note": TroubleshootingNote.objects.first().pk, "incident": IncidentLink.objects.first().pk}
    for position in (large.RARE.start, 20_000):
        row = json.loads(asker.page(f"/api/v1/codes/{codes[position].pk}/"))
        more |= {"section": row["section"]["slug"], "words": row["description"]}
        yield row | more | {f"{name}_origin": row[name]["origin"] for name in ("disposition", "fixer")}


def orders_of(view):
    """Yield the parameter of each order."""
    yield from (f"&ordering={sign}{name}" for name in view.orders for sign in ("", "-"))


def lists(asker):
    """Yield the addresses of lists: each order, and each filter, alone and with a table, in several orders."""
    for noun, view in LISTS.items():
        rows = list(rows_of(noun, asker))
        scopes = [""] if noun == "tables" else ["", "&table=large"]
        others = ["&ordering=-number", "&ordering=updated_at"] if noun == "codes" else []
        yield from (f"/api/v1/{noun}/?page_size=50&table={table}" for table in ("small", "hidden"))
        yield from (
            f"/api/v1/{noun}/?page_size=50{scope}{order}" for scope, order in product(scopes[:2], orders_of(view))
        )
        for name in view.filterset_class.base_filters:
            for value in dict.fromkeys(values_of(view, name, rows) if name not in SHORT_NAMES else ()):
                yield from (
                    f"/api/v1/{noun}/?{name}={quote(value, safe='')}{scope}{order}"
                    for scope, order in [*product(scopes, [""]), *product(scopes[1:2], others)]
                )


def pages_between(asker):
    """Yield the addresses of the pages after the first in each order, and back."""
    for noun, view in LISTS.items():
        for order in orders_of(view):
            scope = "" if noun == "tables" else "table=large&"
            first = json.loads(asker.page(f"/api/v1/{noun}/?{scope}page_size=1{order}"))
            second = json.loads(asker.page(first["next"]))
            yield from (first["next"], second["previous"])


def look_ups(asker):
    """Yield what looks one code up, at every door, by name."""
    table, user = CodeTable.objects.get(slug="large"), asker.user
    code = ReturnCode.objects.get(code=CODE, table=table)

    def shell():
        with pytest.raises(SystemExit):
            call_command("lookup", CODE, stdout=StringIO())

    yield "counts of tables", lambda: asker.page("/")
    yield "exact code", lambda: find_code(CODE, user)
    yield "exact code in a table", lambda: find_code(CODE, user, table)
    yield "exact code in a section", lambda: find_code(CODE, user, table, code.section)
    yield "a code that is not there", lambda: find_code(CODE[:-1] + "9", user)
    yield "a part of a code", lambda: beginning_with(CODE[:5], user)
    yield "neighbours", lambda: neighbours(code, user)
    yield "a card", lambda: cards([code], user)
    yield "codes in a text", lambda: detection.codes_in(f"Failed with {CODE} today", user)
    yield "counting", lambda: (usage.count_codes([code.pk]), usage.flush())
    yield "MCP", lambda: asker.tool("lookup_codes", codes=[CODE, "12345678"])
    yield "MCP, a text", lambda: asker.tool("explain_text", text=f"Failed with {CODE}")
    yield "shell", shell
    many = [str(large.number(n)) for n in range(30_001, 30_099)]
    yield "API, many", lambda: asker.post("/api/v1/lookup/", codes=many, table="large")
    yield "API, many of all tables", lambda: asker.post("/api/v1/lookup/", codes=many)
    yield "API, a text", lambda: asker.post("/api/v1/detect/", text=f"code={CODE}")
    yield from asker.pages(
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
            f"/api/v1/codes/?code={CODE}&count=1&facets=table,disposition",
            f"/api/v1/search/?q={CODE}",
            f"/api/v1/notes/?code={CODE}&table=large",
            f"/api/v1/incidents/?code={CODE}&table=large",
        ]
    )


def pages(asker):
    """Yield the pages of lists and of single rows, and the feed, by name."""
    code, note = ReturnCode.objects.get(code=CODE, table__slug="large"), TroubleshootingNote.objects.order_by("pk")[7]
    incident, latest, incarnation = IncidentLink.objects.first(), last_sequence(), feed_end().incarnation
    yield "steps of changes", lambda: change_steps(list(recent_changes(asker.user)[:20]), asker.user)
    yield from asker.pages(
        [
            "/",
            f"/api/v1/codes/?table=large&number_min={large.number(large.CODES - 700)}",
            f"/api/v1/codes/?table=large&number_max={large.number(700)}&ordering=-vendor",
            "/tables/large/",
            "/tables/large/?page=3",
            "/tables/large/?section=part-7",
            "/tables/large/?disposition=no_action",
            "/tables/large.md",
            "/changes/",
            "/changes/?table=large",
            "/changes/feed/",
            "/changes/feed/?table=large",
            f"/notes/{note.pk}/",
            f"/api/v1/notes/{note.pk}/",
            "/api/v1/changes/",
            *(f"/api/v1/changes/?since={incarnation}{of}-{n}" for n in (latest - 10, latest // 2) for of in "pi"),
            *README,
        ]
    )
    for path in (
        f"returncode/{code.pk}/change/",
        "returncode/",
        "returncode/?p=20",
        "returncode/?disposition__exact=no_action",
        f"returncode/?q={CODE}",
        f"returncode/?q={CODE[:5]}",
        f"troubleshootingnote/{note.pk}/change/",
        "troubleshootingnote/",
        "incidentlink/",
        f"incidentlink/{incident.pk}/change/",
        "codetable/",
    ):
        yield f"/admin/kb/{path}", lambda path=path: asker.page(f"/admin/kb/{path}")


def searches(asker):
    """Yield searches and lists by words, by name."""
    user = asker.user
    yield "search, rare", lambda: searching.search("reason 777 ", user)
    yield "search, misspelt", lambda: searching.search("mesage ", user)
    yield "search, passages", lambda: text_results("scarce wording", user)
    yield "search of notes", lambda: searching.search_notes("word77", user, 10)
    yield "MCP, search of notes", lambda: asker.tool("search_notes", query="word77")
    for words in ("scarce", "room", "room+message", "777"):
        yield from asker.pages(
            [
                f"/?q={words}",
                f"/api/v1/search/?q={words}",
                f"/api/v1/codes/?text={words}",
                f"/api/v1/codes/?text={words}&table=large&ordering=updated_at",
                f"/tables/large/?q={words}",
            ]
        )
        yield f"/admin/kb/returncode/?q={words}", lambda q=words: asker.page(f"/admin/kb/returncode/?q={q}")
    yield from asker.pages(["/api/v1/notes/?text=word77", "/api/v1/notes/?text=word"])
    yield "/admin/kb/troubleshootingnote/?q=word77", lambda: asker.page("/admin/kb/troubleshootingnote/?q=word77")


def queues(asker):
    """Yield the work queue's parts, by name."""
    yield "queue of codes", lambda: work_queue.codes(asker.user)
    yield "queue of notes", lambda: work_queue.notes(asker.user)
    yield "to validate", lambda: work_queue.to_validate(asker.user)
    yield "MCP, a note", lambda: asker.tool("get_note", note_id=TroubleshootingNote.objects.first().pk)


def examples(asker):
    """Yield the examples of the API's description, about the large table, by name."""
    code, incident = ReturnCode.objects.get(code=CODE), IncidentLink.objects.order_by("pk")[0]
    ids = {"codes": code.pk, "notes": TroubleshootingNote.objects.order_by("pk")[7].pk, "incidents": incident.pk}
    for path, operations in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        address = path.format(id=ids.get(path.split("/")[3]), slug="large", ending="csv")
        for method, operation in operations.items():
            # `copies` asks for exports, which the public may not have.
            for parameter in operation.get("parameters", []) if method == "get" and "export" not in path else []:
                for value in _values(parameter) if parameter["in"] == "query" else ():
                    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
                    yield from asker.pages([f"{address}?{parameter['name']}={quote(text)}"])
            for body in _values(operation.get("requestBody", {}).get("content", {}).get("application/json", {})):
                yield f"API, example of {path}", lambda path=path, body=body: asker.post(path, **body)


def _values(described):
    """Return the values of the examples of a parameter or a body, about the large table."""
    values = [example["value"] for example in described.get("examples", {}).values()]
    return json.loads(_large(json.dumps(values)))


def copies(asker):
    """Yield what reads everything, or a whole table, by name."""
    for ending in ("csv", "ndjson"):
        yield f"export.{ending}", lambda ending=ending: asker.page(f"/api/v1/tables/large/export.{ending}")
    yield from asker.pages(
        [
            "/api/v1/snapshot/",
            "/api/v1/codes/?page_size=1&count=1",
            "/api/v1/codes/?page_size=1&table=large&facets=disposition",
        ]
    )


def _readme():
    """Return the addresses of the API in the README's examples, about the large table."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"http://127\.0\.0\.1:8000(/api/v1/codes/\?[^']*)'", text)
    return [_large(address) for address in found]


def _large(text):
    return text.replace("zim-server", "large").replace("660300001", CODE)


README = _readme()
