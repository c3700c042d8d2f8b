"""oEmbed: links of public cards become cards in frames."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client

from kb.services.tokens import challenge
from tests import make

pytestmark = pytest.mark.django_db
SITE = "http://testserver"
CARD = f"{SITE}/codes/zim-server/public/660300001/"


@pytest.fixture(autouse=True)
def framed(settings):
    settings.KB_EMBED_ORIGINS = ["https://desk.example"]


def ask(client, url=CARD, **parameters):
    return client.get("/oembed", {"url": url} | parameters)


def test_a_card_becomes_a_frame(public, room):
    answer = ask(public)
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "version": "1.0",
        "type": "rich",
        "title": "660300001 – ZEGOCLOUD ZIM",
        "provider_name": "Codebook",
        "provider_url": f"{SITE}/",
        "cache_age": "3600",
        "width": 480,
        "height": 400,
        "html": f'<iframe src="{SITE}/embed/zim-server/660300001/" title="660300001 – ZEGOCLOUD ZIM"'
        ' width="480" height="400"></iframe>',
    }
    frame = public.get(re.search(r'src="http://testserver([^"]*)', answer.json()["html"])[1])
    assert b"Room does not exist." in frame.content


def test_a_card_names_the_address_that_embeds_it(public, agents, room):
    page = public.get(room.get_absolute_url()).content.decode()
    address = unescape(re.search(r'type="application/json\+oembed"[^>]*href="http://testserver([^"]*)"', page)[1])
    assert public.get(address).json()["title"] == "660300001 – ZEGOCLOUD ZIM"
    secret = make.code("5", make.table("secret", audience="internal"))
    assert "json+oembed" not in agents.get(secret.get_absolute_url()).content.decode()


@pytest.mark.parametrize("code", ["a/b", "50%", "a b#c?d&e", "节", '"><script>', ".."])
def test_every_code_can_be_embedded(code, public):
    card = make.code(code, description="Strange.")
    page = public.get(card.get_absolute_url()).content.decode()
    address = unescape(re.search(r'type="application/json\+oembed"[^>]*href="http://testserver([^"]*)"', page)[1])
    html = public.get(address).json()["html"]
    assert "<script" not in html
    frame = public.get(unescape(re.search(r'src="http://testserver([^"]*)', html)[1]))
    assert "Strange." in frame.content.decode()


def test_the_frame_fits_the_room_that_there_is(public, room):
    answer = ask(public, maxwidth="300", maxheight="9999").json()
    assert (answer["width"], answer["height"]) == (300, 400)
    assert 'width="300" height="400"' in answer["html"]


def test_where_no_site_may_frame_cards_the_answer_is_a_link(public, room, settings):
    settings.KB_EMBED_ORIGINS = []
    answer = ask(public).json()
    assert answer["type"] == "link"
    assert not {"html", "width", "height"} & answer.keys()


@pytest.mark.parametrize(
    ("parameters", "status", "words"),
    [
        ({"format": "xml"}, 501, "format: only json is available."),
        ({"format": "json"}, 200, ""),
        ({"url": ""}, 400, "url: which address of a card?"),
        ({"maxwidth": "wide"}, 400, "maxwidth: a number of pixels is allowed, 1 to 99999."),
        ({"maxheight": "0"}, 400, "maxheight: a number"),
        ({"maxheight": "-1"}, 400, "maxheight: a number"),
        ({"max": "1"}, 400, "“max” is no parameter here. Allowed: url, maxwidth, maxheight, format."),
        ({"url": f"{SITE}/codes/zim-server/660300001/"}, 200, ""),
        ({"url": "https://testserver/codes/zim-server/660300001/"}, 200, ""),
        ({"url": f"{SITE}/codes/zim-server/7/"}, 404, "there is no such card here, or it is not public."),
        ({"url": f"{SITE}/codes/nowhere/7/"}, 404, "no such card"),
        ({"url": f"{SITE}/codes/zim-server/nowhere/660300001/"}, 404, "no such card"),
        ({"url": f"{SITE}/notes/1/"}, 404, "no such card"),
        ({"url": f"{SITE}/nowhere/"}, 404, "no such card"),
        ({"url": "http://evil.example/codes/zim-server/660300001/"}, 404, "no such card"),
        ({"url": f"javascript://testserver{CARD}"}, 404, "no such card"),
        ({"url": "/codes/zim-server/660300001/"}, 404, "no such card"),
        ({"url": "http://[/codes"}, 404, "no such card"),
        ({"url": f"{SITE}/codes/zim-server/%00/"}, 404, "no such card"),
        ({"url": f"{SITE}/codes/zim-server/%00/1/"}, 404, "no such card"),
        ({"url": f"{SITE}/codes/zim-server/{quote('x' * 5000)}/"}, 404, "no such card"),
    ],
)
def test_every_question_has_the_status_of_the_specification(parameters, status, words, public, room):
    answer = public.get("/oembed", {"url": CARD} | parameters)
    assert (answer.status_code, words in answer.content.decode()) == (status, True)


def test_what_is_internal_looks_missing_to_everybody(public, agents, room):
    secret = make.code("5", make.table("secret", audience="internal"))
    missing = ask(public, f"{SITE}/codes/zim-server/nowhere/1/").content
    for client in (public, agents):
        answer = ask(client, f"{SITE}{secret.get_absolute_url()}")
        assert (answer.status_code, answer.content) == (404, missing)


def test_a_closed_site_answers_401_about_every_address(agents, room, settings):
    settings.KB_PUBLIC_READ = False
    for client in (Client(), agents):
        answers = [ask(client, url) for url in (CARD, f"{SITE}/codes/no/1/")]
        assert [(answer.status_code, answer["WWW-Authenticate"]) for answer in answers] == [(401, challenge())] * 2
    assert b"oEmbed is off: the public may not read this site." in ask(agents, CARD).content
