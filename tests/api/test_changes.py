"""The feed and the snapshot over HTTP: places, limits, hashes and consistency."""

import gzip
import hashlib
import json
import threading
import time

import pytest
from django.db import OperationalError, connection
from django.test import Client

from kb.api.framework import feed_watch
from kb.api.framework.feed_watch import WATCH
from kb.models import CodeTable, Door
from kb.models.changes import FeedEnd, feed_end, last_sequence
from kb.models.incarnations import renew
from kb.ops.replicas.router import read_database
from kb.queries import replication
from kb.queries.replication import FeedPlace, end_for
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.tables import save_table
from tests import make
from tests.api.mirror import Mirror, through

CHANGES, SNAPSHOT, MANIFEST = "/api/v1/changes/", "/api/v1/snapshot/", "/api/v1/snapshot/manifest/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def code(admin):
    code = make.code("1")
    make.note("Room is gone", code)
    make.code("2", make.table("hidden", audience="internal"), description="secret")
    return edit_code(code, code.version, {"description": "Gone."}, By(admin, Door.SHELL))


def lines(answer):
    return [json.loads(line) for line in answer.getvalue().splitlines()]


def test_a_snapshot_has_a_hash_and_the_sequence_to_continue_from(client, code):
    answer = client.get(SNAPSHOT)
    body = answer.getvalue()
    header, *rows, trailer = [json.loads(line) for line in body.splitlines()]
    assert header["sequence"] == answer["X-Sequence"] == str(FeedPlace(*end_for(None)))
    assert [row["noun"] for row in rows] == ["table", "section", "code", "note"]
    assert trailer == {"end": True, "rows": 4, "sha256": hashlib.sha256(body[: body.rindex(b'{"end"')]).hexdigest()}
    assert client.get(CHANGES, {"since": header["sequence"]}).json()["results"] == []
    manifest = client.get(MANIFEST).json()
    assert (manifest["sha256"], manifest["sequence"]) == (trailer["sha256"], header["sequence"])
    assert manifest["bytes"] == body.rindex(b'{"end"')
    assert (manifest["counts"]["code"], manifest["counts"]["incident"]) == (1, 0)
    assert client.get(manifest["changes"]).status_code == 200


def test_a_snapshot_is_compressed_on_request(client, code):
    packed = client.get(SNAPSHOT, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.getvalue()) == client.get(SNAPSHOT).getvalue()


def test_an_unchanged_snapshot_is_a_304(client, code):
    etag = client.get(SNAPSHOT)["ETag"]
    assert client.get(SNAPSHOT, headers={"If-None-Match": etag}).status_code == 304


def test_a_snapshot_shows_internal_texts_to_internal_readers_only(client, code, agent):
    assert b"secret" not in client.get(SNAPSHOT).getvalue()
    client.force_login(agent)
    answer = client.get(SNAPSHOT)
    assert b"secret" in answer.getvalue()
    assert answer["Cache-Control"] == "private, no-store"


def test_changes_are_in_order_with_the_place_to_continue_from(client, code, admin):
    before = client.get(CHANGES).json()
    edit_code(code, code.version, {"description": "Gone for good."}, By(admin, Door.SHELL))
    answer = client.get(CHANGES, {"since": before["next"]}).json()
    (entry,) = answer["results"]
    assert (entry["noun"], entry["gone"], entry["object"]["description"]) == ("code", False, "Gone for good.")
    assert answer["next"] == str(FeedPlace(end_for(None).incarnation, entry["sequence"]))
    assert (entry["table_id"], entry["object"]["table"]) == (code.table_id, "zim-server")
    assert answer["more"] is False


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=-1", "place in the feed"),
        ("since=1.code", "place in the feed"),
        ("since=1.nothing.1", "place in the feed"),
        ("since=" + "9" * 30, "place in the feed"),
        ("limit=0", "1 to 1000"),
        ("limit=1001", "“1001” is not a whole number from 1 to 1000."),
        ("after=3", "since"),
        ("wait=31", "“31” is not a whole number from 0 to 30."),
        ("noun=codes", "code"),
        ("table=hidden", "There is no table"),
        ("table=" + ",".join(f"a{n}" for n in range(100)) + "&table=b", "at most 100 values"),
    ],
)
def test_a_bad_place_is_refused_with_the_reason(client, code, query, words):
    answer = client.get(f"{CHANGES}?{query}")
    assert answer.status_code == 400
    assert words in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_does_not_see_later_writes(client, code, admin):
    answer = client.get(SNAPSHOT)
    stream = iter(answer.streaming_content)
    edit_elsewhere(code, admin)
    body = b"".join(stream)
    answer.close()
    assert b"Gone." in body
    assert b"Later" not in body
    assert not connection.in_atomic_block
    assert make.code("9").pk, "writing goes on"


