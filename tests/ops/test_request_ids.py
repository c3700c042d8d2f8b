"""Every answer names its request, and so does every line of the log."""

import logging

import pytest

from kb.ops import request_ids

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("given", ["abc-123", "0af7651916cd43dd8448eb211c80319c", "1:2.3_4", "x" * 100])
def test_a_callers_own_id_comes_back(client, given):
    assert client.get("/api/v1/tables/", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 101, "-", '"', "é", "<script>"])
def test_an_id_that_could_forge_log_lines_is_replaced(client, given):
    made = client.get("/api/v1/tables/", headers={"X-Request-ID": given})["X-Request-ID"]
    assert len(made) == 32
    assert made != given


def test_two_requests_have_two_ids(client):
    assert client.get("/")["X-Request-ID"] != client.get("/")["X-Request-ID"]


@pytest.mark.parametrize("address", ["/nowhere/", "/api/nowhere/", "/admin/", "/static/nothing.js"])
def test_errors_and_redirects_have_an_id(client, address):
    assert client.get(address)["X-Request-ID"]


def test_an_answer_to_a_forged_host_has_an_id(client):
    assert client.get("/", headers={"host": "forged.example"})["X-Request-ID"]


def test_a_log_record_has_the_id_of_its_request(client):
    record = logging.makeLogRecord({"msg": "hello"})
    client.get("/", headers={"X-Request-ID": "abc-123"})
    assert request_ids.RequestIdFilter().filter(record)
    assert record.request_id == "abc-123"


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def trace_id(client):
    """Return what a log record has as its trace after a request with a `traceparent`."""

    def ask(header):
        client.get("/healthz", headers={"traceparent": header} if header else {})
        record = logging.makeLogRecord({"msg": "hello"})
        request_ids.RequestIdFilter().filter(record)
        return record.__dict__.get("trace_id")

    return ask


@pytest.mark.parametrize(
    "header", [f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-more"]
)
def test_a_log_record_has_the_trace_of_its_request(header, trace_id):
    assert trace_id(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}0-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-a\nb",
        f"00-{TRACE[:-1]}\u0661-{SPAN}-01",
        "",
    ],
)
def test_a_trace_that_is_not_valid_is_not_logged_and_the_last_one_does_not_stay(header, trace_id):
    assert trace_id(f"00-{TRACE}-{SPAN}-01") == TRACE
    assert trace_id(header) is None


def test_a_trace_is_sent_to_nobody(client):
    answer = client.get("/nothing/", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    assert TRACE not in str(answer.headers) + answer.text
