"""Lookup, detection and search: the five verdicts, in order, for each reader."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.api.resources.detection import DetectSerializer
from kb.api.resources.lookup import LookupSerializer
from kb.api.resources.search_results import SearchSerializer
from kb.queries.verdict_json import INCLUDED
from kb.services import usage
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A code for each verdict; 2 is in two tables, 5 has a note that the public may not read."""
    zim, rtc = make.table(), make.table("rtc-server", product="RTC")
    gone = make.code("660300001", zim, "Business")
    make.note("Room is gone", gone, version=4)
    make.code("2", zim)
    make.code("2", rtc)
    make.note("Hush", make.code("5", zim), audience="internal", state="not_validated")
    make.code("9", zim, retired_at=LAST_YEAR)
    make.code("0xC0000005", rtc)
    make.code("7", make.table("secret", audience="internal"))
    make.code_range()


def post(client, noun, body, **kwargs):
    return client.post(f"/api/v1/{noun}/", json.dumps(body), content_type="application/json", **kwargs)


def look_up(client, *codes, **more):
    answer = post(client, "lookup", {"codes": codes, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()["verdicts"]


@pytest.mark.parametrize(
    ("code", "verdict", "meanings", "confidence", "audience"),
    [
        ("660300001", "found", 1, "validated", "public"),
        (660300001, "found", 1, "validated", "public"),
        (" 0660300001 ", "found", 1, "validated", "public"),
        ("ERR_660300001", "found", 1, "validated", "public"),
        ("2", "known_without_note", 2, None, "public"),
        ("3221225477", "known_without_note", 1, None, "public"),
        ("5", "known_without_note", 1, None, "public"),
        ("9", "retired", 1, None, "public"),
        ("660300002", "in_known_range", 0, None, "public"),
        ("7", "unknown", 0, None, "public"),
        ("nonsense", "unknown", 0, None, "public"),
    ],
)
def test_each_code_gets_one_of_five_verdicts(client, world, code, verdict, meanings, confidence, audience):
    (answer,) = look_up(client, code)
    assert answer["query"] == str(code)
    assert (answer["verdict"], len(answer["meanings"])) == (verdict, meanings)
    assert (answer["confidence"], answer["audience"]) == (confidence, audience)
    assert client.get(answer["permalink"]).status_code in (200, 302)


def test_an_agent_gets_verdicts_with_internal_notes(client, world, agent):
    client.force_login(agent)
    verdicts = look_up(client, "5", "7")
    assert [one["verdict"] for one in verdicts] == ["found", "known_without_note"]
    assert [one["confidence"] for one in verdicts] == ["not_validated", None]
    assert [one["audience"] for one in verdicts] == ["internal", "internal"]


def test_a_meaning_has_what_to_quote(client, world):
    (verdict,) = look_up(client, "660300001")
    (meaning,) = verdict["meanings"]
    assert (meaning["table"], meaning["section"]["slug"], meaning["code"]) == ("zim-server", "business", "660300001")
    assert meaning["url"] == verdict["permalink"] == "http://testserver/codes/zim-server/business/660300001/"
    assert (meaning["note"]["title"], meaning["note"]["version"], verdict["version"]) == ("Room is gone", 4, 1)


def test_a_note_on_a_range_counts(client, world):
    make.note("All rooms").ranges.add(make.code_range("Rooms", 660300000, 660300999))
    make.code("660300500")
    assert [one["verdict"] for one in look_up(client, "660300500", "660300501")] == ["found", "in_known_range"]


def test_there_is_one_verdict_per_code_in_order(client, world):
    queries = ["9", "2", "nonsense", "9", "660300001"]
    assert [one["query"] for one in look_up(client, *queries)] == queries


def test_a_table_narrows_the_meanings(client, world):
    (verdict,) = look_up(client, "2", table="rtc-server")
    assert [one["table"] for one in verdict["meanings"]] == ["rtc-server"]
    assert look_up(client, "660300002", table="rtc-server")[0]["verdict"] == "unknown"


def test_a_thousand_codes_take_no_more_queries(client, world):
    def cost(codes):
        with CaptureQueriesContext(connection) as queries:
            assert len(look_up(client, *codes)) == len(codes)
        return len(queries)

    codes = ["660300001", "2", "9", "nonsense", "660300002"]
    # The codes, their answers, the versions of their notes, the ranges, and the codes near unknown ones: twice.
    assert cost(codes) == cost([*codes, *map(str, range(660_300_100, 660_301_095))]) == 6


def test_lookups_and_misses_are_counted(client, world, agent):
    client.force_login(agent)
    look_up(client, "660300001", "nonsense", "660300002")
    post(client, "detect", {"text": "code=660300001"})
    client.get("/api/v1/search/?q=660300001")
    client.get("/api/v1/search/?q=nothinglikeit")
    assert sorted(usage._codes.values()) == [3]
    assert sorted(text for text, _day in usage._misses) == ["660300002", "nonsense", "nothinglikeit"]


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ({}, {"codes"}),
        ([], {"body"}),
        ("660300001", {"body"}),
        (None, {"body"}),
        ({"codes": []}, {"codes"}),
        ({"codes": "1"}, {"codes"}),
        ({"codes": None}, {"codes"}),
        ({"codes": ["1"] * 1_001}, {"codes"}),
        ({"codes": ["1", "", " ", None, True, 1.5, [], {}, "1" * 65, "a\x00"]}, {f"codes[{n}]" for n in range(1, 10)}),
        ({"codes": ["\ud800", 10**30]}, {"codes[0]", "codes[1]"}),
        ({"codes": ["1"], "tabel": "zim-server"}, {"tabel"}),
        ({"codes": ["1"], "table": "zim-serve"}, {"table"}),
        ({"codes": ["1"], "table": None}, {"table"}),
        ({"codes": ["1"], "table": "secret"}, {"table"}),
        ({"codes": [""], "table": "a\x00"}, {"table", "codes[0]"}),
    ],
)
def test_a_bad_body_is_refused(client, world, body, parameters):
    answer = post(client, "lookup", body)
    assert answer.status_code == 400, answer.content
    assert {error["parameter"] for error in answer.json()["errors"]} == parameters