def edit_elsewhere(code, admin):
    def edit():
        edit_code(code, code.version, {"description": "Later"}, By(admin, Door.SHELL))
        connection.close()

    thread = threading.Thread(target=edit)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["head", "get"])
def test_an_unread_snapshot_releases_the_database(client, code, method):
    getattr(client, method)(SNAPSHOT).close()
    make.code("9")
    assert not connection.in_atomic_block


def mirror_of(client):
    """Return what a snapshot holds, by noun and id, and the place where the feed continues."""
    header, *rows, trailer = lines(client.get(SNAPSHOT))
    assert trailer["rows"] == len(rows)
    return {(row["noun"], row["object"]["id"]): row["object"] for row in rows}, str(header["sequence"])


def follow(client, mirror, place, limit):
    """Apply the feed to a mirror by the rules of the description; return the last place."""
    more, tables = True, {pk: row["slug"] for (noun, pk), row in mirror.items() if noun == "table"}
    while more:
        page = client.get(CHANGES, {"since": place, "limit": limit}).json()
        assert len(page["results"]) <= limit
        for entry in page["results"]:
            key = (entry["noun"], entry["id"])
            assert entry["gone"] is (entry["object"] is None)
            mirror[key] = entry["object"]
            if entry["gone"]:
                slug = tables.get(entry["id"]) if entry["noun"] == "table" else None
                codes = {key for key, row in mirror.items() if key[0] in INSIDE and row and row["table"] == slug}
                for other in {key, *codes}:
                    mirror.pop(other, None)
            elif entry["noun"] == "table":
                tables[entry["id"]] = entry["object"]["slug"]
        place, more = page["next"], page["more"]
    return place


INSIDE = ("section", "range", "code")


@pytest.mark.parametrize("limit", [1, 3])
def test_a_mirror_that_follows_the_feed_equals_the_snapshot(client, code, admin, agent, limit, agreed):
    inside, by = Client(), By(admin, Door.SHELL)
    inside.force_login(agent)
    hidden = CodeTable.objects.get(slug="hidden")
    make.note("About both", code, hidden.codes.get())
    incident = make.incident("Both are down", code, hidden.codes.get())
    mirrors = [[reader, *mirror_of(reader)] for reader in (client, inside)]
    for audience in ("public", "internal", "public"):
        hidden.refresh_from_db()
        save_table(hidden, hidden.version, {"audience": audience}, by)
        code.refresh_from_db()
        edit_code(code, code.version, {"description": f"Edited {audience}."}, by)
        incident.refresh_from_db()
        save_incident(incident, incident.version, {"impact": f"On {code}.", "audience": audience}, None, by)
        for mirror in mirrors:
            reader, held, place = mirror
            mirror[2] = follow(reader, held, place, limit)
            held_now = {key: linked(row, held) for key, row in held.items()}
            assert held_now == mirror_of(reader)[0]


def linked(row, held):
    """Return an object without links to what a mirror does not hold."""
    links = {name: [pk for pk in row[name] if (name[:-1], pk) in held] for name in ("codes", "ranges") if name in row}
    return row | links


def test_the_places_of_the_feed_end_where_it_ends(client, code):
    last = last_sequence()
    place = FeedPlace(*end_for(None))
    assert client.get(CHANGES, {"since": str(place)}).json() == {"results": [], "next": str(place), "more": False}
    gone = client.get(CHANGES, {"since": str(place.at(last + 1))})
    assert (gone.status_code, gone.json()["snapshot"]) == (410, f"http://testserver{SNAPSHOT}")


