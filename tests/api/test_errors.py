"""Every error has one shape and contains the parameter, the value and what is allowed."""

import pytest
from django.test import Client

from tests import make

pytestmark = pytest.mark.django_db
BIG = "9" * 30


def text_of(body):
    """Return the detail, the values and the allowed values of an error as one text."""
    return " ".join([body["detail"], *(", ".join([e["value"], *e["allowed"]]) for e in body["errors"])])


@pytest.fixture
def world():
    make.code("660300001", make.table(), "Business")
    make.code("3", make.table("rtc-server"), "Common")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("cod=3", ["cod", "3", "Did you mean code?", "updated_since"]),
        ("format=json", ["format", "json"]),
        ("retired=", ["retired", "no value", "true, false"]),
        ("code=", ["code", "no value"]),
        ("fields=", ["fields", "no value"]),
        ("retired=perhaps", ["perhaps", "true, false"]),
        ("retired=2", ["2", "true, false, 1, 0"]),
        ("has_notes=perhaps", ["“perhaps” is neither true nor false."]),
        ("table=zim-serve", ["zim-serve", "Did you mean zim-server?", "rtc-server"]),
        ("table=zim-server&table=nowhere", ["nowhere", "zim-server"]),
        ("section=Busines", ["Busines", "Did you mean Business?", "Common"]),
        ("disposition=fix_reques", ["fix_reques", "Did you mean fix_request?", "no_action"]),
        ("fixer=us&fixer=nobody", ["nobody", "customer, us, vendor"]),
        ("ordering=cod", ["cod", "Did you mean code?", "-updated_at"]),
        ("ordering=code,number", ["code,number", "vendor"]),
        ("fields=code,descr", ["descr", "description"]),
        ("fields=code,", ["fields", "possible_reasons"]),
        ("page_size=0", ["page_size", "1 to 200"]),
        ("page_size=201", ["201", "1 to 200"]),
        ("page_size=ten", ["ten"]),
        ("page_size=٣", ["page_size"]),
        (f"page_size={BIG}", ["page_size", "1 to 200"]),
        (f"number_min={BIG}", ["number_min", "9223372036854775807"]),
        ("number_min=1.5", ["1.5"]),
        ("number_max=-9223372036854775808", ["number_max"]),
        ("updated_since=yesterday", ["yesterday", "2026-03-05T14:00:00Z"]),
        ("updated_since=2026-01-01", ["2026-01-01"]),
        ("updated_since=2026-01-01T00:00:00", ["zone"]),
        ("updated_since=2026-13-01T00:00:00Z", ["2026-13-01"]),
        ("updated_since=0001-01-01T00:00:00%2B14:00", ["0001-01-01"]),
        ("updated_since=9999-12-31T23:59:59-14:00", ["9999-12-31"]),
        ("text=a%00b", ["text", "NUL"]),
        ("table=a%00b", ["table", "NUL"]),
        ("code=%00", ["code", "NUL"]),
        ("a%00b=1", ["No parameter has this name"]),
        ("text=" + "x" * 81, ["text", "80"]),
        ("text=one two three four five six seven eight nine", ["8 words"]),
        ("text=%20", ["text", "1 to 8 words"]),
        ("code=" + "1" * 65, ["code", "65", "64"]),
        ("code__in=" + ",".join(["1"] * 101), ["code__in", "100 values"]),
        ("code__in=1,,2", ["code__in"]),
        ("&".join(["code=1"] * 101), ["code", "101 times", "100 values"]),
        ("retired=true&retired=false", ["retired", "more than once"]),
        ("description__contains=ab", ["ab", "too short", "at least 3 characters", "`text`"]),
        ("description__contains=%E6%88%BF%E9%97%B4", ["房间", "too short", "__words", "`text`"]),
        ("description__words=ab", ["ab", "too short", "3 letters"]),
        ("table__not=zim-serve", ["Did you mean zim-server?"]),
        ("section__not=Busines", ["Did you mean Business?"]),
        ("disposition__not=fix_reques", ["Did you mean fix_request?"]),
        ("description__contains=" + "x" * 1_001, ["1001", "1000"]),
        ("description__contain=room", ["Did you mean description__contains?"]),
        ("disposition__in=fix_request,fixme", ["fixme", "no_action"]),
        ("number__in=1,,2", ["1,,2"]),
        ("number__gte=x", ["number__gte"]),
        ("retired_at__after=2026-01-01", ["zone"]),
        ("version=-1", ["0 to"]),
        ("page_size=1&page_size=2", ["page_size", "more than once"]),
        ("updated_since=2026-01-01T00:00:00Z&updated_since=x", ["updated_since", "more than once"]),
    ],
)
def test_a_bad_parameter_is_refused_with_what_is_allowed(client, world, query, words):
    answer = client.get(f"/api/v1/codes/?{query}")
    assert answer.status_code == 400, answer.content
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert (body["status"], body["title"]) == (400, "Bad parameter")
    assert [word for word in words if word not in text_of(body)] == []
    (error,) = body["errors"]
    assert set(error) == {"parameter", "value", "message", "allowed", "nearest"}


