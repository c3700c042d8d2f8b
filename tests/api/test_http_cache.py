"""Conditional requests, and what an answer is stored for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.test import Client

from kb.api.framework.generation import generation
from kb.api.framework.http_cache import accepts_gzip, has_etag, last_modified
from kb.models import ChangeCounter, Door, ReturnCode, incarnations
from kb.models.visibility import Reader
from kb.services import tokens
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make
from tests.api.conftest import forget
from tests.api.whole_site import ask, is_from_memory, session_of

NOON = datetime(2026, 3, 3, 12, 0, 10, tzinfo=UTC)
LIST = "/api/v1/codes/"


@pytest.fixture
def quiet(caching, time_machine, look_anew):
    """A knowledge base in which nothing has changed for a while."""
    time_machine.move_to(NOON)
    look_anew()
    make.code("1", pk=1)
    time_machine.shift(timedelta(seconds=30))
    forget()
    return time_machine


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        ('W/"abc"', True),
        ('"abc"', True),
        ('"x", W/"abc"', True),
        ('"x","abc" , "y"', True),
        ('"xabc"', False),
        ('"abcx"', False),
        ('W/"abc', False),
        ("abc", False),
        ('"x\\"abc\\""', False),
        ("", False),
    ],
)
def test_etags_are_compared_whole(header, matches):
    assert has_etag('W/"abc"', {"HTTP_IF_NONE_MATCH": header}) == matches


@pytest.mark.parametrize("by_front", [True, False])
@pytest.mark.parametrize("path", [LIST, "/api/v1/codes/1/", "/api/v1/notes/", "/api/v1/search/?q=1"])
def test_conditional_requests_are_answered_with_304(quiet, by_front, path):
    def send(**headers):
        if by_front:
            answer = ask(path, **headers)
            return answer.status, answer.headers
        answer = Client().get(path, headers=headers)
        return answer.status_code, answer.headers

    send()
    status, first = send()
    etag, date = first["ETag"], first["Last-Modified"]
    assert status == 200
    assert send(if_none_match="*")[0] == 304
    assert send(if_none_match=f'"x", {etag}')[0] == 304
    assert send(if_none_match='"x"')[0] == 200
    assert send(if_modified_since=date)[0] == 304
    assert send(if_modified_since=date, if_none_match='"x"')[0] == 200, "the ETag decides"
    assert send(if_modified_since="Tue, 03 Mar 2026 23:00:00 GMT")[0] == 200, "a restored database is older"
    assert send(if_modified_since="nonsense")[0] == 200
    unchanged = send(if_modified_since=date)[1]
    assert unchanged["ETag"] == etag


@pytest.mark.parametrize("name", ["if_none_match", "if_modified_since"])
def test_what_does_not_exist_is_404_whatever_the_caller_has(quiet, name):
    header = {name: "*" if name == "if_none_match" else ask(LIST).headers["Last-Modified"]}
    assert ask("/api/v1/codes/77/", **header).status == 404
    assert ask(f"{LIST}?cod=1", **header).status == 400


def test_a_date_is_left_out_until_its_second_is_surely_over(caching, time_machine, look_anew):
    time_machine.move_to(NOON, tick=False)
    look_anew()
    code = make.code("1")
    edit_code(code, code.version, {"description": "Gone."}, By(make.user("editor", "editor"), Door.SHELL))
    forget()
    assert "Last-Modified" not in ask(LIST).headers
    assert "Last-Modified" not in ask(LIST).headers
    time_machine.shift(timedelta(seconds=3))
    answer = ask(LIST)
    assert (answer.headers["Last-Modified"], is_from_memory(path=LIST)) == ("Tue, 03 Mar 2026 12:00:10 GMT", True)


def test_the_date_is_that_of_the_day_or_of_the_first_look_if_nothing_changed_since(quiet, look_anew):
    quiet.move_to(datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    assert ask(LIST).headers["Last-Modified"] == "Wed, 04 Mar 2026 00:00:00 GMT"
    look_anew()
    assert "Last-Modified" not in ask(LIST).headers
    quiet.shift(timedelta(seconds=4))
    assert ask(LIST).headers["Last-Modified"] == "Wed, 04 Mar 2026 09:00:00 GMT"


READS = [f"{LIST}?page_size=2", "/api/v1/codes/1/", "/api/v1/search/?q=1", "/api/v1/changes/", "/api/v1/snapshot/"]


@pytest.mark.parametrize("path", [*READS, "/api/v1/", "/api/v1/snapshot/manifest/", "/changes/feed/"])
@pytest.mark.parametrize("door", ["token", "session"])
def test_a_date_calls_no_answer_to_other_rights_current(quiet, agent, path, door):
    """Who gets or loses rights has the date of an answer with other rows."""
    secret = tokens.create(agent, "bot", ["read_internal"], None)[1]
    inside = {"token": secret} if door == "token" else {"cookie": session_of(agent)}
    make.code("2", make.table("hidden", audience="internal"))
    quiet.shift(timedelta(seconds=30))
    forget()
    for first, second in (({}, inside), (inside, {})):
        answer = ask(path, **first)
        dates = {answer.headers.get(name) for name in ("Last-Modified", "Date")} - {None}
        for date in dates:
            # The second time from memory.
            assert [ask(path, if_modified_since=date, **second).status for _ in range(2)] == [200, 200]
    if path.startswith("/api/"):
        assert "Last-Modified" not in ask(path, **inside).headers
        assert ask(path, **inside, if_none_match=ask(path, **inside).headers["ETag"]).status == 304


@pytest.mark.parametrize("path", READS)
def test_who_reads_what_the_public_reads_may_send_its_date(quiet, path):
    secret = tokens.create(make.user("reader"), "bot", ["read_public"], None)[1]
    date = ask(path).headers["Last-Modified"]
    assert ask(path, token=secret).headers["Last-Modified"] == date
    assert ask(path, token=secret, if_modified_since=date).status == 304


def restore():
    incarnations.renew()


def promote_without_the_last_write():
    ChangeCounter.objects.update(last=F("last") - 1)


@pytest.mark.parametrize("replace", [restore, promote_without_the_last_write])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_date_from_before_a_restore_is_never_current(quiet, editor, look_anew, replace, is_known):
    """Both databases changed last before midnight, so that their dates would be that midnight."""
    code = ReturnCode.objects.get(pk=1)
    edit_code(code, code.version, {"description": "Lost."}, By(editor, Door.SHELL))
    quiet.move_to(datetime(2026, 3, 4, 9, 0, tzinfo=UTC))
    forget()
    date = ask(LIST).headers["Last-Modified"]
    assert (date, ask(LIST, if_modified_since=date).status) == ("Wed, 04 Mar 2026 00:00:00 GMT", 304)
    ReturnCode.objects.update(description="Restored.")
    replace()
    forget()
    if not is_known:
        look_anew()
    for seconds in (0, 60):
        quiet.shift(timedelta(seconds=seconds))
        assert ask(LIST, if_modified_since=date).status == 200
    later = ask(LIST).headers["Last-Modified"]
    assert (later > date, ask(LIST, if_modified_since=later).status) == (True, 304)


def test_a_site_with_replicas_has_no_dates(quiet, settings):
    now = generation()
    assert last_modified(now, Reader.PUBLIC) == ask(LIST).headers["Last-Modified"]
    settings.REPLICAS = ["replica1"]
    assert last_modified(now, Reader.PUBLIC) == ""


@pytest.mark.parametrize("date", ["", " "])
def test_an_empty_date_is_none(quiet, agent, date):
    assert ask("/api/v1/codes/1/", if_modified_since=date, cookie=session_of(agent)).status == 200
    assert ask("/api/v1/codes/1/", if_modified_since=date).status == 200


@pytest.mark.parametrize(
    ("header", "accepts"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("deflate, *;q=0", False),
        ("identity", False),
        ("x-gzip-not", False),
        ("", False),
    ],
)
def test_a_quality_of_zero_excludes_a_compression(header, accepts):
    assert accepts_gzip(header) == accepts


@pytest.mark.parametrize("path", [f"{LIST}?page_size=100", "/api/v1/snapshot/"])
def test_answers_are_compressed_only_for_who_takes_it(quiet, path):
    for n in range(10, 40):
        make.code(str(n), description="Room does not exist, or was closed.")
    assert ask(path, accept_encoding="gzip").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in ask(path, accept_encoding="gzip;q=0, identity").headers
