"""Every door that shows rows of the knowledge base, with what to ask there."""

import re

from django.urls import resolve

from tests.doors.world import HIDDEN_DAY, NOW, SHOWN_DAY, STAFF, WORD
from tests.test_access import ACCESS

WORDS = ("room lobby", "lobby", WORD, "zirconim", "hafnium")
"""Words of public and internal texts; then a slip, and a synonym, of a word that only internal texts have."""

UNLISTED = ("660300003", "660300009", "660399998", "7001", "700100002", "77", "950", "6603")
"""Numbers that only the internal table has, or a number next to one, or its beginning, or inside its ranges."""

NUMBERS = ("660300001", *UNLISTED)
LOG = "code=660300001 code=77 code=660300003 error 950"


class Tool:
    """A call of a tool for assistants."""

    def __init__(self, name, **arguments):
        self.name, self.arguments = name, arguments

    def __str__(self):
        return f"{self.name} {self.arguments}"


class Uri:
    """A resource for assistants."""

    def __init__(self, uri):
        self.uri = uri

    def __str__(self):
        return self.uri


class Prompt(Tool):
    """A prompt for assistants."""


def pages(ids):
    codes = ["zim-server/660300001", "zim-server/660300002", "zim-server/660300005", "rtc/700100001"]
    codes += ["secret/77", "secret/660300001", f"taken/{WORD}/800100001"]
    section = "zim-server/public/660300001"
    cards = codes + [f"zim-server/{number}" for number in UNLISTED]
    note_ids = [ids[name] for name in ("live", "reborn", "archived", "internal", "of_code", "of_range")]
    changes = ["", "?table=zim-server", "?table=rtc", "?table=secret", "?table=taken"]
    return {
        "start page": ["/"],
        "search on the start page": [f"/?q={query}" for query in (*WORDS, *NUMBERS, "code=77 failed")],
        "suggestions": [f"/suggest/?q={query}" for query in (*WORDS, *NUMBERS)],
        "search of browsers": [f"/go?q={query}" for query in NUMBERS],
        "suggestions of browsers": [f"/suggest.json?q={query}" for query in (*WORDS, *NUMBERS)],
        "oEmbed": [f"/oembed?url=http://testserver/codes/{code}/" for code in (*cards, section)],
        "table page": [
            *(f"/tables/{query}" for query in ("zim-server/", "secret/", "taken/", f"zim-server/?section={WORD}")),
            *(f"/tables/zim-server/?q={query}" for query in (*WORDS, *NUMBERS)),
        ],
        "table as Markdown": [f"/tables/{slug}.md" for slug in ("zim-server", "secret", "taken")],
        "card": [f"/codes/{code}/" for code in cards],
        "card of a section": [f"/codes/{section}/", f"/codes/secret/aaa-{WORD}/77/"],
        "card in the past": [
            f"/codes/{code}/?at={day}" for code in codes[:4] for day in (HIDDEN_DAY, SHOWN_DAY, f"{NOW:%Y-%m-%d}")
        ],
        "card as Markdown": [f"/codes/{code}.md" for code in (*codes, f"zim-server/{UNLISTED[0]}", section)],
        "card as JSON": [f"/codes/{code}.json" for code in (*cards, section)],
        "notes page": ["/notes/", *(f"/notes/?q={word}" for word in WORDS)],
        "note page": [f"/notes/{pk}/" for pk in note_ids],
        "note as Markdown": [f"/notes/{pk}.md" for pk in note_ids],
        "page of changes": [f"/changes/{query}" for query in (*changes, "?days=366")],
        "Atom feed": [f"/changes/feed/{query}" for query in changes],
        "embedded card": [f"/embed/{code}/" for code in ("zim-server/660300001", "zim-server/660300005", "secret/77")],
        "embedded search": [f"/embed/?q={query}" for query in (*WORDS, "660300001", "660300003", "77")],
        "log page": [("/detect/", {"text": LOG})],
        "list for assistants": ["/llms.txt"],
    }