@pytest.mark.parametrize(
    ("query", "nearest"),
    [
        ("updated_since=2026-3-5", "2026-03-05T00:00:00Z"),
        ("updated_since=2026-03-05", "2026-03-05T00:00:00Z"),
        ("updated_since=2026-03-05T14:00", "2026-03-05T14:00Z"),
        ("updated_since=2026/03/05%2014:00:10", "2026-03-05T14:00:10Z"),
        ("updated_since=2026-03-05T14:00:01X", None),
        ("updated_since=2026-03-35", None),
        ("updated_since=0001-01-01T00:00:00%2B14:00", None),
        ("updated_since=2026-03-05T14:00:00", "2026-03-05T14:00:00Z"),
        ("page_size=2000", None),
        ("page_size=1%20to%20200", None),
        ("code__in=1,,2", None),
        ("retired=tru", "true"),
        ("retired=Yes", "true"),
        ("has_notes=on", "true"),
        ("has_notes=no", "false"),
        ("has_notes=2", None),
        ("cursor=next", None),
        ("ordering=cod", "code"),
    ],
)
def test_the_nearest_value_is_a_correction_and_never_an_example(client, world, query, nearest):
    (error,) = client.get(f"/api/v1/codes/?{query}").json()["errors"]
    assert error["nearest"] == nearest
    if nearest:
        assert client.get(f"/api/v1/codes/?{query.partition('=')[0]}={nearest}").status_code == 200


@pytest.mark.parametrize(
    ("address", "name", "nearest"),
    [
        ("codes/?sort=code", "sort", "ordering"),
        ("codes/?limit=5", "limit", "page_size"),
        ("codes/?per_page=5", "per_page", "page_size"),
        ("codes/?search=room", "search", "text"),
        ("notes/?q=room", "q", "text"),
        ("notes/?query=room", "query", "text"),
        ("codes/?offset=50", "offset", "cursor"),
        ("codes/?page=2", "page", "cursor"),
        ("search/?query=room", "query", "q"),
        ("changes/?cursor=0", "cursor", "since"),
        ("codes/?cod=1", "cod", "code"),
    ],
)
def test_the_usual_name_of_another_api_is_corrected(client, address, name, nearest):
    errors = {error["parameter"]: error for error in client.get(f"/api/v1/{address}").json()["errors"]}
    assert errors[name]["nearest"] == nearest


def test_the_nearest_day_is_a_correction(client, agent):
    client.force_login(agent)
    for text, nearest in (("2026-3-5", "2026-03-05"), ("2026-03-05T14:00:00Z", "2026-03-05"), ("soon", None)):
        (error,) = client.get(f"/api/v1/notes/?review_on__before={text}").json()["errors"]
        assert error["nearest"] == nearest


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("tables/?vendor=&x=1", ["vendor", "x"]),
        ("tables/?audience=all", ["all", "internal, public"]),
        ("tables/zim-server/?code=1", ["code", "fields"]),
        ("codes/1/?fields=nots", ["nots", "notes"]),
        ("notes/?state=live", ["live", "not_validated"]),
        ("notes/?table=zim-serve", ["Did you mean zim-server?"]),
        ("notes/?code=1&table=zim-serve", ["Did you mean zim-server?"]),
        ("notes/?fields=notes", ["title"]),
        ("incidents/?state=closed", ["closed", "resolved"]),
        ("incidents/?open=yes", ["true, false"]),
        ("incidents/?started_since=soon", ["soon"]),
    ],
)
def test_every_endpoint_is_as_strict(client, world, address, words):
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 400, answer.content
    assert [word for word in words if word not in text_of(answer.json())] == []