@pytest.mark.parametrize("noun", ["lookup", "detect"])
@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ('{"codes": [1e999]}', "application/json", 400),
        (b"\xff", "application/json", 400),
        ("", "application/json", 400),
        ("a=b", "application/x-www-form-urlencoded", 415),
        (" " * (3 * 2**20 + 2_000), "application/json", 413),
    ],
)
def test_unreadable_bodies_are_refused(client, noun, body, media, status):
    answer = client.post(f"/api/v1/{noun}/", body, content_type=media)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_a_query_parameter_is_refused(client, world):
    answer = client.post("/api/v1/lookup/?table=zim-server", '{"codes": ["2"]}', content_type="application/json")
    assert answer.json()["errors"][0]["parameter"] == "table"


@pytest.mark.parametrize("noun", ["lookup", "detect"])
def test_a_session_needs_a_csrf_token_and_the_public_none(world, agent, noun):
    body = {"codes": ["2"]} if noun == "lookup" else {"text": "2"}
    client = Client(enforce_csrf_checks=True)
    assert post(client, noun, body).status_code == 200
    client.force_login(agent)
    answer = post(client, noun, body)
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    client.get("/login/")
    client.get("/detect/")
    token = client.cookies["csrftoken"].value
    assert post(client, noun, body, headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize(("noun", "method"), [("lookup", "post"), ("detect", "post"), ("search", "get")])
def test_without_public_reading_anonymous_callers_are_refused(client, settings, noun, method):
    settings.KB_PUBLIC_READ = False
    answer = getattr(client, method)(f"/api/v1/{noun}/")
    assert (answer.status_code, "WWW-Authenticate" in answer) == (401, True)


LOG = "ü 10:02 login failed, code=660300001\n10:03 error_code: 660300002 and code=660300001\n10:04 \x00 code=5 \ud800"


@pytest.mark.parametrize("plain", [False, True])
def test_the_codes_in_a_text_have_positions_and_verdicts(client, world, plain):
    if plain:
        answer = client.post("/api/v1/detect/", LOG.encode(errors="replace"), content_type="text/plain")
    else:
        answer = post(client, "detect", {"text": LOG})
    codes = answer.json()["codes"]
    assert [(one["query"], one["verdict"], one["count"], one["line"]) for one in codes] == [
        ("660300001", "found", 2, 1),
        ("5", "known_without_note", 1, 3),
        ("660300002", "in_known_range", 1, 2),
    ]
    assert {LOG[span["start"] : span["end"]] for span in codes[0]["spans"]} == {"660300001"}
    lines = LOG.split("\n")
    assert all(lines[one["line"] - 1].startswith(one["query"], one["column"] - 1) for one in codes)
    assert codes[0]["permalink"] == "http://testserver/codes/zim-server/business/660300001/"
    assert (codes[0]["is_likely"], codes[0]["certainty"] > 0.5, codes[2]["certainty"]) == (True, True, None)
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(("text", "quoted"), [(None, "null"), (1, "1"), ([], "[]"), ({}, "{}")])
def test_other_values_than_text_are_refused_and_quoted(client, text, quoted):
    answer = post(client, "detect", {"text": text})
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["parameter"], error["value"]) == (400, "text", quoted)


def test_a_text_of_more_than_a_megabyte_is_refused(client):
    assert post(client, "detect", {"text": "a" * 2**20}).status_code == 200
    assert post(client, "detect", {"text": "a" * (2**20 + 1)}).status_code == 413


def test_codes_beyond_those_that_are_listed_are_counted(client, world):
    answer = post(client, "detect", {"text": "\n".join(f"code=66000{n:04}" for n in range(103))}).json()
    assert (len(answer["codes"]), answer["not_listed"], answer["read_to_line"]) == (100, 3, None)
    assert post(client, "detect", {"text": "code=660300001"}).json()["not_listed"] == 0


