"""The representations of a card, for tickets and for programs."""

import html
import json
import re

import pytest

from kb.models import CodeUse, Miss
from kb.queries.verdict_json import INCLUDED
from kb.services import usage
from kb.text.safety import markdown as text_markdown
from tests import make

pytestmark = pytest.mark.django_db


def body(client, address, status=200):
    response = client.get(address)
    assert response.status_code == status, response.content
    return response.content.decode()


def json_body(client, address, status=200):
    return json.loads(body(client, address, status))


def test_markdown_holds_the_answer_and_the_permalink(public, room):
    make.note("Room is gone", room, cause="It timed out.", customer_reply="Rejoin, code {code}.")
    make.incident("Rooms fail", room, workaround="Use another region.")
    text = body(public, "/codes/zim-server/660300001.md")
    for part in (
        "## 660300001: Room does not exist.",
        "<http://testserver/codes/zim-server/public/660300001/>",
        "**Open incident:** Rooms fail",
        "**What to do:** Fix the request",
        "> Rejoin, code 660300001.",
        "> Please confirm whether the input RoomId is correct.",
        "**Possible reasons:** not provided by the vendor.",
        "**Note, validated:** Room is gone",
        "> It timed out.",
    ):
        assert part in text, text


def test_json_holds_the_same_answer(public, room):
    make.note("Room is gone", room, cause="It timed out.", customer_reply="Rejoin, code {code}.")
    answer = json_body(public, "/codes/zim-server/660300001.json")
    (meaning,) = answer["meanings"]
    assert answer["verdict"] == meaning["verdict"] == "found"
    assert meaning["url"] == answer["permalink"] == "http://testserver/codes/zim-server/public/660300001/"
    assert meaning["suggested_actions"] == "Please confirm whether the input RoomId is correct."
    assert meaning["disposition"]["value"] == "fix_request"
    assert meaning["reply"] == "Rejoin, code 660300001."
    assert [note["cause"] for note in meaning["notes"]] == ["It timed out."]


def test_json_is_what_a_look_up_answers_with_everything_that_it_can_include(public, room):
    make.note("Room is gone", room, cause="It ended.", resolution="Rejoin.", customer_reply="Code {code}.")
    make.incident("Down", room, reference="INC-1", impact="All", workaround="Wait")
    make.incident("Past", room, state="resolved")
    make.code_range("Room", 660300000, 660399999, origin="vendor")
    for code, status in (("660300001", 200), ("660300002", 404)):
        answer = json_body(public, f"/codes/zim-server/{code}.json", status)
        assert [[one["name"] for one in meaning["ranges"]] for meaning in answer["meanings"]] == (
            [["Room"]] if status == 200 else []
        )
        question = {"codes": [code], "include": [*INCLUDED]}
        (verdict,) = public.post("/api/v1/lookup/", question, content_type="application/json").json()["verdicts"]
        assert answer == verdict


def test_markdown_names_the_successor_of_a_retired_code_and_the_ranges_of_an_unlisted_one(public, room):
    make.code("5", retired_at=room.updated_at, successor=room)
    make.code_range("Room")
    text = body(public, "/codes/zim-server/5.md")
    assert "**Retired: the vendor no longer lists it.** Replaced by: 660300001: Room does not exist." in text
    assert "Replaced by" not in body(public, "/codes/zim-server/660300001.md")
    unlisted = body(public, "/codes/zim-server/660399999.md", 404)
    assert "## 660399999 is not in ZEGOCLOUD ZIM: Return codes" in unlisted
    assert "- 6603xxxxx Room" in unlisted
    assert "differ by one character" not in unlisted
    assert "6603xxxxx" not in body(public, "/codes/zim-server/77.md", 404)


