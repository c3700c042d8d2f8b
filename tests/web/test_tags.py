"""Template tags, and times in the reader's zone."""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from kb.queries.text_results import Knowledge
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


@pytest.mark.parametrize(
    ("zone", "at", "shown"),
    [
        ("Pacific/Honolulu", (1, 1, 1), "1-01-01 00:00 UTC"),
        ("Pacific/Kiritimati", (9999, 12, 31, 23), "9999-12-31 23:00 UTC"),
    ],
)
def test_the_first_and_the_last_possible_day_stay_as_they_are(zone, at, shown):
    with timezone.override(ZoneInfo(zone)):
        assert f">{shown}<" in codebook.moment(datetime.datetime(*at, tzinfo=datetime.UTC))


def test_a_moment_that_is_missing_is_empty():
    assert (codebook.moment(None), codebook.second(None), codebook.day(None)) == ("", "", "")


def test_a_second_has_its_seconds():
    at = datetime.datetime(2025, 7, 20, 22, 30, 59, tzinfo=datetime.UTC)
    assert "2025-07-20 22:30:59 UTC" in codebook.second(at)


@pytest.mark.parametrize(
    ("query", "values", "expected"),
    [
        ("", {"page": 2}, "?page=2"),
        ("q=a&page=1", {"page": 2}, "?q=a&page=2"),
        ("q=a&page=1", {"page": ""}, "?q=a"),
        ("page=1&page=3", {"page": 2}, "?page=2"),
        ("q=a%26b", {"section": "x"}, "?q=a%26b&section=x"),
    ],
)
def test_a_query_string_keeps_what_is_not_replaced(query, values, expected, rf):
    assert codebook.with_query({"request": rf.get(f"/?{query}")}, **values) == expected


@pytest.mark.parametrize(("length", "is_read"), [(63, True), (64, False)])
def test_a_cookie_that_is_too_long_is_not_read(length, is_read, monkeypatch):
    names = []
    monkeypatch.setattr("kb.web.time_zone.zoneinfo.ZoneInfo", names.append)
    _zone("x" * length)
    assert names == ["x" * length] * is_read


@pytest.mark.django_db
def test_pages_show_times_in_the_readers_zone(public, room):
    make.incident("Trouble", room, started_at="2025-07-20T08:00Z")
    public.cookies["zone"] = "Asia/Tokyo"
    response = public.get(room.get_absolute_url())
    assert "Since 2025-07-20 17:00 JST" in words(response)
    assert b"Times are in Asia/Tokyo." in response.content
    assert timezone.get_current_timezone_name() == "UTC", "the zone is the request's alone"


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


def test_tags_say_what_to_do_and_escape_what_they_do_not_know():
    code = make.ReturnCode(disposition="retry", fixer="customer")
    assert "Retired" not in codebook.tags(code)
    assert 'class="tag tag-retry"' in codebook.tags(code)
    assert "Fixed by: " in codebook.tags(code)
    code.retired_at = timezone.now()
    assert "Retired" in codebook.tags(code)
    assert "What to do: not decided" in codebook.tags(make.ReturnCode(disposition="unknown", fixer="unknown"))
    assert "<b>" not in codebook.tags(make.ReturnCode(disposition="<b>", fixer="<b>"))


def hostile(**fields):
    """Return a code whose every text has characters that HTML must escape."""
    table = make.CodeTable(slug="t", vendor="<V>", product="P&P", language='"en"')
    section = make.Section(table=table, name="<S>", slug="s")
    given = {"code": "<1>", "description": "<script>&", "disposition": "unknown", "fixer": "unknown"} | fields
    return make.ReturnCode(table=table, section=section, **given)


def test_a_place_is_vendor_product_and_section():
    code = hostile()
    assert codebook.place(code) == "&lt;V&gt; P&amp;P · &lt;S&gt;"
    code.section.name = ""
    assert codebook.place(code) == "&lt;V&gt; P&amp;P"


def test_a_near_code_is_a_link_with_its_words_cut_and_escaped():
    assert "<script>" not in codebook.near_code(hostile())
    shown = codebook.near_code(hostile(description="x" * 200, retired_at=timezone.now()))
    assert f">{'x' * 79}…</span>" in shown
    assert 'lang="&quot;en&quot;"' in shown
    assert "Retired" in shown


def test_suggestions_are_numbered_and_escaped():
    shown = codebook.options([(hostile(), Knowledge()), (hostile(description="", code="2"), Knowledge(True, True))])
    assert ('id="s1"' in shown, 'id="s2"' in shown, 'id="s3"' in shown) == (True, True, False)
    assert "No description" in shown
    assert not any(text in shown for text in ("<script>", "<1>", "<S>", 'lang=""en'))
    assert codebook.options([]) == ""


@pytest.mark.parametrize("is_debug", [True, False])
def test_a_fixed_part_is_rendered_once_but_anew_for_developers(is_debug, settings, monkeypatch):
    settings.DEBUG = is_debug
    codebook._rendered.cache_clear()
    rendered = []
    monkeypatch.setattr(codebook, "render_to_string", lambda name: rendered.append(name) or f"<p>{len(rendered)}</p>")
    shown = [codebook.fixed("kb/_keys.html") for _ in range(2)]
    assert shown == (["<p>1</p>", "<p>2</p>"] if is_debug else ["<p>1</p>"] * 2)
    codebook._rendered.cache_clear()
