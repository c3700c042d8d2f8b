"""A word that only internal rows have: no public answer changes because of it, in any byte or header."""

import re
from collections import Counter

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb import searching
from kb.mcp.server import call
from kb.mcp.tools import Caller
from kb.models import IncidentLink, Miss, Outcome, ReturnCode, Synonym, TableImport, TroubleshootingNote
from kb.models.counters import add_counts
from kb.queries import tables
from kb.services.codes import edit_code
from kb.services.flags import answer_flag, raise_flag
from kb.services.incidents import save_incident
from kb.services.journal import By, Door
from kb.services.misses import ignore_miss
from kb.services.notes import save_note
from kb.services.outcomes import report_outcome
from kb.services.proposals import propose_change
from kb.services.synonyms import save_synonym
from tests import make
from tests.test_access import ACCESS

pytestmark = pytest.mark.django_db
WORD = "zirconium"
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def by():
    """A person whose own name is internal and who gives reasons with the word."""
    return By(make.user(WORD, "reviewer", email=f"{WORD}@example.com"), Door.ADMIN, f"{WORD} asked")


@pytest.fixture
def room(by):
    """The public rows: two codes, a note with an owner, an incident, a range, and a step of history."""
    room = make.code("660300001", suggested_actions="Please check the RoomId.")
    make.code("660300002", in_section="Private", description="User not in room.")
    make.note("Room is gone", room, owner=by.user, cause="The room was closed.", verify_reason=f"{WORD} said so")
    make.incident("Rooms fail", room)
    make.code_range()
    edit_code(room, room.version, {"description": "The room does not exist."}, by)
    return room


def plant(room, by):
    """Create internal rows of every kind, each with the word; return their ids for addresses."""
    table = make.table("secret", vendor=WORD, product=WORD, name=WORD, audience="internal")
    codes = [make.code(n, table, WORD, symbol=WORD, description=f"{WORD} room") for n in ("660300001", "77", "6603")]
    edit_code(codes[1], codes[1].version, {"possible_reasons": f"{WORD} gone"}, by)
    make.code_range(WORD, 660300000, 660399999, of=table)
    texts = dict.fromkeys(("title", "issue", "cause", "resolution", "environment"), f"{WORD} lobby")
    note = save_note(TroubleshootingNote(), None, texts, by, [room, codes[0]])
    make.note(f"{WORD} waits", room, state="not_validated", cause=WORD)
    make.note(f"{WORD} was", room, state="archived", cause=WORD)
    make.note(f"{WORD} inside", room, audience="internal", customer_reply=f"{WORD} {{code}}")
    live = room.notes.get(title="Room is gone")
    propose_change(live, live.version, {"cause": f"{WORD} closed it."}, By(make.user("e", "editor"), Door.ADMIN))
    values = {"title": WORD, "url": f"https://{WORD}.example.com/1", "impact": WORD, "audience": "internal"}
    incident = save_incident(IncidentLink(), None, values, [room, codes[0]], by)
    make.incident(f"{WORD} again", codes[0], impact=WORD)
    flag = raise_flag(room, live, f"{WORD} is wrong", by)
    answer_flag(flag, flag.version, f"{WORD} is right", by)
    report_outcome(live, Outcome.DID_NOT_WORK, by)
    ignore_miss(WORD, by)
    save_synonym(Synonym(), None, {"words": f"{WORD}, hafnium"}, by)
    add_counts(Miss, ("text", "day"), ["lookups"], [(f"{WORD} miss", NOW.date(), 9)])
    TableImport.objects.create(table=room.table, file_name=f"{WORD}.csv", message=WORD)
    searching.refresh(list(ReturnCode.objects.values_list("pk", flat=True)))
    tables.clear_counts()
    return {"notes": note.pk, "codes": codes[0].pk, "incidents": incident.pk}


ASKED = ["room", "lobby", WORD, "zirconim", "hafnium", "660300001", "6603", "77", "gone", "closed", "nothing such"]


def addresses(room, hidden):
    """Yield every address of the site with public, internal and unknown ids."""
    section = {"<slug:table>": room.table.slug, "<str:section>": room.section.slug, "<code:written>": room.code}
    inside = {"<slug:table>": "secret", "<str:section>": WORD, "<code:written>": "77"}
    for route in ACCESS:
        if route == "metrics" or "logout" in route:
            continue
        noun = next((noun for noun in hidden if f"/{noun}/" in route or route.startswith(noun)), "codes")
        own = {"notes": room.notes.get(title="Room is gone").pk, "codes": room.pk, "incidents": 1}[noun]
        for fills, pk in ((section, own), (inside, hidden[noun])):
            yield "/" + fill_route(route, fills, str(pk))
    for word in ASKED:
        for path in (
            "?q={}",
            "suggest/?q={}",
            "go?q={}",
            "embed/?q={}",
            "api/v1/search/?q={}",
            "tables/zim-server/?q={}",
        ):
            yield "/" + path.format(word)
        for noun, field in (("codes", "text"), ("notes", "text"), ("incidents", "title__contains")):
            yield f"/api/v1/{noun}/?{field}={word}&count=1"
            yield f"/api/v1/{noun}/?code={word}"
    for noun, facet in (("codes", "section,disposition"), ("notes", "state"), ("incidents", "state")):
        for query in ("table=secret", "ordering=-id", "page_size=1&count=1", f"facets={facet}"):
            yield f"/api/v1/{noun}/?{query}"
    yield from ("/changes/?table=secret", "/changes/feed/?table=secret", "/api/v1/changes/?since=0")
    yield from (f"/codes/zim-server/{code}/" for code in (77, 660300007, 660399999))
    yield from (f"/codes/zim-server/660300001/?at={NOW:%Y-%m-%d}", "/nowhere/", "/sitemap.xml", "/oembed")