def test_markdown_has_each_meaning_and_leaves_out_empty_texts(agents, room):
    make.code("660300001", room.table, "", description="")
    make.note("Draft", room, state="draft", cause=" ", resolution="Rejoin.")
    make.incident("Down", room, state="monitoring", audience="internal", impact="", workaround="Wait.")
    text = body(agents, "/codes/zim-server/660300001.md")
    first, second = sorted(text.split("## ")[1:], key=len, reverse=True)
    assert "ZEGOCLOUD ZIM: Return codes / Public  \n" in first
    assert "ZEGOCLOUD ZIM: Return codes  \n" in second
    assert second.startswith("660300001: no description")
    assert "**Note, draft:** Draft" in first.replace(" (internal)", "")
    assert "**Monitoring incident (internal):** Down" in first
    assert "**Workaround:**\n\n> Wait." in first
    assert "**Resolution:**\n\n> Rejoin." in first
    assert not {"Impact", "Cause", "Entered", "What to tell"} & set(text.replace(":", " ").replace("*", " ").split())
    assert "**Description:**" not in text, "the heading has it"
    assert "**Suggested actions:** not provided by the vendor." in second


@pytest.mark.parametrize("ending", ["md", "json"])
def test_a_section_of_another_table_or_an_unescaped_slash_belongs_to_the_code(ending, public, room):
    make.section(make.table("other"), "Login")
    make.code("a/b")
    assert public.get(f"/codes/zim-server/login/660300001.{ending}").status_code == 404
    assert public.get(f"/codes/zim-server/a/b.{ending}").status_code == 200
    assert public.get(f"/codes/other/public/660300001.{ending}").status_code == 404


@pytest.mark.parametrize("code", ["%00", "%20", "9" * 65])
def test_text_that_cannot_be_a_code_is_not_found(code, public, room):
    message = "There is no such table, or you do not have access to it."
    assert json_body(public, f"/codes/zim-server/{code}.json", 404) == {"verdict": None, "error": message}
    assert body(public, f"/codes/zim-server/{code}.md", 404) == f"{message}\n"


def test_a_representation_is_no_lookup(agents, room):
    for code in ("660300001", "77"):
        agents.get(f"/codes/zim-server/{code}.json")
    usage.flush()
    assert not CodeUse.objects.exists()
    assert not Miss.objects.exists()


def test_a_code_that_ends_in_md_elsewhere_or_hidden_has_no_priority(public, room):
    secret = make.table("secret", audience="internal")
    for table in (make.table("other"), secret):
        make.code("660300001.md", table)
    assert body(public, "/codes/zim-server/660300001.md").startswith("## 660300001")
    make.code("660300001.md", room.table, "Mix")
    assert body(public, "/codes/zim-server/public/660300001.md").startswith("## 660300001")
    assert public.get("/codes/zim-server/660300001.md")["Location"] == "/codes/zim-server/660300001.md/"


def found(room):
    make.note("Note", room)


def retired(room):
    room.retired_at = room.updated_at
    room.save()


@pytest.mark.parametrize(
    ("prepare", "code", "verdict", "status", "words"),
    [
        (found, "660300001", "found", 200, "Note, validated"),
        (lambda room: None, "660300001", "known_without_note", 200, "Known, no note yet"),
        (retired, "660300001", "retired", 200, "Retired"),
        (lambda room: make.code_range(), "660399999", "in_known_range", 404, "In a known range"),
        (lambda room: None, "12", "unknown", 404, "Unknown"),
    ],
)
def test_the_five_verdicts(prepare, code, verdict, status, words, public, room):
    prepare(room)
    assert json_body(public, f"/codes/zim-server/{code}.json", status)["verdict"] == verdict
    assert words in body(public, f"/codes/zim-server/{code}.md", status)


def test_an_unknown_code_offers_near_ones(public, room):
    assert [near["code"] for near in json_body(public, "/codes/zim-server/660300002.json", 404)["near"]] == [
        "660300001"
    ]
    assert "<http://testserver/codes/zim-server/public/660300001/>" in body(
        public, "/codes/zim-server/660300002.md", 404
    )


def test_a_code_of_several_sections(public):
    table = make.table()
    for name in ("One", "Two"):
        make.code("3", table, name, description=f"In {name}.")
    assert [m["section"]["slug"] for m in json_body(public, "/codes/zim-server/3.json")["meanings"]] == ["one", "two"]
    assert [m["section"]["slug"] for m in json_body(public, "/codes/zim-server/two/3.json")["meanings"]] == ["two"]
    assert "In One" not in body(public, "/codes/zim-server/two/3.md")