def test_detection_of_many_codes_takes_no_more_queries(client, world):
    def cost(text):
        with CaptureQueriesContext(connection) as queries:
            assert post(client, "detect", {"text": text}).status_code == 200
        return len(queries)

    # Codes by form and symbol, ranges, messages, tables, answers, versions of notes, ranges of unknown codes, and
    # the codes near them: twice.
    assert cost(LOG) == cost("\n".join([LOG, *(f"code={n}" for n in range(500))])) == 10


@pytest.mark.parametrize(
    ("query", "verdict", "codes"),
    [
        ("660300001", "found", ["660300001"]),
        ("code%3D660300001", "found", ["660300001"]),
        ("2", "known_without_note", ["2", "2"]),
        ("2&table=rtc-server", "known_without_note", ["2"]),
        ("2&limit=1", "known_without_note", ["2"]),
        ("gone", "unknown", ["660300001"]),
        ("hush", "unknown", []),
        ("7", "unknown", []),
    ],
)
def test_search_by_code_log_line_and_words(client, world, query, verdict, codes):
    body = client.get(f"/api/v1/search/?q={query}").json()
    assert (body["verdict"], [one["code"] for one in body["results"]]) == (verdict, codes)


def test_a_search_returns_passages_and_near_codes(client, world):
    assert {"text": "gone", "marked": True} in client.get("/api/v1/search/?q=gone").json()["results"][0]["passage"]
    body = client.get("/api/v1/search/?q=660300011").json()
    assert (body["verdict"], [one["code"] for one in body["near"]]) == ("in_known_range", ["660300001"])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=a%00", "q"),
        ("q=" + "x" * 2_001, "q"),
        ("q=a&q=b", "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&table=secret", "table"),
        ("q=a&page=2", "page"),
    ],
)
def test_a_bad_search_parameter_is_refused(client, world, query, parameter):
    answer = client.get(f"/api/v1/search/?{query}")
    assert answer.status_code == 400
    assert {error["parameter"] for error in answer.json()["errors"]} == {parameter}


def test_answers_have_the_described_members(client, world):
    (verdict,) = look_up(client, "660300001", include=[*INCLUDED])
    assert set(verdict) == set(LookupSerializer().fields["verdicts"].child.fields)
    assert set(verdict["meanings"][0]) == set(
        LookupSerializer().fields["verdicts"].child.fields["meanings"].child.fields
    )
    for code in post(client, "detect", {"text": LOG}).json()["codes"]:
        assert set(code) == set(DetectSerializer().fields["codes"].child.fields)
    assert set(client.get("/api/v1/search/?q=gone").json()) == set(SearchSerializer().fields)


def test_a_code_is_taken_apart_whether_a_table_has_it_or_not(world, agent):
    win32 = make.table("win32", vendor="Microsoft", product="Windows", name="System errors", audience="internal")
    rpc = make.code("1722", win32, description="The RPC server is unavailable.")
    agents = Client()
    agents.force_login(agent)
    answers = {
        "lookup": lambda client: look_up(client, "0x800706BA")[0],
        "detect": lambda client: post(client, "detect", {"text": "HRESULT 0x800706BA"}).json()["codes"][0],
        "search": lambda client: client.get("/api/v1/search/", {"q": "0x800706BA"}).json(),
    }
    for name, answer in answers.items():
        shown, hidden = answer(agents), answer(Client())
        anatomy = shown["anatomy"]
        assert anatomy["family"] == "HRESULT", name
        assert anatomy["parts"][1] == {
            "name": "facility", "value": "7", "meaning": "WIN32: an error of Windows, wrapped",
        }  # fmt: skip
        assert (anatomy["inner"]["family"], anatomy["inner"]["code"]) == ("Windows error", "1722")
        assert anatomy["inner"]["meanings"] == [
            {
                "id": rpc.pk, "table": "win32", "section": {"id": rpc.section_id, "name": "Public", "slug": "public"},
                "code": "1722", "url": f"http://testserver{rpc.get_absolute_url()}",
                "symbol": "", "description": rpc.description,
            }
        ]  # fmt: skip
        assert shown["audience"] == "internal", name
        assert hidden["anatomy"]["inner"]["meanings"] == [], name
        assert hidden["audience"] == "public", name


def test_a_code_of_no_sure_family_has_no_parts(world):
    assert [verdict["anatomy"] for verdict in look_up(Client(), "5", "660300001", "404")] == [None] * 3
    assert look_up(Client(), "0xC0000005")[0]["anatomy"] is None, "its table is of another vendor"


def test_a_message_names_its_code_and_what_fills_it(client):
    make.code("70001", description='shelf "%s" is not part of aisle "%s"')
    (code,) = post(client, "detect", {"text": 'ERROR: shelf "B7" is not part of aisle "north"'}).json()["codes"]
    assert (code["verdict"], code["is_likely"], code["meanings"][0]["code"]) == ("known_without_note", True, "70001")
    assert code["message"] == code["query"]
    assert code["filled"] == [{"name": "shelf", "text": "B7"}, {"name": "aisle", "text": "north"}]
    (code,) = post(client, "detect", {"text": "code=70001"}).json()["codes"]
    assert (code["message"], code["filled"]) == ("", [])
