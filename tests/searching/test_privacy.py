"""Internal words change nothing that the public finds: no match, no order, no score, no correction."""

import re

import pytest

from kb import searching
from kb.models import Door, ReturnCode, Synonym, TroubleshootingNote
from kb.services.journal import By
from kb.services.notes import archive_note, save_note, submit_note
from kb.services.tables import save_table
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
QUERIES = ["room", "room exist", "lobby", "lobbi", "rom exst", "hush", "closed room", "gruop", "6603", "signature"]


@pytest.fixture
def codes():
    room = make.code("660300001")
    make.code("660300002", description="User not in room.")
    make.code("660600001", description="Group does not exist.")
    make.note("The room was closed", room, issue="room is gone")
    return list(ReturnCode.objects.order_by("pk"))


def public_answers():
    return {query: searching.search(query, None, pieces=True) for query in QUERIES}


def internal_note(codes, by):
    save_note(TroubleshootingNote(), None, {"title": "Hush lobby room signature"}, by, codes)


def public_draft(codes, by):
    values = {"title": "Lobby gruop lobbi", "audience": "public"}
    save_note(TroubleshootingNote(), None, values, by, codes[1:])


def internal_table(codes, by):
    secret = make.table("secret", audience="internal")
    for n in range(30):
        make.code(f"6603{n}", secret, description="Hush: the lobby room is closed, rom exst gruop")


def note_on_a_range(codes, by):
    block = make.code_range()
    note = save_note(TroubleshootingNote(), None, {"title": "Lobby closed"}, by, [], [block])
    submit_note(note, note.version, by)


@pytest.mark.parametrize("act", [internal_note, public_draft, internal_table, note_on_a_range])
def test_internal_words_change_nothing_that_the_public_finds(act, codes, by, agent):
    before, inside = public_answers(), searching.search("lobby", agent)
    act(codes, by)
    assert public_answers() == before
    assert searching.search("lobby", agent) != inside
    assert searching.check() == []


def test_archived_words_leave_the_publics_answers(codes, by, reviewer):
    before = public_answers()
    note = make.note("Lobby room", codes[1])
    assert searching.search("lobby", None).hits
    assert searching.search("loby", None).corrected == {"loby": "lobby"}
    archive_note(note, note.version, by)
    assert public_answers() == before
    assert searching.search("loby", None).corrected == {}


def test_a_table_that_becomes_internal_is_not_found(codes, by):
    table = codes[0].table
    save_table(table, table.version, {"audience": "internal"}, By(None, Door.SHELL))
    assert not searching.search("room", None).hits
    assert searching.check() == []


def test_a_reader_without_access_finds_nothing(codes, settings):
    settings.KB_PUBLIC_READ = False
    assert searching.search("room", None).hits == []
    assert not searching.containing(ReturnCode.objects, "room", None).exists()


KINDS = [
    "synonym",
    "issue",
    "environment",
    "cause",
    "resolution",
    "customer_reply",
    "title",
    "symbol",
    "section",
    "range",
]
"""Every kind of word that support or a vendor writes and that a search, a detection or an export could use."""


def _write(kind):
    """Write an internal word of a kind that, if it counted, would lead the public to another answer."""
    code = ReturnCode.objects.get(code="660300001")
    inside = make.table("inside", audience="internal", product="vestibule")
    if kind == "synonym":
        Synonym.objects.create(words="vestibule, anteroom, room", audience="internal")
    elif kind in ("symbol", "section"):
        texts = {"symbol": "VESTIBULE"} if kind == "symbol" else {}
        make.code("660300002", inside, "vestibule", description="vestibule", **texts)
    elif kind == "range":
        make.code_range("vestibule", of=inside)
    else:
        texts = {kind: "vestibule room"} if kind == "title" else {"title": "Other", kind: "vestibule room"}
        make.note(texts.pop("title"), code, audience="internal", **texts)


ADDRESSES = [
    "/?q=vestibule",
    "/?q=anteroom",
    "/?q=room",
    "/suggest/?q=vestibule",
    "/suggest/?q=vest",
    "/api/v1/search/?q=vestibule",
    "/api/v1/search/?q=anteroom",
    "/api/v1/search/?q=room",
    "/api/v1/codes/",
    "/api/v1/notes/",
    "/api/v1/tables/",
    "/api/v1/changes/",
    "/llms.txt",
    "/embed/?q=vestibule",
    "/changes/",
]


def _answers(client):
    pages = {where: client.get(where) for where in ADDRESSES}
    pages["detect"] = client.post("/detect/", {"text": "vestibule: error 660300001 in anteroom"})
    token = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
    return {where: (page.status_code, token.sub(b"", page.content)) for where, page in pages.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_an_internal_word_of_any_kind_changes_no_public_answer(kind, client):
    make.code("660300001", description="Room does not exist.")
    make.note("Room is gone", ReturnCode.objects.get(), cause="The room was closed.")
    before = _answers(client)
    _write(kind)
    after = _answers(client)
    assert {where: (before[where], after[where]) for where in before if before[where] != after[where]} == {}


def test_synonyms_steer_the_searches_of_their_audience(client, agent):
    make.code("660300001", description="Room does not exist.")
    group = Synonym.objects.create(words="vestibule, room", audience="internal")
    assert "660300001" not in client.get("/?q=vestibule").text
    staff = type(client)()
    staff.force_login(agent)
    assert "660300001" in staff.get("/?q=vestibule").text
    Synonym.objects.filter(pk=group.pk).update(audience="public")
    assert "660300001" in client.get("/?q=vestibule").text