@pytest.mark.parametrize(
    "code", ["0xC0000005", "X.7.1", "-1000", "ORA-00001", "a~1b", "42P01", "00000", "100%25", "~2"]
)
def test_every_code_has_its_representations(code, public):
    stored = {"a~1b": "a/b", "100%25": "100%", "~2": "."}.get(code, code)
    make.code(stored)
    assert json_body(public, f"/codes/zim-server/{code}.json")["meanings"][0]["code"] == stored
    assert body(public, f"/codes/zim-server/public/{code}.md").startswith("## ")


def test_another_way_to_write_it_says_how_it_was_read(public, room):
    assert "read as 660300001 (leading zeros aside)" in body(public, "/codes/zim-server/0660300001.md")
    assert json_body(public, "/codes/zim-server/0660300001.json")["meanings"][0]["read"] == "leading zeros aside"


@pytest.mark.parametrize("ending", ["md", "json"])
def test_the_page_of_a_code_that_ends_in_md_or_json_has_priority(ending, public):
    odd = make.code(f"7.{ending}")
    assert public.get(f"/codes/zim-server/7.{ending}")["Location"] == f"/codes/zim-server/7.{ending}/"
    assert public.get(f"/codes/zim-server/public/7.{ending}")["Location"] == odd.get_absolute_url()
    assert json_body(public, f"/codes/zim-server/7.{ending}.json")["meanings"][0]["code"] == odd.code


HOSTILE = "[a](https://evil.example) ![b](https://evil.example/p) <img src=x> https://evil.example www.evil.example"


def test_vendor_and_note_text_becomes_no_link_or_picture(public):
    code = make.code("1", description=HOSTILE, possible_reasons=HOSTILE, suggested_actions=f"- {HOSTILE}\n# {HOSTILE}")
    make.note(HOSTILE, code, cause=HOSTILE, resolution=HOSTILE, customer_reply=HOSTILE)
    make.incident(HOSTILE, code, impact=HOSTILE)
    rendered = text_markdown.render(body(public, "/codes/zim-server/1.md"))
    assert all(link.startswith("http://testserver/") for link in re.findall(r'href="([^"]*)"', rendered))
    assert "<img" not in rendered
    assert html.unescape(rendered).count(HOSTILE) >= 8


@pytest.mark.parametrize(("ending", "kind"), [("md", "text/markdown; charset=utf-8"), ("json", "application/json")])
def test_representations_have_their_content_type_and_are_not_cached_for_the_logged_in(
    ending, kind, public, agents, room
):
    response = agents.get(f"/codes/zim-server/660300001.{ending}")
    assert response["Content-Type"] == kind
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in public.get(f"/codes/zim-server/660300001.{ending}")


@pytest.mark.parametrize("ending", ["md", "json"])
def test_a_hidden_and_a_missing_table_get_the_same_answer(ending, public, agents):
    make.code("1", make.table("secret", audience="internal"))
    for path in ("1", "public/1"):
        hidden = public.get(f"/codes/secret/{path}.{ending}")
        missing = public.get(f"/codes/nowhere/{path}.{ending}")
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
        assert hidden.status_code == 404
        assert agents.get(f"/codes/secret/{path}.{ending}").status_code == 200


def test_internal_text_is_marked(agents, room):
    make.note("Ours", room, audience="internal")
    make.note("Theirs", room)
    assert "**Note, validated:** Theirs" in body(agents, "/codes/zim-server/660300001.md")
    assert "**Note (internal), validated:** Ours" in body(agents, "/codes/zim-server/660300001.md")


def test_programs_get_401_from_a_closed_site(public, agents, room, settings):
    settings.KB_PUBLIC_READ = False
    for address in ("/codes/zim-server/660300001.md", "/codes/nowhere/1.json", "/changes/feed/"):
        assert public.get(address).status_code == 401
    assert agents.get("/codes/zim-server/660300001.md").status_code == 200


@pytest.mark.parametrize("number", [1, 10])
def test_queries_do_not_grow(number, public, room, django_assert_num_queries):
    for n in range(number):
        make.note(f"Note {n}", room)
        make.incident(f"Incident {n}", room)
        make.code("660300001", room.table, f"Section {n}")
    with django_assert_num_queries(6):
        public.get("/codes/zim-server/660300001.json")
