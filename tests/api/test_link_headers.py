"""Lists link to their neighbours in a header, too."""

import json
import re

import pytest
from django.test import Client

from kb.api.framework.link_headers import links_in
from tests import make
from tests.api.whole_site import ask

pytestmark = pytest.mark.django_db
CODES, NOTES = "/api/v1/codes/?page_size=1", "/api/v1/notes/?page_size=1"
LISTS = [f"{CODES}&retired=false", f"{CODES}&text=room", NOTES]


def links(header):
    return {relation: address for address, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', header)}


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("by_front", [True, False])
def test_the_header_has_the_links_of_the_body_and_the_first_page(caching, address, by_front):
    for n in range(3):
        make.note(f"Room {n}", make.code(str(n), description="Room does not exist."))
    client, seen = Client(), 0
    while address:
        path = address.removeprefix("http://testserver")
        if by_front:
            ask(path)
            answer = ask(path)
            body, header = json.loads(answer.body), answer.headers.get("Link", "")
        else:
            answer = client.get(path)
            body, header = answer.json(), answer.headers.get("Link", "")
        related = links(header)
        assert (related.get("next"), related.get("prev")) == (body["next"], body["previous"])
        assert ("first" in related) == bool(body["previous"])
        assert "cursor" not in related.get("first", "")
        address, seen = body["next"], seen + len(body["results"])
    assert seen == 3


def test_answers_that_are_no_page_have_no_links():
    assert links_in(b'{"id":1,"code":"3"}') == ""
    assert links_in({"verdicts": []}) == ""
    assert links_in(b'{"next":null,"previous":null,"results":[]}') == ""
    code = make.code("1", pk=1)
    assert "Link" not in Client().get(f"/api/v1/codes/{code.pk}/")
