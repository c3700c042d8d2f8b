"""Limits of the API met exactly, one below and one above; without a database where none is needed."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from kb.api.framework import body_views, errors, parameter_values, parameters, request_bodies
from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.pagination import MAX_CURSOR, MAX_SIZE, KeysetPagination
from kb.api.framework.parameter_values import MAX_PHRASE, MAX_TEXT, MAX_VALUES
from kb.api.resources import changes, lookup, search_results, tables
from kb.api.resources.detection import DetectView
from kb.api.resources.lookup import LookupView
from kb.queries import detection_json
from kb.text.codes.forms import MAX_LENGTH, MAX_NUMBER
from kb.text.detection.matches import UnknownMatch
from tests import make

KINDS = vars(parameter_values) | {
    "page_size": KeysetPagination.parameters["page_size"],
    "cursor": KeysetPagination.parameters["cursor"],
    "limit of changes": changes.LIMIT,
    "place": changes.SINCE,
    "wait": changes.WAIT,
    "limit of a search": search_results.SearchView.kinds["limit"],
    "q": search_results.SearchView.kinds["q"],
    "numbers": parameter_values.list_of(parameter_values.ID),
    "words": parameter_values.some_of(["one", "two"]),
}
ALLOWED = [
    ("page_size", "1", 1),
    ("page_size", str(MAX_SIZE), 200),
    ("page_size", "+7", 7),
    ("page_size", "0" * 19 + "7", 7),
    ("limit of changes", "1", 1),
    ("limit of changes", "1000", 1000),
    ("limit of a search", "50", 50),
    ("ID", "0", 0),
    ("ID", str(MAX_NUMBER), MAX_NUMBER),
    ("NUMBER", str(-MAX_NUMBER), -MAX_NUMBER),
    ("TEXT", "x" * MAX_TEXT, "x" * 200),
    ("CODE", "1" * MAX_LENGTH, "1" * 64),
    ("cursor", "x" * MAX_CURSOR, "x" * 4_000),
    ("q", "x" * 2_000, "x" * 2_000),
    ("PHRASE", "x" * MAX_PHRASE, "x" * 1_000),
    ("PHRASE", "a-b-c", "a-b-c"),
    ("PHRASE", "\u623f\u95f4", "\u623f\u95f4"),
    ("PHRASE", "a\u623f", "a\u623f"),
    ("WORDS", " ".join("abcdefgh"), "a b c d e f g h"),
    ("WORDS", "x" * 80, "x" * 80),
    ("CODES", ",".join(["1"] * MAX_VALUES), ["1"] * 100),
    ("numbers", " 1 , 2 ", [1, 2]),
    ("words", "two, one,two", ["two", "one"]),
    ("DAY", "2024-02-29", None),
    ("MOMENT", "2026-03-05t14:00:00z", None),
    ("MOMENT", "2026-03-05 14:00:00 01:00", None),
    ("MOMENT", "2026-03-05T14:00:00 0100", None),
    ("YES_NO", "1", True),
    ("YES_NO", "0", False),
    ("YES_NO", "True", True),
    ("YES_NO", "true", True),
    ("YES_NO", "false", False),
    ("place", "0", changes.FeedPlace()),
    ("place", "7", changes.FeedPlace("old", 7)),
    ("place", "00000000a0p-" + "9" * 18, changes.FeedPlace("00000000a0p", 10**18 - 1)),
    ("place", "00000000a0p-3.code.0", changes.FeedPlace("00000000a0p", 3, "code", 0)),
    ("place", "00000000a0p-3.replaced." + "9" * 18, changes.FeedPlace("00000000a0p", 3, "replaced", 10**18 - 1)),
    ("place", "00000000a0p-3~5.7", changes.FeedPlace("00000000a0p", 3, tables=(5, 7))),
    (
        "place",
        "00000000a0p-3.code.1~" + ".".join(["5"] * 100),
        changes.FeedPlace("00000000a0p", 3, "code", 1, (5,) * 100),
    ),
    ("wait", "30", 30),
]
REFUSED = [
    ("page_size", "0"),
    ("page_size", "201"),
    ("page_size", "-1"),
    ("page_size", "0" * 20 + "7"),
    ("page_size", "1 "),
    ("limit of changes", "0"),
    ("limit of changes", "1001"),
    ("limit of a search", "51"),
    ("limit of a search", "0"),
    ("ID", "-1"),
    ("ID", str(MAX_NUMBER + 1)),
    ("NUMBER", str(-MAX_NUMBER - 1)),
    ("NUMBER", str(MAX_NUMBER + 1)),
    ("TEXT", "x" * 201),
    ("CODE", "1" * 65),
    ("cursor", "x" * 4_001),
    ("q", "x" * 2_001),
    ("PHRASE", "x" * 1_001),
    ("PHRASE", "a-b"),
    ("PHRASE", "\u623f"),
    ("PHRASE", "\u2e80b"),
    ("WORDS", " ".join("abcdefghi")),
    ("WORDS", "x" * 81),
    ("WORDS", "a " + "x" * 81),
    ("WORDS", "  "),
    ("CODES", ",".join(["1"] * 101)),
    ("CODES", "1," + "1" * 65),
    ("CODES", "1,"),
    ("numbers", "1,two"),
    ("words", "one,three"),
    ("words", ",one"),
    ("DAY", "2026-02-29"),
    ("DAY", "20260228"),
    ("DAY", "2026-W10-4"),
    ("MOMENT", "2026-03-05T14:00:00"),
    ("MOMENT", "2026-W10-4T14:00:00Z"),
    ("MOMENT", "20260305T140000Z"),
    ("YES_NO", "2"),
    ("YES_NO", "yes"),
    ("PART", "ab"),
    ("PART", "房间"),
    ("PHRASE", "ab"),
    ("place", "00000000a0p-" + "9" * 19),
    ("place", "-3"),
    ("place", "a" * 21 + "-3"),
    ("place", "00000000a0p-3.codes.0"),
    ("place", "00000000a0p-3.code"),
    ("place", "00000000a0p-3.code." + "9" * 19),
    ("place", "00000000a0p-3.code.1."),
    ("place", "00000000a0p-3~"),
    ("place", "00000000a0p-3~" + ".".join(["5"] * 101)),
    ("wait", "31"),
]


@pytest.mark.parametrize(("kind", "text", "value"), ALLOWED)
def test_a_value_at_its_limit_is_allowed(kind, text, value):
    parsed = KINDS[kind].parse(text)
    assert parsed == value if value is not None else parsed.isoformat()[:7] == text[:7]


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_a_value_beyond_its_limit_is_refused(kind, text):
    with pytest.raises(ValidationError) as refused:
        KINDS[kind].parse(text)
    assert refused.value.params["allowed"]


def test_a_moment_is_in_utc_whatever_its_zone():
    for text in ("2026-03-05T15:00:00+01:00", "2026-03-05T15:00:00 01:00", "2026-03-05 14:00:00Z"):
        assert parameter_values.MOMENT.parse(text).isoformat() == "2026-03-05T14:00:00+00:00"


def parse(query, **kinds):
    return parameters.parse_query(query, kinds)


REPEATED, ONCE = parameter_values.repeated(parameter_values.CODE), parameter_values.CODE


def refusals(query, **kinds):
    with pytest.raises(BadParameters) as refused:
        parse(query, **kinds)
    return [error["message"] for error in refused.value.errors]


def test_a_parameter_may_be_repeated_a_hundred_times():
    codes = [str(n) for n in range(100)]
    assert parse("&".join(f"code={code}" for code in codes), code=REPEATED) == {"code": codes}
    assert parse(f"code={','.join(codes[:50])}&code={','.join(codes[50:])}", code=REPEATED)["code"][-1] == "99"
    assert refusals(f"code={','.join(codes)}&code=100,101,102", code=REPEATED) == ["It has 104 values."]
    assert parse("code=1&code=1", code=REPEATED) == {"code": ["1"]}
    assert refusals("&".join(["code=1"] * 101), code=REPEATED) == ["It appears 101 times."]
    assert parse("code=1", code=ONCE) == {"code": "1"}
    assert refusals("code=1&code=1", code=ONCE) == ["It appears more than once."]
    # The last of the hundred counts as well.
    assert len(refusals("&".join([*["code=1"] * 99, "code="]), code=REPEATED)) == 1


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [("YES_NO", ["true", "false"]), ("TEXT", []), ("ID", [])],
)
def test_an_empty_value_is_refused_with_the_few_that_are_allowed(kind, allowed):
    with pytest.raises(BadParameters) as refused:
        parse("name=", name=KINDS[kind])
    (error,) = refused.value.errors
    assert (error["allowed"], error["message"][:15]) == (allowed, "It has no value")


def test_an_error_repeats_a_hundred_characters_and_lists_a_hundred_values():
    assert (errors.MAX_REPEATED, errors.MAX_LISTED) == (100, 100)
    error = describe("p" * 101, "v" * 101, "{} is bad. {}", map(str, range(100)))
    assert (error["parameter"], error["value"]) == ("p" * 100, "v" * 100)
    assert error["message"] == f"“{'v' * 100}” is bad. {{}}"
    assert error["allowed"] == [*map(str, range(100))]
    shortened = describe("p", "near-1", "No.", [*(f"far{n}" for n in range(100)), "near-2"])
    assert (len(shortened["allowed"]), shortened["allowed"][0], shortened["nearest"]) == (100, "near-2", "near-2")
    assert len(set(shortened["allowed"])) == 100
    assert describe("p", "value", "{} is bad.", ["x"], "sought")["message"] == "“sought” is bad."
    assert describe("p", "x", "{} is bad.", ["yyyyy"])["nearest"] is None


def read(parser, body, view):
    return parser().parse(io.BytesIO(body), None, {"view": view, "request": SimpleNamespace(META={})})


VIEW = SimpleNamespace(max_body=20)


def test_a_body_of_exactly_the_limit_is_read():
    assert read(request_bodies.JSONBody, b'"' + b"x" * 18 + b'"', VIEW) == "x" * 18
    assert read(request_bodies.TextBody, b"x" * 20, VIEW) == {"text": "x" * 20}
    for parser in (request_bodies.JSONBody, request_bodies.TextBody):
        with pytest.raises(request_bodies.TooLarge, match="larger than 20 bytes"):
            read(parser, b" " * 21, VIEW)
    assert (LookupView.max_body, DetectView.max_body) == (2**20, 3 * 2**20 + 1_000)


def test_each_body_is_read_as_text_without_half_characters():
    assert read(request_bodies.TextBody, b"a\xffb", VIEW) == {"text": "a\ufffdb"}
    assert request_bodies.as_text("x" * 201) == "x" * 200
    assert request_bodies.as_text(["x"]) == '["x"]'
    values = {"a": True, "": True, "a\x00": False, "\ud800": False, "\U0001f600": True}
    assert {text: request_bodies.is_text(text) for text in values} == values
    assert not request_bodies.is_text(1)
    assert not request_bodies.is_text(b"a")


def test_a_hundred_unknown_members_are_named():
    errors = []
    assert request_bodies.members({"a": 1}, {"a": 0}, errors) == {"a": 1}
    assert errors == []
    request_bodies.members({f"m{n}": n for n in range(101)}, {"codes": 0}, errors)
    assert len(errors) == 100
    for other in ([], "a", None, 1):
        with pytest.raises(BadParameters, match="not a JSON object"):
            request_bodies.members(other, {"codes": 0}, [])


@pytest.mark.parametrize(
    ("value", "is_code"),
    [
        (2**63 - 1, True),
        (-(2**63) + 1, True),
        (2**63, False),
        (-(2**63), False),
        (0, True),
        (True, False),
        ("1" * 64, True),
        ("1" * 65, False),
        (" 1", True),
        (" ", False),
        ("", False),
        ("1\x00", False),
        (1.0, False),
        (None, False),
    ],
)
def test_a_code_to_look_up_is_text_or_a_whole_number(value, is_code):
    codes, errors_of_codes = lookup._parse_codes([value])
    assert (errors_of_codes == []) is is_code
    assert codes == [str(value)]


def test_a_thousand_codes_are_looked_up_and_a_hundred_errors_named():
    assert len(lookup._parse_codes(["1"] * 1_000)[0]) == 1_000
    assert "1001 codes, too many" in lookup._parse_codes(["1"] * 1_001)[1][0]["message"]
    assert len(lookup._parse_codes([""] * 101)[1]) == 100
    assert lookup._parse_codes(["1", ""])[1][0]["parameter"] == "codes[1]"


def test_a_hundred_positions_of_a_code_are_listed():
    places = [(n, n + 1) for n in range(101)]
    assert len(detection_json._place(UnknownMatch("7", places[:100], 1, None, ""))["spans"]) == 100
    place = detection_json._place(UnknownMatch("7", places, 7, None, "", column=3))
    assert place["spans"] == [{"start": n, "end": n + 1} for n in range(100)]
    assert (place["count"], place["line"], place["column"]) == (101, 7, 3)


@pytest.mark.django_db
def test_each_list_takes_a_hundred_values_and_ids_up_to_the_largest(client):
    make.code("1")
    answer = client.get("/api/v1/codes/?code__in=" + ",".join([*map(str, range(2, 101)), "1"]))
    assert [code["code"] for code in answer.json()["results"]] == ["1"]
    assert client.get("/api/v1/codes/?" + "&".join([*["code=2"] * 99, "code=1"])).json()["results"]
    for noun in ("codes", "notes", "incidents"):
        for digits, status in ((18, 404), (19, 404)):
            assert client.get(f"/api/v1/{noun}/{'9' * digits}/").status_code == status


def test_each_filter_of_a_near_name_looks_among_a_thousand_names():
    assert tables.MAX_NEAR == 1_000
    assert json.dumps(lookup.BODY["properties"]["codes"]["maxItems"]) == "1000"


@pytest.mark.django_db
def test_more_words_to_include_than_there_are_are_refused_before_one_is_looked_at(client, monkeypatch):
    make.code("660300001")
    looks = []
    monkeypatch.setattr(body_views, "as_text", looks.append)
    body = {"codes": ["660300001"], "include": [f"n{n}" for n in range(100_000)]}
    answer = client.post("/api/v1/lookup/", body, content_type="application/json")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["parameter"], looks) == (400, "include", [])
    assert "100000 values" in error["message"]
    assert len(answer.content) < 2_000


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["table", "section", "id", "unknown"])
def test_an_error_looks_for_the_nearest_of_few_bad_values(client, name):
    make.table("zim-server")
    values = [f"x{n}" for n in range(100)]
    query = "&".join(f"{value}=1" for value in values) if name == "unknown" else "&".join(f"{name}={v}" for v in values)
    answer = client.get(f"/api/v1/codes/?{query}")
    assert (answer.status_code, len(answer.json()["errors"])) == (400, errors.MAX_ERRORS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["changes/?table", "snapshot/?table", "codes/?table", "codes/?section", "codes/?symbol"]
)
@pytest.mark.parametrize("value", [",", ", ,", "%20"])
def test_commas_without_a_value_are_refused_also_for_texts(client, path, value):
    answer = client.get(f"/api/v1/{path}={value}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
    assert "no value" in answer.json()["detail"]
