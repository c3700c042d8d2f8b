"""Recent changes as a page and as a feed."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from kb.models import Change, Door, IncidentLink, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note, validate_note
from kb.services.proposals import accept_proposal, propose_change
from kb.services.ranges import delete_range, save_range
from kb.services.sections import rename_section
from kb.services.tables import save_table
from tests import make
from tests.web.page import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreed")]
ATOM = "{http://www.w3.org/2005/Atom}"
# A command may do everything, without a user.
SHELL = By(None, Door.SHELL)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def by(reviewer):
    return By(reviewer, Door.ADMIN, "because the vendor said so")


def reword(code, clock, by, text, hours=1):
    clock.shift(timedelta(hours=hours))
    code.refresh_from_db()
    return edit_code(code, code.version, {"description": text}, by)


def entries(client, query=""):
    response = client.get(f"/changes/feed/{query}")
    assert response.status_code == 200
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")


def test_the_page_shows_which_words_changed(public, room, clock, by):
    reword(room, clock, by, "Room does not exist anymore.")
    page = public.get("/changes/").content.decode()
    assert "exist<ins> anymore</ins>." in page
    assert "ZEGOCLOUD ZIM" in page
    assert room.get_absolute_url() in page


def test_each_change_shows_its_own_words(public, room, clock, by):
    for text in ("One.", "Two.", "Three."):
        reword(room, clock, by, text)
    text = " ".join(public.get("/changes/").content.decode().split())
    assert text.index("<del>Two</del><ins>Three</ins>") < text.index("<del>One</del><ins>Two</ins>")


def test_only_internal_readers_see_who_and_why(public, agents, room, clock, by):
    reword(room, clock, by, "Other words.")
    assert "because the vendor said so" in words(agents.get("/changes/"))
    assert "by reviewer" in words(agents.get("/changes/"))
    for address in ("/changes/", "/changes/feed/"):
        page = public.get(address).content
        assert b"because the vendor said so" not in page
        assert b"reviewer" not in page


def test_a_week_is_shown_unless_other_days_are_asked_for(public, room, clock, by):
    reword(room, clock, by, "Other words.")
    clock.shift(timedelta(days=8))
    assert "No changes" in words(public.get("/changes/"))
    assert "1 change" in words(public.get("/changes/?days=30"))


@pytest.mark.parametrize(("late", "text"), [(timedelta(0), "1 change"), (timedelta(microseconds=1), "0 changes")])
def test_the_days_end_at_this_very_moment(late, text, public, room, clock, by):
    reword(room, clock, by, "Other words.")
    clock.move_to(Change.objects.get().at + timedelta(days=7) + late)
    assert text in words(public.get("/changes/"))


@pytest.mark.parametrize(("days", "status"), [(1, 200), (366, 200), (367, 400)])
def test_a_year_is_the_most_that_is_shown(days, status, public, room):
    assert public.get(f"/changes/?days={days}").status_code == status


def test_changes_are_grouped_by_table_the_latest_first(agents, room, clock, by):
    other = make.code("5", make.table("other"))
    reword(room, clock, by, "One.")
    reword(other, clock, by, "Two.")
    reword(room, clock, by, "Three.")
    save_note(TroubleshootingNote(), None, {"title": "Note"}, by, [room])
    groups = agents.get("/changes/").context["groups"]
    assert [(table and table.slug, len(steps)) for table, steps in groups] == [
        (None, 1),
        ("zim-server", 2),
        ("other", 1),
    ]


def test_each_change_links_to_its_object_its_table_or_the_page(agents, room, clock, by):
    rename_section(room.section, 1, {"name": "Other"}, SHELL)
    made = save_range(make.code_range("Room"), 1, {"name": "Rooms"}, by)
    delete_range(made, made.version, by)
    note = save_note(TroubleshootingNote(), None, {"title": "Note"}, by, [room])
    links = [entry.find(f"{ATOM}link").get("href").removeprefix("http://testserver") for entry in entries(agents)]
    assert links == [note.get_absolute_url(), "/changes/", "/changes/", "/tables/zim-server/"]


def test_an_entry_says_what_happened_and_an_incident_links_to_its_first_code(public, agents, room, clock, by):
    secret = make.code("1", make.table("secret", audience="internal"))
    values = {"title": "Rooms fail", "url": "https://status.example/1", "audience": "public"}
    save_incident(IncidentLink(), None, values, [secret, room], by)
    (entry,) = entries(public)
    assert entry.find(f"{ATOM}link").get("href") == f"http://testserver{room.get_absolute_url()}"
    assert entry.find(f"{ATOM}summary").text.startswith("<p>Incident link status.example/1 Rooms fail: created.</p>")
    (entry, *_) = entries(agents)
    assert entry.find(f"{ATOM}link").get("href").startswith("http://testserver/codes/")


@pytest.mark.parametrize(
    ("query", "message"),
    [("?days=3", "“days” is not a filter of this feed. Allowed: table."), ("?table=no", "“no” is not a table.")],
)
def test_an_invalid_parameter_of_the_feed_is_named(query, message, public, room):
    response = public.get(f"/changes/feed/{query}")
    assert response.status_code == 400
    assert message in words(response)


def test_an_empty_table_is_every_table(public, room, clock, by):
    reword(room, clock, by, "Other words.")
    assert len(entries(public, "?table=")) == len(entries(public)) == 1
    assert "1 change" in words(public.get("/changes/?table=&days=&page="))


def test_a_long_wrong_value_is_quoted_in_part(public, room):
    for query in (f"{'x' * 90}=1", f"table={'x' * 90}", f"days={'x' * 90}"):
        assert f"“{'x' * 80}”" in words(public.get(f"/changes/?{query}"))
    assert f"“{'x' * 80}”" in words(public.get(f"/changes/feed/?{'x' * 90}=1"))


def test_one_table_is_shown_alone(public, room, clock, by):
    other = make.code("5", make.table("other", name="Other codes"))
    reword(room, clock, by, "Room words.")
    reword(other, clock, by, "Five words.")
    note = save_note(TroubleshootingNote(), None, {"title": "Note on five", "audience": "public"}, by, [other])
    validate_note(note, note.version, By(make.user("second", "reviewer"), Door.ADMIN))
    page = words(public.get("/changes/?table=other"))
    assert "Five" in page
    assert "Note on five" in page
    assert "Room words" not in page
    assert len(entries(public, "?table=zim-server")) == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?table=nowhere", "“nowhere” is not a table. Allowed: zim-server."),
        ("?table=secret", "“secret” is not a table. Allowed: zim-server."),
        ("?days=0", "Allowed: 1 to 366."),
        ("?days=week", "“week” is not a number of days here."),
        ("?days=99999999999", "Allowed: 1 to 366."),
        ("?page=2", "Allowed: 1 to 1."),
        ("?since=1", "“since” is not a filter of this page. Allowed: table, days, page."),
    ],
)
def test_an_invalid_parameter_is_named(query, message, public, room):
    make.table("secret", audience="internal")
    response = public.get(f"/changes/{query}")
    assert response.status_code == 400
    assert message in words(response)


def test_long_lists_are_paged(public, room, clock, by):
    about = {"noun": "code", "object_id": room.pk, "label": room.code, "kind": "updated", "audience": "public"}
    Change.objects.bulk_create(Change(sequence=n, **about) for n in range(1, 52))
    assert "1 to 50 shown" in words(public.get("/changes/?days=30"))
    assert "51 changes, 51 to 51 shown" in words(public.get("/changes/?days=30&page=2"))
    assert len(entries(public)) == 50


@pytest.mark.parametrize("number", [1, 12])
def test_queries_do_not_grow(number, public, by, clock, django_assert_num_queries):
    for n in range(number):
        code = make.code(str(n), make.table(f"table-{n}"))
        reword(code, clock, by, "Other words.")
        note = save_note(TroubleshootingNote(), None, {"title": f"{n}", "audience": "public"}, by, [code])
        validate_note(note, note.version, By(make.user(f"second-{n}", "reviewer"), Door.ADMIN))
        save_incident(
            IncidentLink(), None, {"title": "I", "url": f"https://s.example/{n}", "audience": "public"}, [code], by
        )
    with django_assert_num_queries(12):
        public.get("/changes/")
    with django_assert_num_queries(13):
        public.get("/changes/feed/")


SECRET = "zirconium"


def an_internal_note(room, by):
    save_note(TroubleshootingNote(), None, {"title": SECRET, "cause": SECRET}, by, [room])


def a_draft(room, by):
    values = {"title": SECRET, "cause": SECRET, "audience": "public"}
    save_note(TroubleshootingNote(), None, values, by, [room])


def an_internal_incident(room, by):
    values = {"title": SECRET, "url": f"https://s.example/{SECRET}"}
    save_incident(IncidentLink(), None, values, [room], by)


def an_internal_table(room, by):
    table = make.table("secret", audience="internal", product=SECRET)
    code = make.code("660300002", table, SECRET, description="Before.")
    edit_code(code, code.version, {"description": SECRET}, by)
    save_table(table, table.version, {"name": SECRET}, SHELL)


def a_table_taken_back(room, by):
    table = make.table("secret", product=SECRET)
    code = make.code("660300002", table, SECRET, description="Before.")
    edit_code(code, code.version, {"description": SECRET}, by)
    save_table(table, table.version, {"audience": "internal"}, SHELL)


def an_incident_taken_back(room, by):
    values = {"title": SECRET, "url": "https://s.example/1", "audience": "public"}
    incident = save_incident(IncidentLink(), None, values, [room], by)
    save_incident(incident, incident.version, {"audience": "internal"}, None, by)


ADDRESSES = [
    "/changes/", "/changes/?table=zim-server", "/changes/feed/", "/changes/feed/?table=zim-server",
    "/codes/zim-server/660300001.md", "/codes/zim-server/660300001.json", "/codes/zim-server/660300002.json",
    "/codes/zim-server/public/660300001.md", "/codes/zim-server/660300001/?at=2026-03-10",
    "/embed/?q=660300001", "/embed/?q=660300002", "/embed/zim-server/660300001/", "/opensearch.xml", "/go?q=660300002",
]  # fmt: skip


def test_internal_changes_leave_every_public_address_unchanged(room, clock, by):
    reword(room, clock, by, "Other words.")
    before = [response_of(address) for address in ADDRESSES]
    clock.shift(timedelta(seconds=1))
    for make_secret in (an_internal_note, a_draft, an_internal_incident, an_internal_table, a_table_taken_back,
                        an_incident_taken_back):  # fmt: skip
        with transaction.atomic():
            make_secret(room, by)
            assert [response_of(address) for address in ADDRESSES] == before, make_secret
            transaction.set_rollback(True)


def response_of(address):
    response = Client().get(address)
    return response.status_code, response.get("Location"), response.get("ETag"), response.content


def test_the_public_does_not_see_words_from_before_a_note_was_public(public, agents, room, by, editor):
    """An accepted proposal takes a note from internal to public in one change, which the public sees."""
    second = By(make.user("second", "reviewer"), Door.ADMIN)
    note = save_note(TroubleshootingNote(), None, {"title": "Note", "cause": f"Ask {SECRET}."}, by, [room])
    note = validate_note(note, note.version, second)
    values = {"title": "Note", "cause": "Ask support.", "audience": "public"}
    accept_proposal(propose_change(note, note.version, values, By(editor, Door.ADMIN)), 1, second)
    for address in ("/changes/", "/changes/feed/"):
        page = public.get(address).content.decode()
        assert note.get_absolute_url() in page
        assert SECRET not in page
    assert SECRET in words(agents.get("/changes/"))


def test_each_change_has_a_permanent_id_in_the_feed(public, room, clock, by):
    reword(room, clock, by, "Other words.")
    (entry,) = entries(public)
    change = Change.objects.get()
    assert entry.find(f"{ATOM}id").text == f"urn:codebook:change:{change.sequence}:{change.at.timestamp():.6f}"
    assert entry.find(f"{ATOM}link").get("href") == f"http://testserver{room.get_absolute_url()}"
    assert entry.find(f"{ATOM}title").text == "Return code 660300001: updated"
    assert "<ins>Other" in entry.find(f"{ATOM}summary").text
    assert public.get("/changes/feed/")["Content-Type"].startswith("application/atom+xml")


def test_ids_in_the_feed_are_unique_and_stay_when_the_site_moves(public, room, clock, by):
    other = make.code("1", make.table("rtc"))
    for n in range(3):
        reword(room, clock, by, f"Other words {n}.")
        reword(other, clock, by, f"Other words {n}.")

    def ids(query="", host="testserver"):
        feed = ElementTree.fromstring(public.get(f"/changes/feed/{query}", headers={"host": host}).content)
        return [one.text for one in feed.iter(f"{ATOM}id")]

    assert ids() == ids(host="localhost")
    assert len(set(ids())) == len(ids()) == 7
    assert len({ids()[0], ids("?table=rtc")[0], ids("?table=zim-server")[0]}) == 3
    assert set(ids("?table=rtc")[1:]) < set(ids())


def test_an_unchanged_feed_answers_304(public, agents, room, clock, by):
    reword(room, clock, by, "Other words.")
    tag = public.get("/changes/feed/")["ETag"]
    assert public.get("/changes/feed/", headers={"if-none-match": tag}).status_code == 304
    assert agents.get("/changes/feed/", headers={"if-none-match": tag}).status_code == 200
    elsewhere = {"if-none-match": tag, "host": "localhost"}
    assert public.get("/changes/feed/", headers=elsewhere).status_code == 200, "links have the host"
    reword(room, clock, by, "Words once more.")
    assert public.get("/changes/feed/", headers={"if-none-match": tag}).status_code == 200


def test_hostile_words_leave_the_feed_well_formed(public, clock, by):
    code = make.code("1\x0b]]>", description="\x0c</summary><script>alert(1)</script>&nbsp;")
    reword(code, clock, by, "\x0b]]></summary><img src=x onerror=alert(1)>\x1b")
    (entry,) = entries(public)
    assert "<img" not in entry.find(f"{ATOM}summary").text
    assert b"<img" not in public.get("/changes/").content


def test_a_deleted_range_leaves_its_name_for_internal_readers(public, agents, by, room):
    made = save_range(make.code_range("Room"), 1, {"name": "Rooms"}, by)
    delete_range(made, made.version, by)
    assert "Deleted Code range" in words(agents.get("/changes/"))
    assert public.get("/changes/").status_code == 200
