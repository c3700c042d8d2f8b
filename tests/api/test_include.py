"""What a look-up and a detection include on request: actions, the reply, notes, incidents and ranges."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kb.queries.near_codes import MAX_TEXTS
from kb.web.codes import meanings as card_meanings
from tests import make

pytestmark = pytest.mark.django_db
EVERYTHING = ["actions", "reply", "notes", "incidents", "ranges"]


@pytest.fixture
def room():
    """A code with two notes, one of them internal, and incidents."""
    code = make.code("660300001", suggested_actions="Check the room.")
    make.note("Hush", code, audience="internal", resolution="Call Bob.", customer_reply="Bob knows {code}.")
    make.note("Room is gone", code, resolution="Make another.", customer_reply="Code {code} on {date}.")
    make.incident("Rooms fail", code, workaround="Wait.", impact="No rooms.")
    make.incident("Over", code, state="resolved")
    make.incident("Hushed", code, state="resolved", audience="internal")
    return code


def ask(client, noun="lookup", query="", status=200, **body):
    answer = client.post(f"/api/v1/{noun}/{query}", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def meaning(client, *include, code="660300001"):
    return ask(client, codes=[code], include=[*include])["verdicts"][0]["meanings"][0]


def titles(items):
    return [item["title"] for item in items]


def test_nothing_is_added_unless_it_is_asked_for(room, client):
    (verdict,) = ask(client, codes=["660300001"])["verdicts"]
    assert verdict["meanings"][0].keys().isdisjoint({"actions", "reply", "notes", "past_incidents"})


def test_actions_are_resolutions_and_then_the_vendors_words(room, client):
    note = room.notes.get(title="Room is gone")
    assert meaning(client, "actions")["actions"] == [
        {"source": "note", "text": "Make another.", "note": note.pk},
        {"source": "vendor", "text": "Check the room.", "note": None},
    ]
    bare = make.code("2")
    make.note("No words", bare)
    assert meaning(client, "actions", code="2")["actions"] == []


def test_the_reply_is_the_one_of_the_card(room, client, agent):
    today = timezone.localdate().isoformat()
    assert meaning(client, "reply")["reply"] == f"Code 660300001 on {today}."
    client.force_login(agent)
    (card,) = card_meanings([room], agent)
    assert meaning(client, "reply")["reply"] == card.reply != ""
    make.code("2")
    assert meaning(client, "reply", code="2")["reply"] == ""


def test_a_reply_names_its_note_and_who_may_get_it(room, client, agent):
    shown = room.notes.get(title="Room is gone")
    assert meaning(client, "reply")["reply_from"] == {"note": shown.pk, "state": "validated", "audience": "public"}
    note = make.note("Unread", make.code("2"), state="not_validated", audience="internal", customer_reply="Bob knows.")
    client.force_login(agent)
    source = {"note": note.pk, "state": "not_validated", "audience": "internal"}
    assert meaning(client, "reply", code="2")["reply_from"] == source
    make.code("3")
    assert meaning(client, "reply", code="3")["reply_from"] is None


def test_a_draft_is_no_remedy(client, agent):
    make.note("Draft", make.code("2"), state="draft", resolution="Guess.", customer_reply="We guess.")
    client.force_login(agent)
    answer = meaning(client, *EVERYTHING, code="2")
    assert (answer["actions"], answer["reply"], titles(answer["notes"])) == ([], "", ["Draft"])


def test_notes_and_incidents_are_those_of_the_list_of_codes(room, client, agent):
    for _ in range(2):
        (listed,) = client.get("/api/v1/codes/?code=660300001&include=notes,incidents").json()["results"]
        answer = meaning(client, "notes", "incidents")
        for name in ("notes", "open_incidents", "past_incidents", "truncated"):
            assert answer[name] == listed[name], name
        client.force_login(agent)
    assert titles(answer["past_incidents"]) == ["Hushed", "Over"]


def test_ranges_are_those_of_the_list_of_codes(room, client):
    make.code_range("Wide", 660000000, 669999999)
    make.code_range("Room", 660300000, 660399999)
    (listed,) = client.get("/api/v1/codes/?code=660300001&include=ranges").json()["results"]
    (detected,) = ask(client, "detect", text="code=660300001", include=["ranges"])["codes"]
    answer = meaning(client, "ranges")
    assert answer["ranges"] == listed["ranges"] == detected["meanings"][0]["ranges"]
    assert [one["name"] for one in answer["ranges"]] == ["Room", "Wide"]
    for n in range(20):
        make.code_range(f"Block {n}", 660300001, 660300010 + n)
    answer = meaning(client, "ranges", "notes")
    assert (len(answer["ranges"]), answer["truncated"]) == (20, ["ranges"])
    assert meaning(client, "notes")["truncated"] == []


def test_the_public_gets_nothing_internal(room, client):
    answer = ask(client, codes=["660300001"], include=EVERYTHING)
    assert answer["verdicts"][0]["audience"] == "public"
    assert not [word for word in ("Hush", "Bob", "internal") if word in str(answer)]


@pytest.mark.parametrize(
    ("include", "audience"), [([], "public"), (["incidents"], "internal"), (["reply"], "internal")]
)
def test_the_audience_is_that_of_everything_that_is_included(client, agent, include, audience):
    code = make.code("2")
    make.note("Open", code, state="validated")
    make.note("Hush", code, state="not_validated", audience="internal", customer_reply="Bob knows.")
    make.incident("Hushed", code, state="resolved", audience="internal")
    client.force_login(agent)
    (verdict,) = ask(client, codes=["2"], include=include)["verdicts"]
    assert (verdict["audience"], verdict["meanings"][0]["audience"]) == (audience, audience)


def test_the_reply_of_a_note_beyond_those_that_an_answer_lists(client, agent):
    code = make.code("2")
    make.note("Oldest", code, customer_reply="Code {code}.", resolution="Wait.")
    for n in range(25):
        make.note(f"Note {n}", code)
    answer = meaning(client, *EVERYTHING, code="2")
    assert (answer["reply"], answer["actions"][0]["text"]) == ("Code 2.", "Wait.")
    assert answer["truncated"] == ["notes"]
    assert "Oldest" not in titles(answer["notes"])


def test_include_is_a_parameter_too_with_commas_or_repeated(room, client):
    in_body = ask(client, codes=["660300001"], include=["actions", "reply"])
    assert ask(client, query="?include=actions,reply", codes=["660300001"]) == in_body
    assert ask(client, query="?include=actions&include=reply", codes=["660300001"]) == in_body
    assert ask(client, query="?include=reply", codes=["660300001"], include=["actions"]) == in_body
    answer = client.post("/api/v1/detect/?include=actions", "code=660300001", content_type="text/plain").json()
    assert answer["codes"][0]["meanings"][0]["actions"][-1]["text"] == "Check the room."


@pytest.mark.parametrize("noun", ["lookup", "detect"])
@pytest.mark.parametrize("value", [["action"], "actions", [1], {"actions": 1}, ["actions", None]])
def test_a_word_that_cannot_be_included_is_refused(client, noun, value):
    body = {"codes": ["1"]} if noun == "lookup" else {"text": "1"}
    (error,) = ask(client, noun, status=400, include=value, **body)["errors"]
    assert error["parameter"].startswith("include")
    assert error["allowed"] == EVERYTHING
    (error,) = ask(client, noun, "?include=actions,reply,note", 400, **body)["errors"]
    assert (error["parameter"], error["nearest"]) == ("include", "notes")


def test_an_unknown_code_has_the_codes_near_it(room, client, agent):
    hidden = make.code("660300003", make.table("hidden", audience="internal"))
    (verdict,) = ask(client, codes=["660300002"])["verdicts"]
    assert [(one["id"], one["description"]) for one in verdict["near"]] == [(room.pk, room.description)]
    assert verdict["audience"] == "public"
    assert ask(client, codes=["660300001"])["verdicts"][0]["near"] == []
    (detected,) = ask(client, "detect", text="code=660300002")["codes"]
    assert [one["id"] for one in detected["near"]] == [room.pk]
    (verdict,) = ask(client, codes=["660300002"], table="zim-server")["verdicts"]
    assert [one["id"] for one in verdict["near"]] == [room.pk]
    client.force_login(agent)
    (verdict,) = ask(client, codes=["660300002"])["verdicts"]
    assert [one["id"] for one in verdict["near"]] == [room.pk, hidden.pk]
    assert verdict["audience"] == "internal"


def test_codes_near_the_first_unknown_codes_of_a_request_are_looked_for(room, client):
    verdicts = ask(client, codes=[f"66030{n:04}" for n in range(2, 1000)])["verdicts"]
    near = [verdict["near"] for verdict in verdicts]
    assert (None not in near[:MAX_TEXTS], set(map(str, near[MAX_TEXTS:]))) == (True, {"None"})


def test_a_thousand_codes_with_everything_take_few_queries(client):
    codes = [make.code(str(660_300_000 + n)) for n in range(40)]
    make.note("All", *codes, customer_reply="Code {code}.")
    make.incident("Down", *codes)

    def cost(count):
        with CaptureQueriesContext(connection) as queries:
            ask(client, codes=[str(660_300_000 + n) for n in range(count)], include=EVERYTHING)
        return len(queries)

    # The codes, their answers, the versions of their notes, the ranges around them; for unknown ones the ranges, and
    # codes near them: twice.
    assert (cost(2), cost(40), cost(1000)) == (4, 4, 7)