@pytest.mark.parametrize(
    ("query", "is_restored", "expected"),
    [
        # Of tables 1, which has another name now, and 2, which is internal now.
        ("", False, "table=renamed"),
        ("", True, "table=renamed"),
        ("noun[]=code", True, "noun=code&table=renamed"),
        ("table=zim-server,other", False, "table=renamed"),
        ("table=renamed,other", True, "table=renamed"),
        # A name that is another table's now: the ids count, too.
        ("table=third", False, "table=renamed&table=third"),
        ("table=zim-server,other", True, "table=renamed"),
        # After a restore, the ids may be other tables'.
        ("table=third", True, "table=third"),
    ],
)
def test_the_snapshot_of_a_place_that_is_gone_has_the_present_names_of_visible_tables(
    client, code, admin, agreed, query, is_restored, expected
):
    other, _ = make.table("other"), make.table("third")
    place = FeedPlace(*end_for(None), tables=tuple(sorted((code.table_id, other.pk))))
    for table, values in ((code.table, {"slug": "renamed"}), (other, {"audience": "internal"})):
        save_table(table, table.version, values, By(admin, Door.SHELL))
    if is_restored:
        renew()
    else:
        place = place.at(last_sequence() + 1)
    gone = client.get(f"{CHANGES}?since={place}&{query}")
    assert gone.status_code == 410
    snapshot = gone.json()["snapshot"]
    assert sorted(snapshot.partition("?")[2].split("&")) == sorted(expected.split("&"))
    assert client.get(snapshot).status_code == 200


def test_a_place_whose_tables_nobody_of_the_public_may_read_leads_to_no_wider_snapshot(client, code, admin, agreed):
    place = FeedPlace(*end_for(None), tables=(code.table_id,))
    save_table(code.table, code.table.version, {"audience": "internal"}, By(admin, Door.SHELL))
    gone = client.get(CHANGES, {"since": str(place.at(last_sequence() + 1))})
    assert gone.status_code == 410
    assert "snapshot" not in gone.json()


def test_a_table_that_a_place_does_not_follow_is_a_410_with_the_snapshot_of_both(client, code):
    make.table("other")
    place = FeedPlace(*end_for(None), tables=(code.table_id,))
    gone = client.get(CHANGES, {"since": str(place), "table": "zim-server,other"})
    assert gone.status_code == 410
    assert "does not follow “other”" in gone.json()["detail"]
    assert gone.json()["snapshot"].endswith("?table=other&table=zim-server")


def test_a_place_without_an_incarnation_is_gone(client):
    """As was given out while a database was restored table by table."""
    assert client.get(CHANGES, {"since": "p-0"}).status_code == 410


@pytest.fixture
def late_replica(settings, monkeypatch):
    """Reads come from a replica that has not replayed what the primary has."""
    token = read_database.set("replica1")
    ends = {"replica1": FeedEnd("before", 1)}
    monkeypatch.setattr(replication, "feed_end", lambda: ends.get(read_database.get()) or feed_end())
    yield
    read_database.reset(token)


