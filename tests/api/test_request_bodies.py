"""Request bodies: every character set that a sender names or that the first bytes prove."""

import io
import json

import pytest
from django.test import Client

from tests import make
from tests.api import whole_site

pytestmark = pytest.mark.django_db(transaction=True)
LOG = "10:02:11 login failed, code=660300001\r\n房间 error\r\n"


@pytest.fixture
def room():
    return make.code("660300001", description="Room does not exist.")


def detect(body, content_type):
    return Client().generic("POST", "/api/v1/detect/", body, content_type)


@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("utf-8", "text/plain"),
        ("utf-16", "text/plain"),
        ("utf-16-le", "text/plain"),
        ("utf-16-be", "text/plain"),
        ("utf-16-le", "text/plain; charset=utf-16le"),
        ("utf-16-be", 'text/plain; charset="UTF-16BE"'),
        ("utf-8-sig", "text/plain; charset=windows-1252"),
        ("gb18030", "text/plain; charset=gb18030"),
        ("gbk", "text/plain;charset=GBK"),
        ("utf-16", "application/json"),
    ],
)
def test_a_log_in_any_character_set_has_its_codes(room, charset, content_type):
    text = json.dumps({"text": LOG}, ensure_ascii=False) if "json" in content_type else LOG
    answer = detect(text.encode(charset), content_type)
    assert answer.status_code == 200
    (code,) = answer.json()["codes"]
    assert (code["query"], code["line"], LOG[slice(*code["spans"][0].values())]) == ("660300001", 1, "660300001")


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"a", "text/plain; charset=rot13", ["“rot13”", "utf-8"]),
        (b"{}", "application/json; charset=klingon", ["“klingon”"]),
        (b"ab\x00cd\x00\x00e" * 50, "text/plain", ["zero bytes", "UTF-8"]),
        (b"a", "text/html", ["text/html", "text/plain"]),
    ],
)
def test_a_body_that_cannot_be_read_is_415_in_words(body, content_type, words):
    answer = detect(body, content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert [word for word in words if word not in answer.json()["detail"]] == []


def send(path, charset, body=b"a", method="POST"):
    content = {"CONTENT_TYPE": f"text/plain; {charset}", "CONTENT_LENGTH": str(len(body))}
    return whole_site.ask(path, method=method, **content, **{"wsgi.input": io.BytesIO(body)})


def test_the_charset_of_the_body_is_not_that_of_the_address():
    answer = send("/api/v1/detect/?wh%61t=1", "charset=utf-16le")
    assert (answer.status, json.loads(answer.body)["errors"][0]["parameter"]) == (400, "what")


def test_a_charset_of_the_body_is_read_behind_the_gate(room):
    answer = send("/api/v1/detect/", "charset=utf-16le", LOG.encode("utf-16-le"))
    assert [code["query"] for code in json.loads(answer.body)["codes"]] == ["660300001"]


@pytest.mark.parametrize("path", ["/api/v1/detect/", "/api/v1/lookup/"])
@pytest.mark.parametrize(
    ("body", "parameter", "value"),
    [
        (b'{"\\ud800": 1}', "\\ud800", "1"),
        (b'{"a\\udfff": "\\ud800"}', "a\\udfff", "\\ud800"),
        (b'{"a": {"\\ud800": "\\ud801"}}', "a", '{"\\ud800": "\\ud801"}'),
        (b'{"%s": 1}' % (b"\\ud800" * 1000), "\\ud800" * 16 + "\\ud8", "1"),
    ],
)
def test_half_a_character_in_a_member_is_named(path, body, parameter, value):
    answer = Client().generic("POST", path, body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
    assert (parameter, value) in [(error["parameter"], error["value"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize("path", ["/api/v1/codes/", "/api/v1/schema/", "/api/docs/", "/login/", "/healthz", "/nowhere"])
def test_a_content_type_that_nobody_can_read_fails_no_address(path):
    answers = [whole_site.ask(path, CONTENT_TYPE=content_type) for content_type in ("", "a/b; x*=a; x*0=b")]
    assert {answer.status for answer in answers} == {404 if path == "/nowhere" else 200}
    assert "X-Content-Type-Options" in answers[1].headers


def test_a_content_type_that_nobody_can_read_is_refused_with_a_body():
    answer = send("/api/v1/detect/", "x*=a; x*0=b")
    assert (answer.status, json.loads(answer.body)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/api/v1/codes/", "/api/v1/schema/"])
def test_a_parameter_of_accept_that_nobody_can_read_is_left_out(path):
    assert whole_site.ask(path, accept="application/json; x*=a; x*0=b").status == 200


ODD = ["Charset=idna", "CHARSET=punycode", "charset =zlib", "charset*=idna''%ff", "x*=idna''%ff", "charset=rot13"]


@pytest.mark.parametrize("charset", ODD)
@pytest.mark.parametrize("path", ["/?q=%E6%88%BF", "/login/?next=%E6%88%BF", "/api/v1/search/?q=%E6%88%BF"])
def test_no_charset_makes_an_address_fail(room, path, charset):
    assert send(path, charset, b"", "GET").status == 200


@pytest.mark.parametrize("charset", ODD)
def test_an_odd_charset_of_a_body_is_415(charset):
    assert send("/api/v1/detect/?include=reply", charset).status == 415


@pytest.mark.parametrize("body", [b'{"text": "\xe9"}', b"\xff\xfe{", b"{", "[" * 100_000])
def test_broken_json_is_400_in_words(body):
    answer = detect(body, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"])
def test_a_lookup_reads_json_in_each_utf(room, charset):
    body = json.dumps({"codes": ["660300001"]}).encode(charset)
    answer = Client().post("/api/v1/lookup/", body, content_type="application/json")
    assert answer.json()["verdicts"][0]["verdict"] != "unknown"


def test_all_errors_of_a_body_are_named_at_once():
    make.table("zim-server")
    body = {"codes": ["1", "", None], "table": "zim-serve", "tabel": 1, "what": 2}
    answer = Client().post("/api/v1/lookup/", body, content_type="application/json")
    assert [error["parameter"] for error in answer.json()["errors"]] == [
        "tabel",
        "what",
        "codes[1]",
        "codes[2]",
        "table",
    ]
    answer = Client().post("/api/v1/detect/", {"txt": "a", "text": 1}, content_type="application/json")
    assert [error["parameter"] for error in answer.json()["errors"]] == ["txt", "text"]


def test_a_bad_value_of_a_body_is_repeated_as_json_and_a_missing_one_is_required(client):
    def errors(noun, **body):
        answer = client.post(f"/api/v1/{noun}/", body, content_type="application/json")
        return [(error["value"], error["message"]) for error in answer.json()["errors"]]

    assert [value for value, _ in errors("lookup", codes=[None, {"a": 1}, True])] == ["null", '{"a": 1}', "true"]
    assert errors("lookup") == errors("detect") == [("", "It is required.")]
    assert errors("lookup", codes=None) == [("null", "It is not a list of codes.")]