def api(ids):
    codes = [ids[name] for name in ("room", "bare", "retired", "stream", "same", "only", "gone")]
    note_ids = [ids[name] for name in ("live", "reborn", "archived", "internal", "of_code", "of_range")]
    incidents = [ids[name] for name in ("down", "past", "withdrawn", "elsewhere", "saved")]
    card = "include=notes,incidents,ranges"
    links = [f"{name}={ids[pk]}" for name, pk in (("note", "internal"), ("note", "of_code"), ("incident", "saved"))]
    # Between all changes, and inside those that made a table public and one internal.
    numbers = [1, 5, 10, ids["opened"] - 1, ids["closed"] - 1]
    numbers += [f"{ids[at]}.{step}.0" for at in ("opened", "closed") for step in ("table", "code", "replaced")]
    # A place is for the public, or for who may read what is internal.
    places = ["0", *(f"{INCARNATION}{of}-{number}" for number in numbers for of in "pi")]
    about = [f"code={number}" for number in ("660300001", "77", "72", "660300003", "800100001")]
    about += ["table=secret", "table=taken", "count=1&facets=state,audience", "audience=internal"]
    return {
        "API: tables": [
            f"tables/?{query}" for query in ("", "count=1&facets=vendor,audience", f"name__contains={WORD}")
        ]
        + [f"tables/{slug}/" for slug in ("zim-server", "secret", "taken")],
        "API: codes": [
            *(f"codes/?{query}" for query in ("", card, "count=1&facets=table,section", "table=secret", "code=77")),
            *(f"codes/?{name}={yes}" for name in FLAGS for yes in ("true", "false")),
            *(f"codes/?text={word}" for word in WORDS),
            *(f"codes/?{query}" for query in (f"section=AAA+{WORD}", "section=nowhere", "prefix=66", *links)),
            "codes/?possible_reasons__contains=lobby",
        ],
        "API: code": [f"codes/{pk}/?{card}" for pk in codes] + [f"codes/{codes[0]}/", f"codes/{codes[2]}/"],
        "API: notes": [
            *(f"notes/?{query}" for query in ("", *about, "state=not_validated", f"owner={STAFF}", "due=true")),
            *(f"notes/?text={word}" for word in WORDS),
            f"notes/?cause__contains={WORD}",
        ],
        "API: note": [f"notes/{pk}/" for pk in note_ids],
        "API: incidents": [f"incidents/?{query}" for query in ("", *about, "open=true", f"title__contains={WORD}")],
        "API: incident": [f"incidents/{pk}/" for pk in incidents],
        "API: lookup": [("lookup/", {"codes": list(NUMBERS)}), ("lookup/", {"codes": ["77"], "table": "secret"})],
        "API: detect": [("detect/", {"text": LOG})],
        "API: search": [
            *(f"search/?q={query}" for query in (*WORDS, "660300001", "660300003", "7001", "77", "code=77 failed")),
            "search/?q=77&table=secret",
        ],
        "API: snapshot": ["snapshot/", "snapshot/manifest/"],
        "API: changes": ["changes/", *(f"changes/?since={place}" for place in places)],
        "API: schema": ["schema/"],
    }


INCARNATION = "0123456789"
"""That of the world, so that requests can name a place in its feed."""

FLAGS = ("has_notes", "has_open_incident", "successor__isnull", "retired")