def test_only_the_primary_says_that_a_place_is_gone(client, code, late_replica):
    """A replica may be behind the renewal of the incarnation, or behind the place alone."""
    place = FeedPlace(f"{feed_end().incarnation}p", last_sequence())
    assert client.get(CHANGES, {"since": str(place)}).json()["next"] == str(place)
    read_database.set("replica1")
    assert client.get(CHANGES, {"since": str(place.at(99))}).status_code == 410
    mistyped = client.get(CHANGES, {"since": "5"}).json()["detail"]
    assert all(cause in mistyped for cause in ("restored or replaced", "an earlier release", "mistyped"))


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_for_the_next_change_and_is_in_no_cache(client, code, admin):
    place = str(FeedPlace(*end_for(None)))
    timer = threading.Timer(0.6, edit_elsewhere, [code, admin])
    timer.start()
    start = time.monotonic()
    answer = client.get(CHANGES, {"since": place, "wait": 20})
    took = time.monotonic() - start
    timer.join()
    (entry,) = answer.json()["results"]
    assert entry["object"]["description"] == "Later"
    assert 0.4 < took < 10
    assert answer["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer
    start = time.monotonic()
    assert client.get(CHANGES, {"since": place, "wait": 20}).json() == answer.json()
    assert time.monotonic() - start < 2, "what is there already needs no waiting"


@pytest.mark.django_db(transaction=True)
def test_changes_of_other_tables_end_no_waiting_and_are_passed_over(client, code, admin):
    place = FeedPlace(*end_for(None), tables=(make.table("other").pk,))
    timer = threading.Timer(0.3, edit_elsewhere, [code, admin])
    timer.start()
    start = time.monotonic()
    answer = client.get(CHANGES, {"since": str(place), "wait": 2}).json()
    timer.join()
    assert time.monotonic() - start >= 2
    assert answer == {"results": [], "next": str(place.at(last_sequence())), "more": False}


@pytest.mark.django_db(transaction=True)
def test_who_finds_no_place_to_wait_is_told_when_to_ask_again(client, code, monkeypatch):
    place = str(FeedPlace(*end_for(None)))
    with WATCH.place_for("address:somebody"), WATCH.place_for("address:else"), WATCH.place_for("address:more"):
        start = time.monotonic()
        answer = client.get(CHANGES, {"since": place, "wait": 30})
        assert time.monotonic() - start < 2
    assert (answer["Retry-After"], answer.json()["more"]) == ("5", False)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_wakes_those_who_wait(code, monkeypatch):
    def fail():
        raise OperationalError("gone")

    monkeypatch.setattr(feed_watch, "feed_end", fail)
    watch = feed_watch.FeedWatch()
    start = time.monotonic()
    with watch.place_for("me") as place:
        assert not watch.wait(place, FeedEnd("a", 1), start + 20)
    assert time.monotonic() - start < 10


@pytest.mark.django_db(transaction=True)
def test_a_newer_request_takes_the_waiting_place_of_the_older_one(client, code):
    answers = []
    query = {"since": str(FeedPlace(*end_for(None))), "wait": 20}
    older = threading.Thread(target=lambda: answers.append(Client().get(CHANGES, query)))
    older.start()
    while not WATCH._places and older.is_alive():
        time.sleep(0.01)
    start = time.monotonic()
    newer = client.get(CHANGES, query | {"wait": 1})
    older.join()
    assert 1 <= time.monotonic() - start < 10
    assert (answers[0]["Retry-After"], "Retry-After" in newer, WATCH._places) == ("5", False, {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ahead", [1, -1, 0])
def test_a_request_waits_for_its_time_alone_while_its_replica_is_behind(client, code, monkeypatch, ahead):
    end, reads = feed_end(), []
    read = replication.changes
    monkeypatch.setattr(feed_watch, "feed_end", lambda: FeedEnd(end.incarnation, end.sequence + ahead))
    monkeypatch.setattr(replication, "changes", lambda *args: reads.append(args) or read(*args))
    start = time.monotonic()
    answer = client.get(CHANGES, {"since": str(FeedPlace(*end_for(None))), "wait": 1})
    assert (answer.json()["results"], "Retry-After" in answer) == ([], False)
    assert 1 <= time.monotonic() - start < 3
    assert len(reads) <= 2 + 1 / feed_watch.INTERVAL


def test_a_part_of_the_tables_and_nouns_is_copied_and_followed(client, code, admin):
    other = make.code("3", make.table("other"))
    rows = lines(client.get(SNAPSHOT, {"table": "other", "noun": "code,section"}))
    assert [(row["noun"], row["object"]["id"]) for row in rows[1:-1]] == [
        ("section", other.section_id),
        ("code", other.pk),
    ]
    place = rows[0]["sequence"]
    edit_code(code, code.version, {"description": "Not followed."}, By(admin, Door.SHELL))
    edit_code(other, 1, {"description": "Followed."}, By(admin, Door.SHELL))
    query = {"since": place, "table": "other", "noun": ["code", "section"]}
    (entry,) = client.get(CHANGES, query).json()["results"]
    assert entry["object"]["description"] == "Followed."
    # The place remembers the tables.
    assert client.get(CHANGES, {"since": place, "noun": "code"}).json()["results"] == [entry]


def test_a_copied_code_is_a_listed_code_without_what_its_notes_change(client, code):
    (listed,) = client.get("/api/v1/codes/").json()["results"]
    expected = {name: value for name, value in listed.items() if name not in ("has_notes", "has_open_incident")}
    assert listed["has_notes"]
    snapshot = next(row["object"] for row in lines(client.get(SNAPSHOT)) if row.get("noun") == "code")
    (entry,) = client.get(CHANGES, {"noun": "code"}).json()["results"]
    assert snapshot == entry["object"] == expected
    assert list(snapshot) == list(expected)


def test_a_reader_whose_rights_change_starts_again(client, code, agent):
    """Otherwise a copy would keep for good what its reader may not read any more, or never get what it may."""
    client.force_login(agent)
    mirror = Mirror(through(client)).follow()
    assert "secret" in str(mirror.objects)
    groups = list(agent.groups.all())
    for change, starts in ((agent.groups.clear, 2), (lambda: agent.groups.set(groups), 3)):
        change()
        answer = client.get(CHANGES, {"since": mirror.place})
        assert (answer.status_code, answer.json()["code"]) == (410, "feed_place_gone")
        assert "your rights to read have changed" in answer.json()["detail"]
        assert mirror.follow().starts == starts
        assert mirror.differences() == set()
    assert client.get(MANIFEST).json()["sequence"] == client.get(SNAPSHOT)["X-Sequence"] == mirror.place
