"""The gate for requests with a body: what it answers when too many arrive, and which charsets it lets through."""

import io
import json
import random

import pytest
from django.utils.http import parse_header_parameters

from kb.api.framework.problems import too_busy
from kb.ops import bodies
from kb.ops.bodies import BodyGate
from tests.api.whole_site import environ_of


def send(path, content_type="text/plain", content_length="3", application=None):
    start, seen = [], []

    def inner(environ, start_response):
        seen.append((environ["CONTENT_TYPE"], bodies.charset_in(environ)))
        start_response("200 OK", [])
        return [b"read"]

    environ = environ_of(path, method="POST") | {"CONTENT_LENGTH": content_length, "CONTENT_TYPE": content_type}
    environ |= {"wsgi.input": io.BytesIO(b"abc"), "HTTP_X_REQUEST_ID": "mine"}
    body = b"".join(BodyGate(inner, too_busy)(environ, lambda status, headers: start.extend([status, dict(headers)])))
    return start[0], start[1], body, seen


@pytest.fixture
def full(monkeypatch):
    monkeypatch.setattr(bodies, "MAX_READING", 0)
    monkeypatch.setattr(bodies, "WAIT", 0)


def test_a_program_learns_that_the_server_is_too_busy_as_a_problem(full):
    status, headers, body, _ = send("/api/v1/lookup/")
    problem = json.loads(body)
    assert (status, headers["Content-Type"], headers["Retry-After"]) == (
        "503 Service Unavailable",
        "application/problem+json",
        "5",
    )
    assert (problem["code"], problem["status"], problem["request_id"]) == ("unavailable", 503, "mine")
    assert int(headers["Content-Length"]) == len(body)


def test_a_person_learns_it_as_a_sentence(full):
    _, headers, body, _ = send("/login/")
    assert (headers["Content-Type"], body.decode()) == ("text/plain; charset=utf-8", f"{bodies.BUSY}\n")


@pytest.mark.parametrize(
    ("content_type", "passed_on", "charset"),
    [
        ("text/plain; charset=utf-16le", "text/plain", "utf-16le"),
        ('Text/Plain;Charset="UTF-8"; format=flowed', 'text/plain; format="flowed"', "UTF-8"),
        ("text/plain; charset =rot13", "text/plain", "rot13"),
        ("text/plain; charset*=utf-8''zl%69b", "text/plain", "zlib"),
        ("text/plain; charset*0=id; charset*1=na", "text/plain", "idna"),
        ("text/plain; x*=klingon''%ff; charset=utf-8", "text/plain", "x*=klingon''%ff; charset=utf-8"),
        ('multipart/form-data; boundary="a;b"; charset=latin-1', 'multipart/form-data; boundary="a;b"', "latin-1"),
        ('multipart/form-data; boundary="a; charset=b"', 'multipart/form-data; boundary="a; charset=b"', ""),
        ("a/b; x*=a; x*0=b", "a/b", "x*=a; x*0=b"),
        ("a/b; x*0*=''; x*=c", "a/b", "x*0*=''; x*=c"),
        ("text/plain; charset=idna; y*z=1; boundary=b", 'text/plain; boundary="b"', "idna"),
        ("a/b; charset=a; x*=''%22%3bcharset=c" + r'; y="\\"', "a/b", "a"),
        ("text/plain", "text/plain", ""),
        ("", "", ""),
    ],
)
def test_django_sees_no_charset_and_parsers_do(content_type, passed_on, charset):
    assert send("/api/v1/detect/?a=%41", content_type)[3] == [(passed_on, charset)]


PARTS = ["", "*", "*0", "*1", "*0*"]
NAMES = [f"{name}{part}" for name in ("x", "charset", "boundary", "ch\xe4", "") for part in PARTS]
NAMES += ["x**", "x*²", "charset*99999999999", "x*-1", " x", "charset "]
VALUES = ["a", "utf-8''%ff", "klingon''a", "idna''%ff", "rot13''a", "\x00''a", "''%22%3bcharset=c"]
VALUES += ["'", "''", '"a', '"a;b"', "\\", r'"\\"', "", "<>", "%"]


def test_no_content_type_fails_in_the_gate_or_behind_it():
    chance = random.Random(1)
    for _ in range(5_000):
        parameters = (
            f"{chance.choice([';', '; ', ';;', ','])}{chance.choice(NAMES)}{chance.choice(['=', ' = ', ''])}"
            f"{chance.choice(VALUES)}"
            for _ in range(chance.randrange(6))
        )
        content_type = chance.choice(["a/b", "multipart/form-data", "", "a/b\x00"]) + "".join(parameters)
        ((passed_on, _),) = send("/api/v1/detect/", content_type)[3]
        assert not parse_header_parameters(passed_on)[1].get("charset"), content_type
