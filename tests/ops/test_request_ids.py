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
