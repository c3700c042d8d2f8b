"""The start of the API lists what there is."""

import pytest
from django.test import Client
from django.urls import resolve

from kb import VERSION
from tests import make
from tests.api.all_requests import operations

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/", "/api/v1/"])
def test_it_names_every_address_with_a_word(client, path):
    make.code("1", pk=1)
    answer = client.get(path)
    body = answer.json()
    assert (answer.status_code, body["version"]) == (200, VERSION)
    assert all(one["about"] for one in body["addresses"])
    paths = {one["url"].removeprefix("http://testserver") for one in body["addresses"]}
    described = {path for _, path, _ in operations() if "{id}" not in path and not path.endswith("{slug}/")}
    assert {path.replace("export.sqlite", "export.{ending}") for path in paths} == described
    for name in ("docs", "schema", "problems", "policy"):
        assert resolve(body[name].removeprefix("http://testserver")).url_name.startswith("api-")


def test_it_opens_to_who_may_read(settings, agent):
    settings.KB_PUBLIC_READ = False
    assert Client().get("/api/v1/").status_code == 401
    client = Client()
    client.force_login(agent)
    assert client.get("/api/v1/").status_code == 200
    assert client.get("/api/v1/?what=1").json()["code"] == "bad_parameter"
    assert client.put("/api/v1/").headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api", "/api/v1"])
def test_the_slash_is_added(client, path):
    assert client.get(path)["Location"] == f"{path}/"