def test_all_bad_parameters_are_in_one_error(client, world):
    body = client.get("/api/v1/codes/?cod=3&retired=perhaps&fixer=nobody&ordering=x&page_size=0&fields=y").json()
    parameters = {error["parameter"] for error in body["errors"]}
    assert parameters == {"cod", "retired", "fixer", "ordering", "page_size", "fields"}


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("description__contains=%E6%88%BF%E9%97%B4", ["description__words", "text"]),
        ("description__contains=ab", ["text"]),
        ("description__words=ab", ["text"]),
        ("description__contains=%E6%88%BF", []),
        ("description__words=%E6%88%BF", []),
        ("description__words=a-", []),
    ],
)
def test_the_advice_for_a_text_that_is_too_short_works(client, query, advice):
    make.code("1", description="AB: 房间 does not exist.")
    (error,) = client.get(f"/api/v1/codes/?{query}").json()["errors"]
    advised = [name for name in ("__words", "`text`") if any(name in allowed for allowed in error["allowed"])]
    assert advised == [{"description__words": "__words", "text": "`text`"}[name] for name in advice]
    for name in advice:
        answer = client.get("/api/v1/codes/", {name: error["value"]})
        assert (answer.status_code, len(answer.json()["results"])) == (200, 1)


@pytest.mark.parametrize("value", ["", "%20", None])
def test_a_parameter_that_is_required_is_not_to_be_left_out(client, value):
    (error,) = client.get(f"/api/v1/search/{f'?q={value}' if value is not None else ''}").json()["errors"]
    assert (error["parameter"], error["message"]) == ("q", "It is required.")


@pytest.mark.parametrize("name", ["review_on__isnull", "verify_since__after", "owner", "owner__not", "due"])
def test_a_filter_for_internal_readers_is_named_as_such(client, agent, name):
    (error,) = client.get(f"/api/v1/notes/?{name}=1").json()["errors"]
    assert error["message"] == "Only readers of internal notes may use this parameter."
    assert (error["parameter"], error["allowed"], error["nearest"]) == (name, [], None)
    client.force_login(agent)
    assert "Only readers" not in client.get(f"/api/v1/notes/?{name}=1").text


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("codes/99999/", "There is no return code 99999, or you may not read it."),
        ("notes/99999/?fields=title", "There is no troubleshooting note 99999, or you may not read it."),
        ("incidents/99999/", "There is no incident link 99999, or you may not read it."),
        ("tables/nope/", "There is no code table “nope”, or you may not read it."),
        (f"tables/{'x' * 200}/", f"There is no code table “{'x' * 100}”, or you may not read it."),
        ("tables/nope/export.csv", "There is no code table “nope”, or you may not read it."),
    ],
)
def test_what_is_not_there_is_named(client, importer, address, sentence):
    client.force_login(importer)
    answer = client.get(f"/api/v1/{address}")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (404, "not_found", sentence)


def test_a_row_for_others_and_no_row_have_the_same_sentence(client, hidden):
    for noun, key in hidden.items():
        missing = "nope" if noun == "tables" else 99999
        sentences = [client.get(f"/api/v1/{noun}/{one}/").json()["detail"] for one in (key, missing)]
        assert sentences[0].replace(str(key), "") == sentences[1].replace(str(missing), "")


