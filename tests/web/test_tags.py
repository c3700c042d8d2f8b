"""Template tags, and times in the reader's zone."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from kb.templatetags import codebook
from kb.text.safety.reply import fill
from kb.web.time_zone import _zone
from tests import make
from tests.web.page import words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        (None, ""),
        ("One.", "<p>One.</p>"),
        ("One.\nTwo.\n\nThree.", "<p>One.</p><p>Two.</p><p>Three.</p>"),
        ("- a\n* b\n• c", "<ul><li>a</li><li>b</li><li>c</li></ul>"),
        ("Do:\r\n- a\r\nThen.", "<p>Do:</p><ul><li>a</li></ul><p>Then.</p>"),
        ("-1000 is a code", "<p>-1000 is a code</p>"),
        ("- <b>&", "<ul><li>&lt;b&gt;&amp;</li></ul>"),
    ],
)
def test_lines(text, html):
    assert codebook.lines(text) == html


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "2025-07-20 22:30 UTC"),
        ("Europe/Berlin", "2025-07-21 00:30 CEST"),
        ("Asia/Kolkata", "2025-07-21 04:00 IST"),
        ("America/Sao_Paulo", "2025-07-20 19:30 UTC-03"),
    ],
)
def test_a_time_names_its_zone(zone, shown):
    at = datetime.datetime(2025, 7, 20, 22, 30, tzinfo=datetime.UTC)
    with timezone.override(ZoneInfo(zone)):
        assert codebook.moment(at) == f'<time datetime="2025-07-20T22:30:00+00:00">{shown}</time>'
        assert shown[:10] in codebook.day(at)


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "Europe", "x" * 100, "a\x00b", "é"]
)
def test_a_cookie_that_names_no_zone_is_ignored(name):
    assert _zone(name) is None


@pytest.mark.django_db
def test_pages_show_times_in_the_readers_zone(public, room):
    make.incident("Trouble", room, started_at="2025-07-20T08:00Z")
    public.cookies["zone"] = "Asia/Tokyo"
    response = public.get(room.get_absolute_url())
    assert "Since 2025-07-20 17:00 JST" in words(response)
    assert b"Times are in Asia/Tokyo." in response.content


@pytest.mark.parametrize(
    ("reply", "filled"),
    [
        ("{code} on {date}", "a{date}b on 2025-07-20"),
        ("{other} {0} {} {code.__class__}", "{other} {0} {} {code.__class__}"),
        ("", ""),
    ],
)
def test_a_reply_is_filled_in_and_other_braces_stay(reply, filled):
    assert fill(reply, "a{date}b", datetime.date(2025, 7, 20)) == filled