def tools(ids):
    return {
        "tool lookup_codes": [
            *(Tool("lookup_codes", codes=[number]) for number in ("660300001", "660300002", "660300005", *UNLISTED)),
            *(Tool("lookup_codes", codes=[words]) for words in WORDS),
            *(Tool("lookup_codes", codes=["77"], table=slug) for slug in ("secret", "taken", "nowhere")),
        ],
        "tool explain_text": [Tool("explain_text", text=LOG)],
        "tool search_notes": [Tool("search_notes", query=query) for query in (*WORDS, "closed", "660300002")],
        "tool get_note": [Tool("get_note", note_id=ids[name]) for name in ("live", "internal", "of_code", "of_range")],
        "tool list_tables": [Tool("list_tables")],
        "resources": [
            Uri("codebook://"),
            *(
                Uri(f"codebook://codes/{code}")
                for code in ("zim-server/660300001", "zim-server/660300005", "secret/77")
            ),
            *(Uri(f"codebook://tables/{slug}") for slug in ("zim-server", "secret", "taken")),
            *(Uri(f"codebook://notes/{ids[name]}") for name in ("live", "internal", "of_code", "of_range")),
        ],
        "prompts": [
            *(Prompt("draft_reply", code=code) for code in ("660300001", "660300005", *UNLISTED, *WORDS[:2])),
            Prompt("explain_log", text=LOG),
        ],
        "tool changes_since": [Tool("changes_since", since="2026-02-01"), Tool("changes_since", table="secret")],
    }


def doors(ids):
    """Return the requests of every door, by the door's name."""
    endpoints = {
        name: [("/api/v1/" + one[0], one[1]) if isinstance(one, tuple) else "/api/v1/" + one for one in requests]
        for name, requests in api(ids).items()
    }
    return pages(ids) | endpoints | tools(ids)


def doors_of_staff(ids):
    """Return the doors of staff: the exports, and the pages of the admin."""
    nouns = {
        "codetable": ("table", "secret"),
        "returncode": ("room", "bare", "retired", "only"),
        "coderange": ("block",),
        "troubleshootingnote": ("live", "internal"),
        "incidentlink": ("down", "saved"),
    }
    nouns |= dict.fromkeys(("section", "proposal", "flag", "miss", "synonym", "tableimport", "importrow"), ())
    exports = [f"tables/{slug}/export.{ending}" for slug in ("zim-server", "secret") for ending in ("csv", "sqlite")]
    admin = {
        f"admin: {noun}": [
            f"/admin/kb/{noun}/",
            *(f"/admin/kb/{noun}/{ids[name]}/{page}/" for name in names for page in ("change", "history")),
        ]
        for noun, names in nouns.items()
    }
    return admin | {
        "API: export": [f"/api/v1/{path}" for path in (*exports, "export.sqlite")],
        "admin: export": [f"/admin/kb/codetable/{ids[name]}/export.csv" for name in ("table", "secret")],
        "card for staff": ["/codes/zim-server/660300002/", "/codes/rtc/700100001/"],
        "admin: work queue": ["/admin/"],
        "admin: statistics": ["/admin/health/", "/admin/health/lookups.csv"],
        "admin: lessons of an incident": [f"/admin/kb/incidentlink/{ids[name]}/learned/" for name in ("down", "saved")],
        "admin: search": [
            f"/admin/kb/{noun}/?q={query}"
            for noun in ("returncode", "troubleshootingnote", "incidentlink")
            for query in ("room", "77")
        ],
    }


WITHOUT_ROWS = re.compile(
    r"admin/|sso/|api/\[|api/docs/|api/problems/|api/\Z|api/v1/\Z|flag/|flags/|report/|login/|logout/|mcp|metrics|healthz|readyz|may-send/"
    r"|favicon.ico|robots.txt|opensearch.xml"
)
"""Addresses that are for people with rights alone, or show nothing of the knowledge base."""


def routes_without_door(requests):
    """Return the routes that show rows and that none of these requests opens."""
    paths = {(one[0] if isinstance(one, tuple) else str(one)).partition("?")[0] for one in requests}
    opened = {re.sub(r"\\Z|\^|\$", "", resolve(path).route) for path in paths if path.startswith("/")}
    return [route for route in ACCESS if route not in opened and not WITHOUT_ROWS.match(route)]