def test_a_session_without_its_csrf_token_is_told_what_to_send(agent):
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)
    answer = client.post("/api/v1/lookup/", {"codes": ["1"]}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert "X-CSRFToken with the value of the cookie csrftoken" in answer.json()["detail"]


def test_a_code_that_is_too_long_is_told_in_the_same_words_by_filter_and_lookup(client):
    code = "1" * 70
    filtered = client.get("/api/v1/codes/", {"code": code}).json()["errors"]
    looked_up = client.post("/api/v1/lookup/", {"codes": [code]}, content_type="application/json").json()["errors"]
    assert [one["message"] for one in filtered + looked_up] == ["It is too long: 70 characters."] * 2
    assert [one["allowed"] for one in filtered + looked_up] == [["at most 64 characters"]] * 2


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ('{"codes": ["\u00e9"]}'.encode("latin-1"), "application/json", ["UTF-8", "byte 13 (0xE9)", "charset="]),
        ('{"codes": ["'.encode("utf-16-le") + b"\xd8", "application/json", ["UTF-16-LE", "byte 25"]),
    ],
)
def test_a_body_in_another_character_set_is_told_where_it_is_wrong(client, body, kind, words):
    answer = client.post("/api/v1/lookup/", body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    detail = answer.json()["detail"]
    assert [word for word in words if word not in detail] == []
    assert "codec" not in detail


def test_an_owner_without_notes_is_refused(client, agent, editor):
    make.note("Kept", make.code(), owner=editor)
    client.force_login(agent)
    body = client.get("/api/v1/notes/?owner=editr").json()
    assert body["errors"][0]["allowed"] == ["editor"]
    assert "Did you mean editor?" in body["detail"]


def test_a_long_list_of_allowed_values_starts_with_the_nearest(client):
    for n in range(120):
        make.table(f"table-{n:03d}")
    (error,) = client.get("/api/v1/codes/?table=tabel-059").json()["errors"]
    assert len(error["allowed"]) == 100
    assert error["allowed"][0] == error["nearest"] == "table-059"


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/api/v1/no/", 404),
        ("get", "/api/v2/", 404),
        ("get", "/api/v1/nothing/", 404),
        ("post", "/api/v1/nothing", 404),
        ("get", "/api/v1/no%0Athing", 404),
        ("get", "/api/v1/no%00thing/", 404),
        ("get", "/api/v1/codes/abc/", 404),
        ("get", "/api/v1/codes/999999999999999999/", 404),
        ("get", f"/api/v1/codes/{BIG}/", 404),
        ("get", "/api/v1/tables/%00/", 404),
        ("get", "/api/v1/codes/1/?what=x", 400),
        ("post", "/api/v1/codes/", 405),
        ("put", "/api/v1/codes/1/", 405),
        ("patch", "/api/v1/tables/zim-server/", 405),
        ("delete", "/api/v1/notes/1/", 405),
        ("trace", "/api/v1/notes/", 405),
        ("post", "/api/v1/schema/", 405),
        ("post", "/api/docs/", 405),
    ],
)
@pytest.mark.parametrize("person", [None, "agent"])
def test_every_error_has_one_shape(client, method, address, status, person):
    if person:
        client.force_login(make.user(person, person))
    answer = getattr(client, method)(address)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "code", "title", "status", "detail", "errors", "instance", "request_id"}
    assert body["status"] == status
    assert body["request_id"] == answer["X-Request-ID"]
    assert body["instance"] == answer.wsgi_request.get_full_path().partition("?")[0]


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "text/csv"])
def test_the_api_answers_with_json_only(client, accept):
    answer = client.get("/api/v1/codes/", headers={"accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_a_write_is_refused_before_authentication(client, settings):
    settings.KB_PUBLIC_READ = False
    answer = client.post("/api/v1/codes/", {"a": 1}, content_type="text/plain")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("address", ["/api/v1/codes/", "/api/v1/codes/1/", "/api/v1/notes/"])
def test_options_and_head_are_answered(client, address):
    make.code(pk=1)
    assert client.options(address).status_code == 200
    answer = client.head(address)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_missing_slash_is_added(client):
    answer = client.get("/api/v1/codes?code=1&code=2")
    assert (answer.status_code, answer["Location"]) == (301, "/api/v1/codes/?code=1&code=2")
    assert client.get("/api/docs")["Location"] == "/api/docs/"


def test_a_query_of_too_many_parts_is_a_bad_request(client):
    answer = client.get("/api/v1/codes/?" + "&".join(["code=1"] * 2_000))
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_of_django_has_the_same_shape(client, settings, debug, monkeypatch):
    settings.DEBUG = debug
    answer = client.get("/api/v1/codes/", headers={"host": "forged.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "forged" not in answer.content.decode()
    site = "http://127.0.0.1:8000" if debug else f"https://{settings.ALLOWED_HOSTS[0]}"
    assert answer.json()["type"] == f"{site}/api/problems/bad_request/"

    def fail(*args):
        raise RuntimeError("the secret of the traceback")

    monkeypatch.setattr("django.contrib.auth.middleware.get_user", fail)
    monkeypatch.setattr("kb.web.access.reader", lambda user: fail() if user.is_anonymous else None)
    client.raise_request_exception = False
    answer = client.get("/api/v1/codes/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in answer.content
    assert int(answer["Content-Length"]) == len(answer.content)


def test_pages_keep_their_own_errors(client):
    assert client.get("/nowhere/")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("debug", [True, False])
def test_a_failure_is_an_error_in_the_same_shape(client, monkeypatch, settings, debug):
    def fail(*args):
        raise RuntimeError("the secret of the traceback")

    settings.DEBUG = debug
    make.code("1")
    monkeypatch.setattr("kb.api.resources.code_answers.find_page", fail)
    client.raise_request_exception = False
    answer = client.get("/api/v1/codes/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"secret" not in answer.content