def fill_route(route, fills, pk):
    more = {
        "(?P<app_label>auth|kb)": "kb", "(?P<url>.*)": "nowhere", r"[\s\S]*": "nowhere", "<str:ending>": "json",
        "(?P<slug>[-a-zA-Z0-9_]+)": fills["<slug:table>"], "<slug:slug>": fills["<slug:table>"],
        "<slug:chart>": "lookups",
        "<slug:move>": "archive", "<slug:action>": "return", "<int:revision_id>": "1", "<path:content_type_id>": "9",
    }  # fmt: skip
    for part, fill in (fills | more).items():
        route = route.replace(part, fill)
    return re.sub(r"<\w+:\w+>|<id>|\(\?P<pk>[^)]*\)", pk, route)


TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")\w+')
# The place in the feed counts every change: the public may learn that somebody changed something, and when. Validators
# of the API and the addresses, sizes and digests of a snapshot are made of it.
PLACE = re.compile(r'("(?:next|sequence|sha256|etag)": ?"?)\w+|(\?since=)\d+')
PLACES = ("/api/v1/changes/", "/api/v1/snapshot/")
OWN = {"Set-Cookie", "ETag", "Last-Modified", "X-Sequence"}


def answer_of(client, address):
    """Return the whole response and its number of queries."""
    with CaptureQueriesContext(connection) as queries:
        if isinstance(address, tuple):
            path, body = address
            answer = client.post(path, body, content_type="application/json" if "/api/" in path else MULTIPART)
        else:
            answer = client.get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = {name: value for name, value in answer.headers.items() if name not in OWN}
    text = TOKEN.sub(r"\1", content.decode("utf-8", "replace"))
    text = PLACE.sub(r"\1\2", text) if str(address).startswith(PLACES) else text
    return answer.status_code, headers, text, len(queries)


MULTIPART = "multipart/form-data; boundary=BoUnDaRyStRiNg"
SENT = [
    ("/detect/", {"text": f"code=660300001 code=77 {WORD}"}),
    ("/api/v1/detect/", {"text": f"code=660300001 code=77 {WORD}"}),
    ("/api/v1/lookup/", {"codes": ["660300001", "77", WORD]}),
]
TOOLS = [
    ("lookup_codes", {"codes": ["660300001", "77", WORD]}),
    ("lookup_codes", {"codes": ["77"], "table": "secret"}),
    ("explain_text", {"text": f"code=660300001 code=77 {WORD}"}),
    *(("search_notes", {"query": word}) for word in ASKED),
    ("changes_since", {}),
]


def everything(asked, hidden):
    """Return the response of every address to the public."""
    client = Client(headers={"X-Request-ID": "same"}, raise_request_exception=False)
    # The first response of a process takes queries that later ones do not.
    client.get("/")
    found = {str(one): answer_of(client, one) for one in [*asked, *SENT]}
    nobody = Caller(None, lambda path: f"https://kb.example{path}")
    for name, given in [*TOOLS, ("get_note", {"note_id": hidden["notes"]})]:
        result = call(name, given, lambda: nobody)
        found[f"{name} {given}"] = (result.is_error, {}, result.content[0].text, 0)
    return found


@pytest.fixture
def answers(room, by, settings):
    """Return all answers with what is internal, and without it, and what is internal."""
    settings.KB_PUBLIC_READ = True
    with time_machine.travel(NOW, tick=False):
        with transaction.atomic():
            hidden = plant(room, by)
            asked = list(dict.fromkeys(addresses(room, hidden)))
            inside = everything(asked, hidden)
            transaction.set_rollback(True)
        tables.clear_counts()
        return inside, everything(asked, hidden)


def test_public_answers_are_the_same_with_and_without_internal_rows(answers):
    inside, without = answers
    assert len(inside) > 250
    assert Counter(status for status, *_ in inside.values())[200] > 150
    assert [one for one, (status, *_) in inside.items() if status in (500, 502)] == []
    told = {one: which(inside[one], without[one]) for one in inside if inside[one] != without[one]}
    assert told == {}
    shown = [
        one for one, (_, headers, text, _) in inside.items() if WORD not in one and WORD in f"{headers}{text}".lower()
    ]
    assert shown == []


def which(first, second):
    """Return the part in which two responses differ."""
    (status, headers, text, queries), (status_, headers_, text_, queries_) = first, second
    said = [(name, value, headers_.get(name)) for name, value in headers.items() if value != headers_.get(name)]
    said += [(a, b) for a, b in ((status, status_), (queries, queries_)) if a != b]
    return said + ([difference(text, text_)] if text != text_ else [])


def difference(a, b):
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[max(at - 80, 0) : at + 80], b[max(at - 80, 0) : at + 80]


def test_an_agent_sees_the_internal_word(room, by):
    plant(room, by)
    client = Client()
    client.force_login(make.user("agent", "agent"))
    for address in (room.get_absolute_url(), f"/?q={WORD}", "/codes/secret/77/", f"/api/v1/search/?q={WORD}"):
        assert WORD in client.get(address, follow=True).text.lower(), address
